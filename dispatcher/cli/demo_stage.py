"""What the demo stands on: servers of its own, the sandbox, and every process of the product."""

import json
import secrets
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, SecretStr
from sqlalchemy.orm import Session

from campaigns.import_list import ImportRequest
from campaigns.sample import sample_path, write_sample
from campaigns.service import CreatedCampaign, NewCampaign, create_campaign
from channels.port import ChannelKind
from dispatcher.bootstrap import Application
from dispatcher.cli.console import output
from dispatcher.cli.household import command, household_commands, own_household
from dispatcher.cli.lists import import_with_progress
from dispatcher.cli.processes import SANDBOX_SMS_CALLBACK, SANDBOX_SMS_SECRET
from dispatcher.cli.start import actor, read_settings
from dispatcher.cli.watch import watch_run
from dispatcher.core.call_settings import CALL_RETRIES, CallRetrySettings, CallSettings
from dispatcher.core.errors import DispatcherError
from dispatcher.core.settings import (
    BounceListenerSettings,
    DeliverySettings,
    ReturnsSettings,
    Settings,
    SmppSettings,
    SmscSettings,
    SmsSettings,
    SmtpSettings,
)
from dispatcher.core.staff import StaffRole, UnknownStaffError, add_staff, set_password
from dispatcher.core.voice_settings import CallerIdSettings, TrunkSettings, VoiceSettings
from dispatcher.embedded.ports import choose_port
from dispatcher.embedded.supervisor import Supervisor
from dispatcher.web.callbacks.paths import smsc_path

LOGIN: Final = "demo"
LIST_NAME: Final = "demo"
READY_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.1
WINDOW: Final = timedelta(hours=6)
#: The bundled list has no numbers that the sandbox knows. A call takes half a minute: not so many.
RECIPIENTS: Final = {ChannelKind.SMS: 200, ChannelKind.VOICE: 40}
SMSC: Final = "smsc"  #: the name of the demo's account
SMPP: Final = "operator"

#: Everybody lives at one domain and some bounce by design: a rise of refusals would wait for staff.
DEMO_RETURNS: Final = ReturnsSettings(rise_floor=1_000_000)
#: Short times, so that a demo ends in seconds. Settle: how long a bounce may take in the sandbox.
DEMO_DELIVERY: Final = DeliverySettings(
    settle_seconds={"email": 5.0, "sms": 60.0},
    retry_seconds=[1.0, 2.0, 4.0],
    unknown_query_seconds=2.0,
    lease_seconds=10.0,
    sweep_seconds=0.3,
    channel_pause_seconds=1.0,
    # A person is never called twice within a minute, and a demo is not to wait for hours: one call each.
    calls=CallSettings(retries=dict.fromkeys(CALL_RETRIES, CallRetrySettings())),
)


class SmsPlay(StrEnum):
    """Which provider of short messages the sandbox plays."""

    #: SMSC over HTTP
    SMSC = "smsc"
    #: an operator over SMPP
    SMPP = "smpp"


class DemoNotReadyError(DispatcherError):
    """Raised when a process of the demo does not come up."""


