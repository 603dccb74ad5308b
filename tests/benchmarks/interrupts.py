"""However a measurement is broken off, it ends in good order: processes, databases and files go."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class BrokenOffError(BaseException):
    """Raised in the main thread by the first SIGINT, SIGTERM or SIGHUP. Nobody catches it by accident."""


@contextmanager
def ending_in_good_order() -> Iterator[None]:
    """Turn the first signal into an exception, and ignore further ones while things are put away.

    Ends the program with 128 plus the signal's number, as a shell expects.
    """
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    received: list[int] = []

    def break_off(number: int, _frame: FrameType | None) -> None:
        if not received:
            received.append(number)
            raise BrokenOffError

    earlier = {number: signal.signal(number, break_off) for number in numbers}
    try:
        yield
    except BrokenOffError:
        raise SystemExit(128 + received[0]) from None
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
