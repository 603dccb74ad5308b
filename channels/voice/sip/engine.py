"""The SIP stack of one process: baresip, driven from the event loop on which the channel lives.

Its C loop has a thread of its own and knows one `Runtime` per process; a stack that died cannot be started
again within the process. So voice has worker processes of its own, and one whose stack is dead ends itself
(`on_dead`): the supervisor starts another. A crash in C takes only that process with it, and what it was
calling becomes `unknown` by its lease.

A trap that `dial` works round: an answer may come before `dial()` of the library returns, and is then lost
to its `Call`, which waits for ever. So all events go through one listener of ours, which keeps those of
calls that it does not know yet.
"""

import asyncio
import logging
import os
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog
from baresip import (
    Account,
    BaresipError,
    CallState,
    Config,
    Event,
    RegistrationError,
    Runtime,
    StackEvent,
    UserAgent,
)
from baresip import Call as StackCall

from channels.voice.errors import NotDialledError
from channels.voice.reasons import CallReason
from dispatcher.core.voice_settings import CallerIdSettings, TrunkSettings, VoiceSettings

log = structlog.get_logger(__name__)

REGISTER_SECONDS: Final = 15.0
#: Runs of digits in the stack's own words may be telephone numbers: they are not logged (promise P10).
_NUMBER: Final = re.compile(r"\+?\d{5,}")

EventListener = Callable[[StackEvent], None]


@dataclass(frozen=True, slots=True)
class Dialling:
    """One INVITE: by which trunk and as whom, to what, with which headers, and who hears of its events."""

    trunk: TrunkSettings
    caller_id: CallerIdSettings
    number: str = field(repr=False)  #: as the trunk wants it
    listener: EventListener
    headers: Mapping[str, str] = field(default_factory=dict)


class Stack(Protocol):
    """What calls need of the SIP stack; `Engine` is it, tests have another."""

    async def dial(self, dialling: Dialling) -> StackCall:
        """Send the INVITE; raises `NotDialledError` when none left."""
        ...

    async def close(self) -> None:
        """End it; calls that still run are hung up."""
        ...

    @property
    def is_dead(self) -> bool:
        """Whether it died: nothing can be dialled in this process any more."""
        ...