@dataclass(slots=True)
class DemoStage:
    """The running demo."""

    application: Application
    supervisor: Supervisor
    journal: Path
    folder: Path
    channel: ChannelKind
    sandbox_port: int  #: of the provider that the sandbox plays
    login: str = LOGIN
    password: str = field(default_factory=lambda: secrets.token_urlsafe(9), repr=False)
    run: UUID | None = None
    seconds: float = 0.0

    @property
    def run_url(self) -> str:
        """The page of the run."""
        web = self.application.settings.web
        return f"http://{web.host}:{web.port}/runs/{self.run}"

    def run_campaign(self, recipients: int | None) -> UUID:
        """Import, make the campaign, and show it until it is closed."""
        self._import(recipients)
        started = time.monotonic()
        created = self.application.database.run(self._create)
        self.run = created.run_id
        output.print(
            f"Панель: {self.run_url}  ({self.login} / {self.password})", highlight=False, markup=False
        )
        watch_run(self.application, created.run_id, follow=True, meanwhile=self.supervisor.poll)
        self.seconds = time.monotonic() - started
        return created.run_id

    def stay(self) -> None:
        """Keep everything running until Ctrl-C."""
        try:
            while True:
                self.supervisor.poll()
                time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            output.print("Завершаем…")

    def _import(self, recipients: int | None) -> None:
        path = sample_path()
        if recipients is not None or self.channel in RECIPIENTS:
            path = self.folder / "recipients.csv"
            write_sample(path, recipients or RECIPIENTS[self.channel], fates=self._fates())
        zone = ZoneInfo(self.application.settings.time_zone)
        request = ImportRequest(path, LIST_NAME, default_zone=zone)
        result = import_with_progress(self.application, request, show=True)
        output.print(
            f"Список: получателей {result.recipients}, отклонено строк {result.rejected},"
            f" замечаний {result.problems}",
            highlight=False,
        )

    def _fates(self) -> Literal["smsc", "smpp", "calls"] | None:
        """For whom the numbers of the list are chosen."""
        match self.channel:
            case ChannelKind.EMAIL:
                return None
            case ChannelKind.SMS:
                return "smpp" if self.application.settings.sms.smpp else "smsc"
            case ChannelKind.VOICE:
                return "calls"

    def _create(self, session: Session) -> CreatedCampaign:
        now = self.application.clock.refresh(session)
        # The profile `always`: the demo must work at night and on Sundays.
        wanted = NewCampaign(
            "Демонстрация: напоминание о задолженности",
            "debt_reminder",
            LIST_NAME,
            starts_at=now,
            ends_at=now + WINDOW,
            policy_profile="always",
            channels=(self.channel,),
        )
        return create_campaign(
            session,
            wanted,
            delivery=self.application.settings.delivery,
            calendar=self.application.calendar.read(session),
            actor=actor(),
            now=now,
        )

    def prepare_staff(self) -> None:
        """One person who may sign in, with a password made for this demo."""

        def prepare(session: Session) -> None:
            now = self.application.clock.refresh(session)
            try:
                set_password(session, login=self.login, password=self.password, actor="system", now=now)
            except UnknownStaffError:
                add_staff(
                    session,
                    login=self.login,
                    full_name="Демонстрация",
                    role=StaffRole.ADMINISTRATOR,
                    password=self.password,
                    actor="system",
                    now=now,
                )

        self.application.database.run(prepare)

    def wait_until_ready(self) -> None:
        """Wait for the sandbox and the pages; raises `DemoNotReadyError`."""
        settings = self.application.settings
        until = time.monotonic() + READY_SECONDS
        ports = [self.sandbox_port, settings.bounce_listener.port]
        while not (all(map(_listens, ports)) and _is_healthy(settings)):
            if time.monotonic() > until:
                log = self.folder / "log" / "dispatcher.log"
                raise DemoNotReadyError(f"the demo did not come up within a minute; its log: {log}")
            self.supervisor.poll()
            time.sleep(POLL_SECONDS)


@contextmanager
def open_stage(
    channel: ChannelKind = ChannelKind.EMAIL, provider: SmsPlay = SmsPlay.SMSC
) -> Iterator[DemoStage]:
    """Start everything; stop everything at the end, whatever happened."""
    base = read_settings(quiet=True)
    folder = base.data_directory / "demo"
    port = choose_port()
    sms = _sms_settings(provider, port) if channel is ChannelKind.SMS else SmsSettings()
    settings = _demo_settings(base, folder, channel, port, sms)
    journal = folder / "sandbox-journal.jsonl"
    with own_household(settings) as household:
        journal.unlink(missing_ok=True)
        application = household.application
        environment = _environment(application.child_environment(), settings)
        sandbox = command(
            "sandbox",
            "sandbox",
            *_sandbox_arguments(settings, journal, port),
            environment={**environment, **_callback_environment(settings, application.secret_key)},
        )
        supervisor = Supervisor(
            [sandbox, *household_commands(application, environment)],
            log_path=folder / "log" / "dispatcher.log",
            tick=household.keep_servers,
        )
        stage = DemoStage(application, supervisor, journal, folder, channel, port)
        stage.prepare_staff()
        with supervisor:
            stage.wait_until_ready()
            yield stage


