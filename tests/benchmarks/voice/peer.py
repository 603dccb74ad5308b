"""The far end of the benchmark's calls: the sandbox's answerer, which counts what it hears.

    python -m tests.benchmarks.voice.peer --core 1

Prints `{"port": …}` when calls may come, then, for each line on its standard input, what it heard since the
last one. A frame is starved when the caller's tone has a hole there, lost when it never came.
"""

import argparse
import asyncio
import json
import os
import sys
from typing import Any, Final

from channels.sandbox.sip_call import SandboxCall
from channels.sandbox.sip_server import SandboxSipServer, SipSandboxOptions

#: A number at which somebody answers who says and presses nothing.
QUIET_NUMBER: Final = "79992110001"
BUSY_NUMBER: Final = "79994860001"


def heard(calls: list[SandboxCall], frames_sent: int) -> dict[str, Any]:
    """What became of the tones: `frames_sent` is how many each call was to hear."""
    lines = [call.line for call in calls if call.line is not None and call.line.first_loud]
    spans = [line.last_loud - line.first_loud + 1 for line in lines]
    return {
        "calls": len(calls),
        "calls_with_sound": len(lines),
        "frames_heard": sum(line.loud_frames for line in lines),
        "frames_starved": sum(span - line.loud_frames for span, line in zip(spans, lines, strict=True)),
        "frames_lost": sum(max(0, frames_sent - span) for span in spans),
    }


async def serve() -> None:
    """Until the standard input ends."""
    server = SandboxSipServer(SipSandboxOptions(ring_seconds=0.0))
    await server.start()
    _say({"port": server.port})
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        _say(heard(list(server.calls), int(line)))
        server.calls.clear()
    await server.stop()


def _say(values: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--core", type=int, default=None)
    core = parser.parse_args().core
    if core is not None:
        os.sched_setaffinity(0, {core})
    asyncio.run(serve())