class Engine:
    """The running stack, started with the first call. Everything but `is_dead` belongs to one event loop."""

    def __init__(
        self,
        settings: VoiceSettings,
        *,
        on_dead: Callable[[], None] | None = None,
        new_runtime: Callable[[], Runtime] = Runtime,
    ) -> None:
        self._settings = settings
        self._new_runtime = new_runtime
        self._on_dead = on_dead
        self._runtime: Runtime | None = None
        self._starting = asyncio.Lock()
        self._agents: dict[tuple[str, str], UserAgent] = {}
        self._registered: dict[str, UserAgent] = {}
        self._listeners: dict[int, EventListener] = {}
        self._early: defaultdict[int, list[StackEvent]] = defaultdict(list)
        self._dialling = 0
        self._refusing: set[asyncio.Future[None]] = set()
        self._is_dead = False

    @property
    def is_dead(self) -> bool:
        """See `Stack`. Safe in every thread."""
        return self._is_dead

    async def start(self) -> None:
        """Start the stack, once; raises `NotDialledError` when it does not run or runs no more."""
        async with self._starting:
            if self._is_dead:
                raise NotDialledError("the SIP stack has died: this process must end", CallReason.ENGINE_GONE)
            if self._runtime is not None:
                return
            runtime = self._new_runtime()
            runtime.on_dead = self._died
            _route_log()
            try:
                await runtime.start(_config(self._settings))
            except (BaresipError, OSError) as error:
                log.error("voice.stack_not_started", error=type(error).__name__)  # noqa: TRY400 - no text
                raise NotDialledError("the SIP stack does not start", CallReason.ENGINE_GONE) from error
            runtime.subscribe(self._hear)
            self._runtime = runtime

    async def dial(self, dialling: Dialling) -> StackCall:
        """See `Stack`. The listener hears every event of the call, also those that came too early."""
        await self.start()
        agent = await self._agent(dialling.trunk, dialling.caller_id)
        trunk = dialling.trunk
        uri = f"sip:{dialling.number}@{trunk.host}:{trunk.sip_port}"
        self._dialling += 1
        try:
            call = await agent.dial(uri, dict(dialling.headers))
        except (BaresipError, ValueError) as error:
            raise _not_dialled(error, trunk) from error
        finally:
            self._dialling -= 1
        self._listeners[call.handle] = dialling.listener
        for event in self._early.pop(call.handle, ()):
            self._deliver(call, event)
        if not self._dialling:
            self._early.clear()
        return call

    async def close(self) -> None:
        """End the stack; calls that still run are hung up by it."""
        runtime, self._runtime = self._runtime, None
        if runtime is None:
            return
        for agent in self._registered.values():
            with suppress(BaresipError):
                await agent.unregister(timeout=1.0)
        with suppress(BaresipError):
            await runtime.close()

    async def _agent(self, trunk: TrunkSettings, caller_id: CallerIdSettings) -> UserAgent:
        if trunk.registers and trunk.name not in self._registered:
            await self._register(trunk)
        user = caller_id.number if trunk.caller_id_in == "from" else trunk.username
        key = (trunk.name, user)
        if key not in self._agents:
            self._agents[key] = await self._create(trunk, user)
        return self._agents[key]

    async def _register(self, trunk: TrunkSettings) -> None:
        agent = await self._create(trunk, trunk.username, reg_interval=600)
        try:
            await agent.register(timeout=REGISTER_SECONDS)
        except (RegistrationError, BaresipError) as error:
            status = getattr(error, "status", None)
            reason = CallReason.TRUNK_UNREACHABLE if status is None else CallReason.LOGIN_REFUSED
            raise NotDialledError(
                f"trunk {trunk.name} refused the registration ({status or 'no answer'})", reason
            ) from error
        self._registered[trunk.name] = agent

    async def _create(self, trunk: TrunkSettings, user: str, *, reg_interval: int = 0) -> UserAgent:
        if self._runtime is None:
            raise NotDialledError("the SIP stack is closed", CallReason.ENGINE_GONE)
        account = Account(
            user=user,
            domain=f"{trunk.host}:{trunk.sip_port}",
            password=trunk.password.get_secret_value(),
            reg_interval=reg_interval,
            transport=trunk.transport,
            audio_codecs=tuple(trunk.codecs),
            auth_user=trunk.username or None,
            extra_params=_SRTP[trunk.srtp],
        )
        try:
            return await UserAgent.create(self._runtime, account)
        except BaresipError as error:
            raise _not_dialled(error, trunk) from error

    def _refuse(self, runtime: Runtime, event: StackEvent) -> None:
        """Nobody sits at this telephone: whoever calls it hears that it is busy."""
        call = StackCall(runtime, handle=event.call, ua_handle=event.ua, state=CallState.INCOMING)

        async def refuse() -> None:
            with suppress(BaresipError):
                await call.reject()

        task = asyncio.ensure_future(refuse())
        self._refusing.add(task)
        task.add_done_callback(self._refusing.discard)

    def _hear(self, event: StackEvent) -> None:
        # One listener for all: the library tells each listener of each event, and agents may be many.
        listener = self._listeners.get(event.call)
        if listener is not None:
            listener(event)
            if event.event is Event.CALL_CLOSED:
                del self._listeners[event.call]
        elif event.event is Event.CALL_INCOMING and self._runtime is not None:
            self._refuse(self._runtime, event)
        elif event.call and self._dialling:
            self._early[event.call].append(event)

    def _deliver(self, call: StackCall, event: StackEvent) -> None:
        # The library's own object missed it as well; what it missed at its end it would wait for, for ever.
        call._on_stack_event(event)
        self._hear(event)

    def _died(self) -> None:
        self._is_dead = True
        log.error("voice.stack_died")
        for handle, listener in list(self._listeners.items()):
            listener(StackEvent(Event.CALL_CLOSED, handle=handle, call=handle, text="the SIP stack died"))
        self._listeners.clear()
        if self._on_dead is not None:
            self._on_dead()


_SRTP: Final[Mapping[str, tuple[str, ...]]] = {
    "off": (),
    "offered": ("mediaenc=srtp",),
    "required": ("mediaenc=srtp-mand",),
}


def _config(settings: VoiceSettings) -> Config:
    first, last = settings.rtp_ports
    # Names are looked up as the machine does it: /etc/hosts and a container's own names count as well.
    lines = [f"rtp_ports {first}-{last}", "dns_getaddrinfo yes"]
    if any(trunk.transport == "tls" for trunk in settings.trunks):
        lines += ["sip_verify_server yes"]
        authorities = settings.ca_file or _machine_authorities()
        lines += [] if authorities is None else [f"sip_cafile {authorities}"]
    return Config(
        net_interface=settings.address or None,
        max_concurrent_calls=None,
        rtp_timeout=settings.rtp_timeout_seconds,
        extra_config_text="\n".join(lines) + "\n",
    )


def _machine_authorities() -> str | None:
    return next((path for path in _AUTHORITIES if os.path.exists(path)), None)  # noqa: PTH110 - plain strings


#: Where Linux distributions keep them; OpenSSL inside the wheel knows none of these places.
_AUTHORITIES: Final = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


def _not_dialled(error: Exception, trunk: TrunkSettings) -> NotDialledError:
    # Its words may hold the number: only the kind of error is passed on.
    return NotDialledError(
        f"trunk {trunk.name}: no call could be begun ({type(error).__name__})", CallReason.TRUNK_UNREACHABLE
    )


class _StackLog(logging.Handler):
    """The stack's words go into our log without numbers."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one line as an event of ours."""
        words = _NUMBER.sub("…", record.getMessage())[:300]
        log.log(record.levelno, "voice.stack_says", words=words)


def _route_log() -> None:
    logger = logging.getLogger("baresip")
    if not any(isinstance(handler, _StackLog) for handler in logger.handlers):
        logger.addHandler(_StackLog())
    logger.propagate = False
    logger.setLevel(logging.ERROR)
