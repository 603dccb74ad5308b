"""Who answers in the sandbox: people who listen and press keys, machines, and those who say nothing."""

import asyncio
from functools import cache
from typing import Final

from channels.sandbox.call_numbers import CallDirective, Manner
from channels.sandbox.g711 import silence, tone, words
from channels.sandbox.sip_media import SoundLine

PAUSE_SECONDS: Final = 1.2  #: of the caller's silence, after which it is taken to wait for a key
LOOK_SECONDS: Final = 0.05
EARLY_SECONDS: Final = 1.0
MIDWAY_SECONDS: Final = 2.0
#: Long enough that nobody's "hello" is like it (domain 6.2: a greeting of a person ends within 1.5 s).
MACHINE_WORDS: Final = (0.4, 0.6, 0.5, 0.7, 0.5, 0.6, 0.8)
GONE_SECONDS: Final = 120.0  #: then the sandbox forgets the call
_LEAST_LOUD_FRAMES: Final = 10


@cache
def hello() -> bytes:
    """What a person says on taking a call."""
    return silence(0.2) + words((0.45,))


@cache
def machine_greeting() -> bytes:
    """What an answering machine says, and its tone."""
    return silence(0.3) + words(MACHINE_WORDS) + silence(0.4) + tone(1000, 0.6)


async def behave(line: SoundLine, directive: CallDirective) -> None:
    """Play the one who answered; returning means hanging up, so most wait to be cancelled."""
    match directive.manner:
        case Manner.LEAVES_EARLY:
            line.say(hello())
            await asyncio.sleep(EARLY_SECONDS)
            return
        case Manner.MACHINE:
            line.say(machine_greeting())
        case Manner.PATIENT | Manner.HANGS_UP | Manner.LEAVES_MIDWAY:
            await _listen_and_press(line, directive)
            if directive.manner is not Manner.PATIENT:
                return
        case Manner.GONE:
            await asyncio.sleep(GONE_SECONDS)
            return
        case Manner.QUIET | Manner.MUTE:
            pass
    await asyncio.Event().wait()


async def _listen_and_press(line: SoundLine, directive: CallDirective) -> None:
    line.say(hello())
    for keys in directive.keys:
        await _pause_of_caller(line)
        for key in keys:
            line.press(key)
    if directive.manner is Manner.LEAVES_MIDWAY:
        await asyncio.sleep(MIDWAY_SECONDS)
    if directive.manner is Manner.HANGS_UP:
        await _pause_of_caller(line)


async def _pause_of_caller(line: SoundLine) -> None:
    """Wait until the caller has said something more and then been silent for a while."""
    loop, before = asyncio.get_running_loop(), line.loud_frames
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        has_talked = line.loud_frames >= before + _LEAST_LOUD_FRAMES
        if has_talked and loop.time() - line.last_loud_at >= PAUSE_SECONDS:
            return
