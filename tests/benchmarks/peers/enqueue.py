"""`python enqueue.py celery|dramatiq`: reads lines "FIRST LAST", makes a task of each id."""

import sys
from collections.abc import Callable


def sender(name: str) -> Callable[[int], object]:
    if name == "celery":
        import celery_app

        return celery_app.send.delay
    import dramatiq_app

    return dramatiq_app.send.send


def main() -> None:
    enqueue = sender(sys.argv[1])
    print("ready", flush=True)
    for line in sys.stdin:
        first, last = map(int, line.split())
        for number in range(first, last + 1):
            enqueue(number)
        print("enqueued", flush=True)


if __name__ == "__main__":
    main()
