"""What stays between the rounds: servers, sandbox and journal outside the killed tree, the lists.

The product itself is a real `dispatcher up` on configured servers, started as one process of ours, so that
its own supervisor has to bring the killed back. Every process of it carries a mark in its environment:
one that is alive and not below the current `up` is an orphan.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Self
from zoneinfo import ZoneInfo

import psutil
from pydantic import BaseModel, SecretStr
from sqlalchemy import text
from sqlalchemy.orm import Session

from campaigns.import_list import ImportRequest, import_list
from channels.port import ChannelKind
from channels.sandbox.journal import JournalEntry
from dispatcher.bootstrap import Application, open_application
from dispatcher.core.db import Database
from dispatcher.core.settings import (
    BounceListenerSettings,
    DeliverySettings,
    ImportSettings,
    ReturnsSettings,
    Settings,
    SmscSettings,
    SmsSettings,
    SmtpSettings,
    WebSettings,
    WorkerSettings,
)
from dispatcher.embedded.death_signal import for_child
from dispatcher.embedded.servers import EmbeddedServers
from dispatcher.migrations.migrate import migrate
from dispatcher.web.callbacks.paths import smsc_path
from tests.chaos.environment import environment_of
from tests.chaos.lists import LISTS, write_list
from tests.chaos.sandboxes import Sandbox
from tests.chaos.sandboxes import listens as _listens
from tests.chaos.wire import Wire
from tests.ports import reserve_port

MARK: Final = "DISPATCHER_CHAOS_MARK"
LEASE_SECONDS: Final = 5.0
IMPORT_LEASE_SECONDS: Final = 3.0  #: batches of an import take less than one
#: Where servers fall silent; shorter, and a starved sandbox would be taken for one of them.
SMTP_TIMEOUT_SECONDS: Final = 4.0
#: A question comes behind the request it is about, so that a starved SMSC still says what it took.
SMSC_TIMEOUT_SECONDS: Final = 2.5
#: Where nobody does: however starved, it answers in time.
PATIENT_SECONDS: Final = 60.0
READY_SECONDS: Final = 180.0  #: generous: a starved machine says nothing about the product
POLL_SECONDS: Final = 0.1

CHAOS_DELIVERY: Final = DeliverySettings(
    settle_seconds={"email": 1.0, "sms": 1.0},
    retry_seconds=[0.5, 1.0, 2.0],
    unknown_query_seconds=0.3,
    lease_seconds=LEASE_SECONDS,
    sweep_seconds=0.25,
    channel_pause_seconds=0.5,
    stop_seconds=8.0,
)
#: Everybody lives at one domain and many bounce by design: it would wait for staff in every round.
CHAOS_RETURNS: Final = ReturnsSettings(rise_floor=1_000_000)
#: What `up` runs beside its workers, and how many workers of each lane it runs.
ROLES: Final = {"web": 1, "scheduler": 1, "bounces": 1}
LANES: Final = {"bulk": 2, "urgent": 1}
SMSC: Final = "smsc"  #: the name of the account
#: At once by each worker: two of the bulk lane stay below the fifteen that the provider refuses, with room
#: for questions. Many of the numbers hold a request for tenths of a second or seconds, by design.
SMS_REQUESTS: Final = 6
CALLBACK_SECRET: Final = "a secret of callbacks for chaos only"


_LEAD: Final = text("SELECT 1 FROM scheduler_lease WHERE held_until > clock_timestamp()")


class Mail(StrEnum):
    """What stands on the provider's side of a house."""

    ONE = "one"  #: one mail server
    SILENT = "silent"  #: one that leaves some letters without an answer
    CUT = "cut"  #: one, behind a wire that can break
    CUT_CHUNKS = "cut, chunks"  #: the same, bodies go by BDAT
    TWO = "two"  #: two, of which the second may fail
    SMSC = "smsc"  #: SMSC in place of a mail server: short messages go out


class HouseError(Exception):
    """Raised when the house does not come up: nothing can be said about the product then."""


