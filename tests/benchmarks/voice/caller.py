"""The product's side of the benchmark's calls: its telephone, in a process of its own, on one core.

    python -m tests.benchmarks.voice.caller load --port 5078 --calls 80 --seconds 60 --core 0

Prints one line of JSON. `load`: calls at once, each playing a tone; `setup`: calls begun and ended as fast as
they go; `endure`: the same with the process's memory at each tenth.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import psutil

from channels.sandbox.g711 import tone
from channels.voice.errors import NotDialledError
from channels.voice.result import Signalling
from channels.voice.sip.engine import Engine
from channels.voice.sip.telephone import SipTelephone
from channels.voice.sound import Sound
from channels.voice.telephone import Call, CallRequest
from dispatcher.core.voice_settings import CallerIdSettings, TrunkSettings, VoiceSettings

LINES: Final = 100
TONE_HERTZ: Final = 440
SAMPLES: Final = 10  #: of the memory


def settings_for(port: int) -> VoiceSettings:
    """One trunk on this machine, with no limit of its own."""
    trunk = TrunkSettings(
        name="bench",
        host="127.0.0.1",
        port=port,
        caller_ids=[CallerIdSettings(number="74951234567")],
        lines=LINES,
        calls_per_second=1000,
    )
    return VoiceSettings(trunks=[trunk], address="127.0.0.1", lines_per_process=LINES)


class Caller:
    """Begins calls and counts how they went."""

    def __init__(self, telephone: SipTelephone, number: str) -> None:
        self._telephone = telephone
        self._number = number
        self._begun = 0
        self.answered = 0
        self.failed = 0

    async def call(self) -> Call | None:
        """One call, or None where it was not answered."""
        self._begun += 1
        try:
            call = await self._telephone.call(CallRequest(self._number, f"bench-{self._begun}"))
        except NotDialledError:
            call = Signalling(0)
        if isinstance(call, Signalling):
            self.failed += 1
            return None
        self.answered += 1
        return call

    async def load(self, calls: int, seconds: float) -> dict[str, Any]:
        """So many calls at once, all talking for so long."""
        begun = [one for one in await asyncio.gather(*(self.call() for _ in range(calls))) if one]
        sound = Sound(tone(TONE_HERTZ, seconds))
        cpu, at = time.process_time(), time.monotonic()
        played = await asyncio.gather(*(call.play(sound) for call in begun))
        spent, lasted = time.process_time() - cpu, time.monotonic() - at
        await asyncio.gather(*(call.hang_up() for call in begun))
        return {
            "seconds_played": round(sum(played), 2),
            "core_share": round(spent / lasted, 3),
            "core_share_per_call": round(spent / lasted / max(1, len(begun)), 5),
        }

    async def setup(self, calls: int, at_once: int) -> dict[str, Any]:
        """So many calls, ended as soon as they are answered."""
        memory: list[float] = []
        process, left = psutil.Process(), calls

        async def work() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                if left % max(1, calls // SAMPLES) == 0:
                    memory.append(round(process.memory_info().rss / (1 << 20), 1))
                one = await self.call()
                if one is not None:
                    await one.hang_up()

        cpu, at = time.process_time(), time.monotonic()
        await asyncio.gather(*(work() for _ in range(at_once)))
        lasted = time.monotonic() - at
        return {
            "calls_per_second": round(calls / lasted, 1),
            "cpu_ms_per_call": round(1000 * (time.process_time() - cpu) / calls, 2),
            "memory_mb": memory,
        }


async def run(port: int, number: str, work: Callable[[Caller], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """The work with a telephone of its own; all of it ends with it."""
    settings = settings_for(port)
    telephone = SipTelephone(settings, Engine(settings))
    caller = Caller(telephone, number)
    try:
        measured = await work(caller)
    finally:
        await telephone.close()
    peak_mb = round(psutil.Process().memory_info().rss / (1 << 20), 1)
    return {"answered": caller.answered, "failed": caller.failed, **measured, "rss_mb": peak_mb}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=["load", "setup"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--number", required=True)
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--core", type=int, default=None)
    wanted = parser.parse_args()
    if wanted.core is not None:
        os.sched_setaffinity(0, {wanted.core})

    def work(caller: Caller) -> Awaitable[dict[str, Any]]:
        if wanted.mode == "load":
            return caller.load(wanted.calls, wanted.seconds)
        return caller.setup(wanted.calls, wanted.at_once)

    print(json.dumps(asyncio.run(run(wanted.port, wanted.number, work))))


if __name__ == "__main__":
    main()
