"""A telephone made of a table, and a speaker quick or slow: what the channel of calls is tried with."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from channels.port import Health
from channels.voice.channel import Sounds, VoiceChannel
from channels.voice.errors import NotDialledError, SpeechError
from channels.voice.reasons import CallReason
from channels.voice.result import AnsweredBy, CallResult, Signalling
from channels.voice.script import CallScript, Counts, Say
from channels.voice.sound import Phrase, Sound, Spoken
from channels.voice.telephone import Call, CallRequest
from dispatcher.core.voice_settings import VoiceSettings

FACT = Phrase("Ваш долг одна тысяча рублей.")
SCRIPT = CallScript((Say((Phrase("Здравствуйте."),)), Say((FACT,), is_fact=True)))
SLOW_SECONDS = 0.2


class MadeSpeaker:
    """Each phrase lasts 0.1 s. `silent` phrases yield nothing."""

    def __init__(self, *, seconds: float = 0.0, silent: frozenset[str] = frozenset()) -> None:
        self._seconds = seconds
        self._silent = silent
        self.spoken: list[Phrase] = []
        self.is_closed = False

    async def close(self) -> None:
        self.is_closed = True

    async def speak(self, phrases: Sequence[Phrase]) -> Sequence[Spoken]:
        await asyncio.sleep(self._seconds)
        if any(phrase.text in self._silent for phrase in phrases):
            raise SpeechError("a phrase yields no sound")
        self.spoken += phrases
        return [Spoken(Sound(bytes(1600)), digest_of(phrase)) for phrase in phrases]


def digest_of(phrase: Phrase) -> str:
    return hashlib.sha256(phrase.text.encode()).hexdigest()


class MadeTalk:
    """One answered call. It talks until it is hung up, or for `seconds` of a dialogue."""

    def __init__(self, telephone: "MadeTelephone", seconds: float, recording: bytes | None) -> None:
        self._telephone = telephone
        self._recording = recording
        self._over = asyncio.Event()
        self.seconds = seconds
        self.hang_ups = 0

    async def play(self, sound: Sound) -> float:
        return sound.seconds

    def stop_playing(self) -> None: ...

    async def key(self, wait_seconds: float) -> str | None:
        return None

    async def listen(self, wait_seconds: float) -> Sound | None:
        return None

    async def transfer(self, number: str) -> bool:
        return False

    async def hang_up(self) -> None:
        self.hang_ups += 1
        if not self.is_over:
            self._over.set()
            self._telephone.busy -= 1

    async def until_over(self) -> None:
        """Until somebody hangs up, or its time is over."""
        try:
            await asyncio.wait_for(self._over.wait(), self.seconds)
        except TimeoutError:
            return

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def signalling(self) -> Signalling:
        return Signalling(200, trunk="main", caller_id="74950000000", call_id="abc", talk_seconds=1.5)

    def recording(self) -> bytes | None:
        return self._recording


class MadeTelephone:
    """`answers`: number → how the call fails, or a number of seconds that an answered one lasts."""

    def __init__(
        self,
        answers: Mapping[str, Signalling | CallReason | float] | None = None,
        *,
        lines: int = 10,
        recording: bytes | None = None,
    ) -> None:
        self.answers = dict(answers or {})
        self.requests: list[CallRequest] = []
        self.talks: list[MadeTalk] = []
        self.busy = 0
        self.is_stopped = self.is_closed = False
        self._lines = lines
        self._recording = recording

    async def call(self, request: CallRequest) -> MadeTalk | Signalling:
        while self.busy >= self._lines and not self.is_stopped and request.is_wanted():
            await asyncio.sleep(0.005)
        if self.is_stopped or not request.is_wanted():
            raise NotDialledError("stopped", CallReason.STOPPED)
        self.requests.append(request)
        answer = self.answers.get(request.number, 0.0)
        if isinstance(answer, CallReason):
            raise NotDialledError("not dialled", answer)
        if isinstance(answer, Signalling):
            return answer
        self.busy += 1
        self.talks.append(MadeTalk(self, answer, self._recording))
        return self.talks[-1]

    def free_lines(self) -> int:
        return self._lines - self.busy

    def busy_lines(self) -> int:
        return self.busy

    def stop_starting(self) -> None:
        self.is_stopped = True

    async def healthy(self) -> Health:
        return Health(ok=True)

    async def close(self) -> None:
        self.is_closed = True


def needed_phrases(script: CallScript) -> Sequence[Phrase]:
    return tuple(phrase for part in script.parts for phrase in part.phrases)


def hold_with(**result: Any) -> Any:
    """A dialogue that takes the call's time and ends with this result."""

    async def hold(call: Call, script: CallScript, sounds: Sounds) -> CallResult:
        assert isinstance(call, MadeTalk)
        await call.until_over()
        fields: dict[str, Any] = {
            "signalling": call.signalling(),
            "answered_by": AnsweredBy.HUMAN,
            "reached": Counts.HEARD,
            "prompts": tuple(sounds[phrase].digest for phrase in needed_phrases(script)),
        }
        return CallResult(**(fields | result))

    return hold


def channel_of(
    telephone: MadeTelephone, *, speaker: MadeSpeaker | None = None, hold: Any = None, **voice: Any
) -> VoiceChannel:
    return VoiceChannel(
        VoiceSettings(**voice),
        telephone,
        speaker or MadeSpeaker(),
        needed=needed_phrases,
        hold=hold or hold_with(),
    )
