"""Telephones that we did not write: SIPp, and Debian's baresip. And what their sound is judged by."""

import asyncio
import math
import shutil
import struct
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from channels.voice.sound import RATE, Sound
from tests.peers import need
from tests.ports import is_bound_by_udp, reserve_port

READY_SECONDS = 60  #: a starved machine says nothing about a telephone
CALLED = "79161234567"
#: Where Debian keeps the packets of keys, recorded with payload type 101.
SIPP_FILES = Path("/usr/share/sip-tester")


def sine(hertz: float, seconds: float, level: int = 12_000) -> Sound:
    count = int(RATE * seconds)
    return Sound(
        struct.pack(
            f"<{count}h", *(int(level * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(count))
        )
    )


@dataclass(frozen=True)
class Judgement:
    """What a stretch of sound is: its loud part in seconds, the pitch and level of that."""

    seconds: float
    hertz: float
    level: float


def judge_sound(samples: bytes) -> Judgement:
    """Frames of 20 ms louder than a whisper are the loud part; its pitch comes from zero crossings."""
    values = struct.unpack(f"<{len(samples) // 2}h", samples)
    frames = [values[at : at + RATE // 50] for at in range(0, len(values), RATE // 50)]
    loud = [frame for frame in frames if _level(frame) > 300]
    flat = [value for frame in loud[2:-2] for value in frame]
    crossings = sum(1 for one, two in pairwise(flat) if one < 0 <= two)
    return Judgement(len(loud) / 50, crossings / (len(flat) / RATE) if flat else 0.0, _level(flat))


def _level(values: Sequence[int]) -> float:
    return math.sqrt(sum(value * value for value in values) / len(values)) if values else 0.0


@asynccontextmanager
async def sipp(directory: Path, steps: str, *more: str) -> AsyncIterator[int]:
    """SIPp answering calls by a scenario of these steps; yields its port."""
    need(shutil.which("sipp") is not None, "SIPp (package sip-tester)")
    scenario, port = directory / "scenario.xml", reserve_port()
    scenario.write_text(f'<?xml version="1.0" encoding="UTF-8"?><scenario name="answerer">{steps}</scenario>')
    command = ("sipp", "-sf", str(scenario), "-i", "127.0.0.1", "-p", str(port), "-mp", str(reserve_port()))
    process = await asyncio.create_subprocess_exec(
        *command,
        *("-nostdin", "-m", "100", *more),
        cwd=directory,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _until_bound(port, process)
        yield port
    finally:
        await _end(process)


@asynccontextmanager
async def baresip(directory: Path, *, account: str = "", more: str = "") -> AsyncIterator[int]:
    """Debian's baresip, which answers, says back what it hears and keeps what it heard as WAV files."""
    need(shutil.which("baresip") is not None, "baresip (package baresip)")
    port = reserve_port(neighbours=1)  # which TLS takes
    (directory / "config").write_text(
        f"sip_listen 127.0.0.1:{port}\nnet_interface 127.0.0.1\naudio_player aubridge,a\n"
        "audio_source aubridge,a\naudio_alert aubridge,b\nausrc_srate 8000\nauplay_srate 8000\n"
        "module_path /usr/lib/baresip/modules\nmodule g711.so\nmodule aubridge.so\nmodule sndfile.so\n"
        f"module srtp.so\nmodule_tmp account.so\nmodule_app menu.so\nsnd_path {directory}\n{more}"
    )
    (directory / "accounts").write_text(
        f"<sip:{CALLED}@127.0.0.1:{port}>;regint=0;answermode=auto;audio_codecs=pcma{account}\n"
    )
    (directory / "contacts").touch()
    process = await asyncio.create_subprocess_exec(
        *("baresip", "-f", str(directory)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _until_bound(port, process)
        yield port
    finally:
        await _end(process)


def heard_by_baresip(directory: Path) -> bytes:
    (file,) = directory.glob("dump-*-dec.wav")
    with wave.open(str(file)) as reader:
        return reader.readframes(reader.getnframes())


async def _until_bound(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while not is_bound_by_udp(port):
            assert process.returncode is None, f"it ended at once, with {process.returncode}"
            await asyncio.sleep(0.05)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()


def response(line: str, *headers: str, sdp: bool = False) -> str:
    """One answer in a scenario of SIPp."""
    body = (
        "v=0\no=u 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=audio [media_port] RTP/AVP 8 101\na=rtpmap:8 PCMA/8000\na=rtpmap:101 telephone-event/8000\n"
        "a=fmtp:101 0-15\n"
        if sdp
        else ""
    )
    kind = "Content-Type: application/sdp\n" if sdp else ""
    more = "".join(f"{header}\n" for header in headers)
    return (
        f"<send><![CDATA[\nSIP/2.0 {line}\n[last_Via:]\n[last_From:]\n[last_To:];tag=[call_number]\n"
        f"[last_Call-ID:]\n[last_CSeq:]\nContact: <sip:[local_ip]:[local_port];transport=[transport]>\n"
        f"{more}{kind}Content-Length: [len]\n\n{body}]]></send>"
    )


INVITE, ACK, BYE = (f'<recv request="{method}" crlf="true"/>' for method in ("INVITE", "ACK", "BYE"))
