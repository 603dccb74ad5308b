"""The traps of the SIP stack: answers that come too early, its death, its words about numbers."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import structlog
from baresip import Config, Event, StackEvent
from baresip._native import lib

from channels.voice.errors import NotDialledError
from channels.voice.reasons import CallReason
from channels.voice.sip.engine import Dialling, Engine
from dispatcher.core.voice_settings import CallerIdSettings
from tests.unit.channels.voice.made_stack import trunk_of, voice_of

CALL = 7


def run(case: Coroutine[Any, Any, None]) -> None:
    asyncio.run(case)


class MadeRuntime:
    """The library's runtime without its stack; `before_answer` is done before a dialling is confirmed."""

    def __init__(self, *, before_answer: Callable[["MadeRuntime"], None] = lambda _: None) -> None:
        self._before_answer = before_answer
        self.listeners: list[Any] = []
        self.config: Config | None = None
        self.commands: list[tuple[int, Any]] = []
        self.draining = False
        self.on_dead: Any = None
        self.is_closed = False

    async def start(self, config: Config) -> None:
        self.config = config

    async def close(self) -> None:
        self.is_closed = True

    def subscribe(self, listener: Any) -> None:
        self.listeners.append(listener)

    def unsubscribe(self, listener: Any) -> None:
        self.listeners.remove(listener)

    async def cmd(self, command: int, *, args: Any = None, timeout: float | None = None) -> Any:
        self.commands.append((command, args))
        if command == lib.BP_CMD_UA_CONNECT:
            self._before_answer(self)
            await asyncio.sleep(0)
        return 0, json.dumps({"handle": CALL}).encode()

    def say(self, event: Event, text: str | None = None, call: int = CALL) -> None:
        for listener in list(self.listeners):
            listener(StackEvent(event, handle=call, call=call, text=text))


def dialling(heard: list[Event], **trunk: Any) -> Dialling:
    return Dialling(
        trunk_of(**trunk),
        CallerIdSettings(number="74950000000"),
        "79161234567",
        lambda event: heard.append(event.event),
        {"X-Attempt": "n202611-0"},
    )


def engine_of(runtime: MadeRuntime, **changes: Any) -> Engine:
    fields: dict[str, Any] = {"new_runtime": lambda: runtime} | changes
    return Engine(voice_of(trunk_of()), **fields)


class TestDial:
    def test_an_answer_before_the_call_is_known_is_heard(self) -> None:
        def refuse(runtime: MadeRuntime) -> None:
            runtime.say(Event.CALL_RINGING)
            runtime.say(Event.CALL_CLOSED, "486 Busy Here")

        async def case() -> None:
            heard: list[Event] = []
            runtime = MadeRuntime(before_answer=refuse)
            await engine_of(runtime).dial(dialling(heard))
            assert heard == [Event.CALL_RINGING, Event.CALL_CLOSED]
            assert len(runtime.listeners) == 1  # ours; that of the call itself has gone

        run(case())

    def test_a_later_answer_is_heard_once(self) -> None:
        async def case() -> None:
            heard: list[Event] = []
            runtime = MadeRuntime()
            await engine_of(runtime).dial(dialling(heard))
            runtime.say(Event.CALL_ESTABLISHED)
            runtime.say(Event.CALL_ESTABLISHED, call=99)
            runtime.say(Event.CALL_CLOSED)
            runtime.say(Event.CALL_CLOSED)
            assert heard == [Event.CALL_ESTABLISHED, Event.CALL_CLOSED]

        run(case())

    def test_the_stack_is_told_what_it_needs(self) -> None:
        async def case() -> None:
            runtime = MadeRuntime()
            await engine_of(runtime).dial(dialling([], username="login", transport="tcp", port=5080))
            assert runtime.config is not None
            assert runtime.config.max_concurrent_calls is None
            assert runtime.config.rtp_timeout == 20
            account, call = (
                next(args for command, args in runtime.commands if command == wanted)
                for wanted in (lib.BP_CMD_UA_ALLOC, lib.BP_CMD_UA_CONNECT)
            )
            assert account.startswith("<sip:74950000000@127.0.0.1:5080;transport=tcp>")
            assert "auth_user=login" in account
            assert "regint=0" in account
            assert call.splitlines() == [
                f"{CALL} 0 sip:79161234567@127.0.0.1:5080",
                "X-Attempt: n202611-0",
            ]

        run(case())

    def test_a_stack_that_does_not_start_has_dialled_nothing(self) -> None:
        class Broken(MadeRuntime):
            async def start(self, config: Config) -> None:
                raise OSError("no such device")

        async def case() -> None:
            with pytest.raises(NotDialledError) as raised:
                await engine_of(Broken()).dial(dialling([]))
            assert raised.value.reason is CallReason.ENGINE_GONE

        run(case())


class TestIncoming:
    def test_whoever_calls_us_hears_that_it_is_busy(self) -> None:
        async def case() -> None:
            runtime = MadeRuntime()
            await engine_of(runtime).start()
            runtime.say(Event.CALL_INCOMING, call=55)
            await asyncio.sleep(0)
            assert runtime.commands == [(lib.BP_CMD_CALL_REJECT, "55")]

        run(case())


class TestDeath:
    def test_running_calls_end_the_process_is_told_and_nothing_is_dialled_any_more(self) -> None:
        async def case() -> None:
            heard: list[Event] = []
            told: list[str] = []
            runtime = MadeRuntime()
            engine = engine_of(runtime, on_dead=lambda: told.append("dead"))
            await engine.dial(dialling(heard))
            runtime.on_dead()
            assert engine.is_dead
            assert heard == [Event.CALL_CLOSED]
            assert told == ["dead"]
            with pytest.raises(NotDialledError) as raised:
                await engine.dial(dialling([]))
            assert raised.value.reason is CallReason.ENGINE_GONE

        run(case())


class TestLog:
    def test_the_stacks_words_hold_no_numbers(self) -> None:
        async def case() -> None:
            await engine_of(MadeRuntime()).start()
            with structlog.testing.capture_logs() as lines:
                logging.getLogger("baresip.native").error("sip:+79161234567@10.0.0.1: session closed 486")
                logging.getLogger("baresip.call").warning("nothing worth a line")
            assert [line["words"] for line in lines] == ["sip:…@10.0.0.1: session closed 486"]

        run(case())