def _demo_settings(
    base: Settings, folder: Path, channel: ChannelKind, port: int, sms: SmsSettings
) -> Settings:
    """Servers of its own even where others are configured: made-up people have no place among real ones."""
    web_port = choose_port(base.web.port)
    return base.model_copy(
        update={
            "data_directory": folder,
            "database_url": None,
            "redis_url": None,
            "smtp": SmtpSettings(host="127.0.0.1", port=port, security="none")
            if channel is ChannelKind.EMAIL
            else SmtpSettings(),
            "sms": sms,
            "voice": _voice_settings(port) if channel is ChannelKind.VOICE else VoiceSettings(),
            "bounce_listener": BounceListenerSettings(port=choose_port()),
            "web": base.web.model_copy(
                update={"port": web_port, "public_url": f"http://{base.web.host}:{web_port}"}
            ),
            "delivery": DEMO_DELIVERY,
            "returns": DEMO_RETURNS,
        }
    )


def _sms_settings(provider: SmsPlay, port: int) -> SmsSettings:
    price = Decimal("3.50")
    if provider is SmsPlay.SMPP:
        operator = SmppSettings(
            name=SMPP,
            hosts=[f"127.0.0.1:{port}"],
            system_id="sandbox",
            password=SecretStr("sandbox"),
            sender="Energo",
            can_query=True,
            sends_attempt_name=True,
        )
        return SmsSettings(smpp=[operator], price_per_part=price)
    account = SmscSettings(
        name=SMSC,
        hosts=[f"http://127.0.0.1:{port}"],
        login="sandbox",
        password=SecretStr("sandbox"),
        callback_secret=SecretStr(secrets.token_urlsafe(16)),
    )
    return SmsSettings(smsc=[account], price_per_part=price)


def _voice_settings(port: int) -> VoiceSettings:
    shown = CallerIdSettings(
        number="+74951234567", label="Энергосбыт", operator="Песочница", contract="1 от 01.11.2026"
    )
    trunk = TrunkSettings(
        name="sandbox", host="127.0.0.1", port=port, caller_ids=[shown], lines=60, calls_per_second=10
    )
    return VoiceSettings(trunks=[trunk], address="127.0.0.1")


def _callback_environment(settings: Settings, secret_key: bytes) -> dict[str, str]:
    """Where the sandbox's SMSC calls back, as staff would enter it in a real account."""
    found = {}
    for account in settings.sms.smsc:
        found[SANDBOX_SMS_CALLBACK] = settings.web.public_url + smsc_path(secret_key, account.name)
        found[SANDBOX_SMS_SECRET] = (account.callback_secret or SecretStr("")).get_secret_value()
    return found


def _with_secrets(part: BaseModel) -> str:
    """A part as JSON for a process of ours; `model_dump_json` would write stars for secrets."""
    return json.dumps(part.model_dump(), default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return sorted(value) if isinstance(value, frozenset) else str(value)


def _environment(inherited: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """The environment of the demo's processes: each part of the settings as one JSON value.

    What the environment says about single fields of these parts goes: it would win over the parts. Empty
    fields are written too, so that nothing of them comes from a `.env` beside the demo.
    """
    parts = {
        "DISPATCHER_SMTP": settings.smtp,
        "DISPATCHER_SMS": settings.sms,
        "DISPATCHER_VOICE": settings.voice,
        "DISPATCHER_BOUNCE_LISTENER": settings.bounce_listener,
        "DISPATCHER_WEB": settings.web,
        "DISPATCHER_DELIVERY": settings.delivery,
        "DISPATCHER_RETURNS": settings.returns,
    }
    fields = tuple(f"{part}__" for part in parts)
    kept = {name: value for name, value in inherited.items() if not name.startswith(fields)}
    values = {name: _with_secrets(part) for name, part in parts.items()}
    return {**kept, **values, "DISPATCHER_DATA_DIRECTORY": str(settings.data_directory)}


def _sandbox_arguments(settings: Settings, journal: Path, port: int) -> list[str]:
    sms = settings.sms
    played = {"--sms-port": sms.smsc, "--smpp-port": sms.smpp, "--sip-port": settings.voice.trunks}
    play = next((option for option, accounts in played.items() if accounts), None)
    return [
        *("--port", str(port if play is None else choose_port())),
        *("--journal", str(journal)),
        *("--bounce-port", str(settings.bounce_listener.port)),
        *(() if play is None else (play, str(port))),
    ]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_healthy(settings: Settings) -> bool:
    url = f"http://{settings.web.host}:{settings.web.port}/health"
    try:
        with urllib.request.urlopen(url, timeout=2.0) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