@dataclass
class House:
    """See the module's docstring; `open_house` makes it."""

    directory: Path
    servers: EmbeddedServers
    application: Application
    launcher: Sequence[str]
    sandboxes: Sequence[Sandbox]
    channel: ChannelKind = ChannelKind.EMAIL
    wire: Wire | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    mark: str = field(default_factory=lambda: os.urandom(8).hex())
    up: "subprocess.Popen[bytes] | None" = None
    extra: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """What the product is told."""
        return self.application.settings

    @property
    def roles(self) -> dict[str, int]:
        """What `up` runs, and how many of each."""
        return ROLES | {f"{self.channel}-{lane}": count for lane, count in LANES.items()}

    @property
    def bulk_workers(self) -> list[psutil.Process]:
        """The living workers of the bulk lane."""
        return self.find(f"{self.channel}-bulk")

    @property
    def reserve(self) -> Sandbox:
        """The mail server that may fail: there is another one."""
        _, reserve = self.sandboxes
        return reserve

    def start_product(self) -> None:
        """Start `dispatcher up` and wait until each of its processes is there."""
        self.up = self._spawn(self.launcher, "up.log")
        self.wait_until_whole()

    def wait_until_whole(self) -> None:
        """Wait until `up` runs one process of each kind and the bounce listener listens."""
        until = time.monotonic() + READY_SECONDS
        while self.missing_roles() or not _listens(self.settings.bounce_listener.port):
            if time.monotonic() > until or self.up is None or self.up.poll() is not None:
                raise HouseError(f"the product is not whole: {self.missing_roles()} missing")
            self.keep_servers()
            time.sleep(POLL_SECONDS)

    def wait_until_loaded(self) -> None:
        """Wait until a scheduler leads and the pages listen: the first round is no longer than the others."""
        until = time.monotonic() + READY_SECONDS
        while not (_listens(self.settings.web.port) and self.application.database.run(_is_led)):
            if time.monotonic() > until:
                raise HouseError("the product does not come up")
            time.sleep(POLL_SECONDS)

    def missing_roles(self) -> list[str]:
        """Which processes `up` should run and does not."""
        lines = [_arguments(process) for process in self.tree()]
        return [role for role, count in self.roles.items() if sum(role in line for line in lines) < count]

    def find(self, role: str) -> list[psutil.Process]:
        """The living processes of this role below `up`."""
        return [process for process in self.tree() if role in _arguments(process)]

    def workers(self) -> list[psutil.Process]:
        """Every worker process."""
        return [process for process in self.tree() if "--lane" in _arguments(process)]

    def tree(self) -> list[psutil.Process]:
        """All processes below `up`."""
        if self.up is None or self.up.poll() is not None:
            return []
        try:
            return psutil.Process(self.up.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def start_extra(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """One more process of the product, not below `up`."""
        process = self._spawn([sys.executable, "-m", "dispatcher", *arguments], "extra.log")
        self.extra.append(process)
        return process

    def end_extra(self) -> None:
        """End what `start_extra` started."""
        for process in self.extra:
            _end(process)
        self.extra.clear()

    def orphans(self) -> list[psutil.Process]:
        """Marked processes that belong neither to the current `up` nor to our extras."""
        known = {process.pid for process in self.tree()} | {process.pid for process in self.extra}
        if self.up is not None:
            known.add(self.up.pid)
        return [
            process
            for process in psutil.process_iter()
            if process.pid not in known and self._is_ours(process)
        ]

    def keep_servers(self) -> None:
        """Start PostgreSQL or Valkey again when they were killed."""
        self.servers.ensure_running()

    def stop_product(self) -> None:
        """SIGTERM to `up`, as systemd would."""
        self.end_extra()
        if self.up is not None:
            _end(self.up)
            self.up = None

    def journal_size(self) -> int:
        """How much the mail servers have noted, in bytes."""
        return sum(self.journal_marks().values())

    def journal_marks(self) -> dict[str, int]:
        """Where each journal ends now."""
        return {sandbox.name: sandbox.journal_size() for sandbox in self.sandboxes}

    def journal_since(self, marks: Mapping[str, int]) -> list[JournalEntry]:
        """What all mail servers have received since then."""
        return [entry for sandbox in self.sandboxes for entry in sandbox.journal_since(marks[sandbox.name])]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.Error, OSError):
            return False

    def _spawn(self, argv: Sequence[str], log: str) -> "subprocess.Popen[bytes]":
        with (self.directory / log).open("ab") as output:
            return subprocess.Popen(
                argv,
                env={**environment_of(self.application), MARK: self.mark},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=for_child(signal.SIGTERM),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_product()
        for process in self.orphans():
            process.kill()


@contextmanager
def open_house(
    directory: Path,
    notices: int,
    seed: int,
    launcher: Sequence[str] | None = None,
    mail: Mail = Mail.ONE,
    lists: Iterable[str] = LISTS,
) -> Iterator[House]:
    """Servers, sandboxes, these lists and the product, all running; everything is ended behind the block."""
    with ExitStack() as stack:
        servers = stack.enter_context(EmbeddedServers(directory / "servers"))
        bounce_port = reserve_port()
        sandboxes = [
            Sandbox(directory, name, bounce_port, seed)
            for name in (("main", "reserve") if mail is Mail.TWO else ("main",))
        ]
        wire = Wire(seed) if mail in (Mail.CUT, Mail.CUT_CHUNKS) else None
        if wire is not None:
            stack.callback(wire.close)
            wire.server_port = sandboxes[0].port
        providers = _providers(mail, sandboxes, wire)
        settings = _settings(directory, servers, providers, bounce_port)
        _migrate(servers)
        application = stack.enter_context(open_application(settings))
        if mail is Mail.SMSC:
            path = smsc_path(application.secret_key, SMSC)
            sandboxes[0].callback = (f"http://127.0.0.1:{settings.web.port}{path}", CALLBACK_SECRET)
        for kind in lists:
            _import(application, directory, kind, notices, seed)
        up = [sys.executable, "-m", "dispatcher", "up"]
        sizes = dict.fromkeys(lists, notices)
        house = stack.enter_context(
            House(
                directory,
                servers,
                application,
                launcher or up,
                sandboxes,
                ChannelKind.SMS if mail is Mail.SMSC else ChannelKind.EMAIL,
                wire,
                sizes,
            )
        )
        for sandbox in sandboxes:
            stack.callback(sandbox.end)
            sandbox.start()
        house.start_product()
        house.wait_until_loaded()
        yield house


def _is_led(session: Session) -> bool:
    return session.execute(_LEAD).first() is not None


def _providers(mail: Mail, sandboxes: Sequence[Sandbox], wire: Wire | None) -> dict[str, BaseModel]:
    """The settings of who takes our messages."""
    if mail is not Mail.SMSC:
        ports = [one.port for one in sandboxes] if wire is None else [wire.port]
        return {"smtp": _smtp(mail, ports)}
    account = SmscSettings(
        name=SMSC,
        hosts=[f"http://127.0.0.1:{sandboxes[0].sms_port}"],
        login="sandbox",
        password=SecretStr("sandbox"),
        callback_secret=SecretStr(CALLBACK_SECRET),
        timeout_seconds=SMSC_TIMEOUT_SECONDS,
        parallel_requests=SMS_REQUESTS,
        # The sandbox has taken a message or not before it breaks off: waiting longer would prove nothing.
        doubt_seconds=[0.1, 0.2],
    )
    return {"smtp": SmtpSettings(), "sms": SmsSettings(smsc=[account])}


def _smtp(mail: Mail, ports: Sequence[int]) -> SmtpSettings:
    common = {
        **{"host": "127.0.0.1", "security": "none"},
        "timeout_seconds": SMTP_TIMEOUT_SECONDS if mail in (Mail.SILENT, Mail.TWO) else PATIENT_SECONDS,
        "chunking": mail is Mail.CUT_CHUNKS,
    }
    first, *others = ports
    further = [
        {"name": f"reserve-{place}", "port": port, **common} for place, port in enumerate(others, start=1)
    ]
    return SmtpSettings.model_validate({"port": first, **common, "servers": further})


def _settings(
    directory: Path, servers: EmbeddedServers, providers: Mapping[str, BaseModel], bounce_port: int
) -> Settings:
    return Settings(
        database_url=SecretStr(servers.addresses.database_url),
        redis_url=SecretStr(servers.addresses.redis_url),
        secret_key=SecretStr("a secret key for chaos only"),
        data_directory=directory / "product",
        bounce_listener=BounceListenerSettings(port=bounce_port),
        web=WebSettings(port=reserve_port()),
        delivery=CHAOS_DELIVERY,
        workers=WorkerSettings(sms_bulk_processes=LANES["bulk"]),
        imports=ImportSettings(lease_seconds=IMPORT_LEASE_SECONDS),
        returns=CHAOS_RETURNS,
        **providers,  # type: ignore[arg-type] - by name
    )


def _migrate(servers: EmbeddedServers) -> None:
    database = Database(servers.addresses.database_url)
    migrate(database.engine)
    database.close()


def _import(application: Application, directory: Path, kind: str, notices: int, seed: int) -> None:
    path = directory / f"{kind}.csv"
    write_list(path, kind, notices, seed)
    request = ImportRequest(path, kind, default_zone=ZoneInfo("Europe/Moscow"))
    result = import_list(application.database, application.clock, request, actor="chaos")
    if result.recipients != notices:
        raise HouseError(f"the list {kind} has {result.recipients} recipients instead of {notices}")


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
