"""A SIP stack made of a table: what each trunk answers to each number, at once."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from baresip import Event, StackEvent

from channels.voice.errors import NotDialledError
from channels.voice.sip.engine import Dialling
from dispatcher.core.voice_settings import TrunkSettings, VoiceSettings

ANSWER, RING, NOTHING = "answer", "ring", "nothing"


def trunk_of(**changes: Any) -> TrunkSettings:
    fields: dict[str, Any] = {
        "name": "main",
        "host": "127.0.0.1",
        "caller_ids": [{"number": "74950000000"}],
        "calls_per_second": 1000,
    }
    return TrunkSettings(**(fields | changes))


def voice_of(*trunks: TrunkSettings, **changes: Any) -> VoiceSettings:
    return VoiceSettings(trunks=list(trunks), **changes)


class MadeStack:
    """`answers`: trunk name → the text with which its calls close, or ANSWER, RING, NOTHING, or an error.

    A number in `answers` wins over the trunk's name.
    """

    def __init__(self, answers: Mapping[str, str | NotDialledError] | None = None) -> None:
        self.answers = dict(answers or {})
        self.dialled: list[tuple[str, str]] = []  #: trunk, number
        self.headers: list[Mapping[str, str]] = []
        self.calls: list[MadeStackCall] = []
        self.is_dead = False
        self.is_closed = False

    async def dial(self, dialling: Dialling) -> Any:
        answer = self.answers.get(dialling.number, self.answers.get(dialling.trunk.name, ANSWER))
        if isinstance(answer, NotDialledError):
            raise answer
        self.dialled.append((dialling.trunk.name, dialling.number))
        self.headers.append(dialling.headers)
        call = MadeStackCall(dialling, f"call-{len(self.dialled)}")
        self.calls.append(call)
        if answer in {ANSWER, RING}:
            call.say(Event.CALL_RINGING)
        if answer == ANSWER:
            call.say(Event.CALL_ESTABLISHED)
        elif answer not in {RING, NOTHING}:
            call.say(Event.CALL_CLOSED, answer)
        return call

    async def close(self) -> None:
        self.is_closed = True


class MadeStackCall:
    """The stack's side of a call: what is written is played at once."""

    def __init__(self, dialling: Dialling, call_id: str) -> None:
        self._listener = dialling.listener
        self._on_key: Any = None
        self.call_id = call_id
        self.is_hung_up = False
        self.audio = SimpleNamespace(
            info=lambda: SimpleNamespace(tx_buffered=0),
            write=len,
            flush_tx=lambda: None,
            read=lambda most: b"",
        )

    def say(self, event: Event, text: str | None = None) -> None:
        self._listener(StackEvent(event, text=text))

    def on_dtmf(self, callback: Any) -> None:
        self._on_key = callback

    def press(self, key: str) -> None:
        self._on_key(SimpleNamespace(digit=key))

    async def hangup(self) -> None:
        self.is_hung_up = True
        self.say(Event.CALL_CLOSED, "Rejected by user")
