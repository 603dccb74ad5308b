"""The composition root: builds every object from the settings and hands it on. Nothing else reads settings.

with open_application(Settings()) as application: ...

What a function builds is imported in it: a short command must not pay for the modules of a worker, nor a
worker for those of a command. `tests/architecture/test_loading.py` holds what may be loaded by whom.
"""

import os
import secrets
import signal
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy.engine import Engine

from channels.port import Channel, ChannelKind
from consent.calendar_table import CalendarTable
from consent.confirmations import ConfirmationTokens
from consent.erased import FACT as ERASED_FACT
from consent.erased import AddressHashes
from consent.errors import BadConsentError
from consent.unsubscribe import UnsubscribeTokens
from dispatcher.core.clock import Clock
from dispatcher.core.db import SECRET_KEYS_FACT, Database
from dispatcher.core.errors import ConfigurationError
from dispatcher.core.settings import Settings, SmsSettings
from dispatcher.migrations.current import is_current

if TYPE_CHECKING:
    from channels.registry import ChannelRegistry
    from channels.sms.provider import SmsProvider
    from channels.sms.quotes import SmsQuotes
    from channels.voice.speech.reading import ScriptReader
    from channels.voice.speech.speaker import PhraseSpeaker
    from dispatcher.delivery.bills.urls import UrlRules
    from dispatcher.delivery.bills.worker import BillWorker
    from dispatcher.delivery.lane import LaneWorker
    from dispatcher.delivery.outcomes import Sealing
    from dispatcher.delivery.render import Renderer

SECRET_BYTES: Final = 32
LEAST_SECRET_BYTES: Final = 16
SPEECH_DIRECTORY: Final = "speech"  #: of the data directory: what was spoken before, for everybody
SECRET_FILE: Final = "secret.key"  # noqa: S105 - a file name, not a secret


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where PostgreSQL and Redis are."""

    database_url: str
    redis_url: str


@dataclass(frozen=True, slots=True)
class Application:
    """What every process of the product shares."""

    settings: Settings
    addresses: Addresses
    database: Database
    clock: Clock
    calendar: CalendarTable
    tokens: UnsubscribeTokens
    secret_key: bytes
    former_keys: tuple[bytes, ...] = ()  #: what they signed is still read

    def child_environment(self) -> dict[str, str]:
        """The environment for processes that this one starts: they find the same servers and key."""
        return {
            **os.environ,
            "DISPATCHER_DATABASE_URL": self.addresses.database_url,
            "DISPATCHER_REDIS_URL": self.addresses.redis_url,
            "DISPATCHER_SECRET_KEY": self.secret_key.decode(),
        }


@contextmanager
def open_application(settings: Settings, *, check_schema: bool = True) -> Iterator[Application]:
    """Build the application on the configured servers, or on the embedded ones where none are configured.

    Embedded servers that `dispatcher up` runs are used; else they run for as long as the block does, and
    their schema is brought up to date. Raises `ConfigurationError` when only one of the two addresses is
    set, or when the configured database's schema is old.
    """
    check_both_or_neither(settings)
    if settings.database_url is not None and settings.redis_url is not None:
        addresses = Addresses(settings.database_url.get_secret_value(), settings.redis_url.get_secret_value())
        with open_on(settings, addresses) as application:
            if check_schema and not is_current(application.database.engine):
                raise ConfigurationError("the database schema is not up to date: run `dispatcher migrate`")
            yield application
        return
    from dispatcher.embedded.servers import borrowed_or_started

    with (
        borrowed_or_started(settings.data_directory) as servers,
        open_on(settings, Addresses(servers.database_url, servers.redis_url)) as application,
    ):
        bring_up_to_date(application.database.engine)
        yield application


def bring_up_to_date(engine: Engine) -> None:
    """Apply the migrations that are missing, if any are."""
    if not is_current(engine):
        from dispatcher.migrations.migrate import migrate

        migrate(engine)


def check_both_or_neither(settings: Settings) -> None:
    """Refuse half a configuration, which would leave one of the two servers unused without a word."""
    if (settings.database_url is None) != (settings.redis_url is None):
        raise ConfigurationError(
            "set both DISPATCHER_DATABASE_URL and DISPATCHER_REDIS_URL, or neither: then both are embedded"
        )


@contextmanager
def open_on(settings: Settings, addresses: Addresses) -> Iterator[Application]:
    """Build the application on servers that are known to be there; their schema is the caller's matter."""
    secret_key, former_keys = load_secret_key(settings), read_former_keys(settings)
    database = Database(
        addresses.database_url,
        pooled=settings.database_pooled,
        facts={
            ERASED_FACT: AddressHashes(secret_key, former_keys),
            SECRET_KEYS_FACT: (secret_key, *former_keys),
        },
    )
    try:
        yield Application(
            settings=settings,
            addresses=addresses,
            database=database,
            clock=Clock(may_move=settings.allow_clock_moves),
            calendar=CalendarTable(settings.country),
            tokens=UnsubscribeTokens(secret_key, former_keys),
            secret_key=secret_key,
            former_keys=former_keys,
        )
    finally:
        database.close()


def load_secret_key(settings: Settings) -> bytes:
    """The key that signs links: configured, or made once and kept in the data directory (mode 0600).

    Raises `ConfigurationError` when servers are configured without a key: every machine must have the
    same one, or links made by one would be refused by another.
    """
    if settings.secret_key is not None:
        key = settings.secret_key.get_secret_value().encode()
        if len(key) < LEAST_SECRET_BYTES:
            raise ConfigurationError("DISPATCHER_SECRET_KEY is too short: take at least 32 random characters")
        return key
    if settings.database_url is not None:
        raise ConfigurationError(
            "set DISPATCHER_SECRET_KEY to the same long random text on every machine: it signs links"
        )
    path = settings.data_directory / SECRET_FILE
    return _kept_secret(path)


def read_former_keys(settings: Settings) -> tuple[bytes, ...]:
    """Keys that signed before; raises `ConfigurationError` for one that is too short."""
    keys = tuple(key.get_secret_value().encode() for key in settings.former_secret_keys)
    if any(len(key) < LEAST_SECRET_BYTES for key in keys):
        raise ConfigurationError("a key of DISPATCHER_FORMER_SECRET_KEYS is too short to be one of ours")
    return keys


def _kept_secret(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").encode()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(SECRET_BYTES))
    return path.read_text(encoding="ascii").encode()


def configured_channels(settings: Settings) -> frozenset[ChannelKind]:
    """The channels that have a provider in the settings."""
    kinds = {
        ChannelKind.EMAIL: bool(settings.smtp.host),
        ChannelKind.SMS: bool(settings.sms.accounts()),
        ChannelKind.VOICE: settings.voice.is_configured,
    }
    return frozenset(kind for kind, is_configured in kinds.items() if is_configured)


def require_channel(settings: Settings, channel: str) -> None:
    """Raise `BadConsentError` when nothing could be sent over this channel."""
    if ChannelKind(channel) not in configured_channels(settings):
        raise BadConsentError(
            f"no {channel} channel is configured: set DISPATCHER_SMTP__HOST for e-mail, DISPATCHER_SMS__SMSC"
            " for SMS, DISPATCHER_VOICE__TRUNKS or DISPATCHER_VOICE__SMSC for calls",
            code="confirmation_no_channel",
        )


def require_channels(settings: Settings, channels: Collection[ChannelKind] | None) -> None:
    """Raise `CampaignError` when a campaign names a channel by which nothing could be sent here."""
    missing = set(channels or ()) - configured_channels(settings)
    if missing:
        from campaigns.errors import CampaignError

        names = ", ".join(sorted(missing))
        raise CampaignError(
            f"no provider is configured for {names}: set DISPATCHER_SMTP__HOST for e-mail,"
            " DISPATCHER_SMS__SMSC for SMS, DISPATCHER_VOICE__TRUNKS or DISPATCHER_VOICE__SMSC for calls",
            code="channel_not_configured",
            channel=names,
        )


def build_channels(
    application: Application, *, urgent: bool = False, kinds: Collection[ChannelKind] = tuple(ChannelKind)
) -> "ChannelRegistry":
    """The registry of every configured channel among `kinds`; raises `ConfigurationError` for none.

    `urgent`: for a process that works urgent lanes only, for which limits keep a reserve.
    """
    from channels.registry import ChannelRegistry

    registry = ChannelRegistry()
    settings = application.settings
    wanted = configured_channels(settings) & set(kinds)
    if ChannelKind.EMAIL in wanted:
        registry.register(_build_email(application, urgent=urgent))
    if ChannelKind.SMS in wanted:
        registry.register(_build_sms(settings.sms, application.clock.now))
    if ChannelKind.VOICE in wanted:
        registry.register(_build_voice(application, urgent=urgent))
    if not registry.all():
        raise ConfigurationError(
            "no channel is configured: set DISPATCHER_SMTP__HOST for e-mail, DISPATCHER_SMS__SMSC for SMS,"
            " DISPATCHER_VOICE__TRUNKS or DISPATCHER_VOICE__SMSC for calls"
        )
    return registry


def _build_email(application: Application, *, urgent: bool) -> Channel:
    from channels.email.channel import EmailChannel
    from dispatcher.core.queue import connect_redis
    from dispatcher.delivery.server_limits import ServerLimits
    from dispatcher.delivery.throttle import TokenBuckets

    buckets = TokenBuckets(connect_redis(application.addresses.redis_url))
    return EmailChannel(
        application.settings.smtp,
        application.settings.mail,
        application.secret_key,
        gate=ServerLimits(buckets, urgent=urgent),
        now=application.clock.now,
    )


def _build_sms(settings: SmsSettings, now: Callable[[], datetime]) -> Channel:
    from channels.sms.channel import SmsChannel

    return SmsChannel(settings, _sms_providers(settings), now=now)


def _sms_providers(settings: SmsSettings) -> "Sequence[SmsProvider]":
    from channels.sms.smpp.provider import SmppProvider
    from channels.sms.smsc.provider import SmscProvider

    by_http = [SmscProvider(one) for one in settings.smsc if one.hosts]
    by_smpp = [SmppProvider(one) for one in settings.smpp if one.hosts]
    return [*by_http, *by_smpp]


def build_sms_quotes(settings: Settings) -> "SmsQuotes | None":
    """Who asks providers what short messages would cost; None where none of them says."""
    if not any(one.hosts for one in settings.sms.smsc):
        return None
    from channels.sms.quotes import SmsQuotes

    return SmsQuotes(settings.sms, lambda: _sms_providers(settings.sms))


def _build_voice(application: Application, *, urgent: bool) -> Channel:
    account = application.settings.calling_account()
    if account is not None and application.settings.voice.smsc is not None:
        from channels.voice.smsc_calls import SmscCalls

        return SmscCalls(account, application.settings.voice.smsc, now=application.clock.now)
    return _build_sip(application, urgent=urgent)


def _build_sip(application: Application, *, urgent: bool) -> Channel:
    from channels.voice.channel import VoiceChannel
    from channels.voice.dialogue import needed_phrases, run_dialogue
    from channels.voice.sip.engine import Engine
    from channels.voice.sip.telephone import SipTelephone
    from dispatcher.core.queue import connect_redis
    from dispatcher.delivery.throttle import TokenBuckets
    from dispatcher.delivery.trunk_lines import TrunkLines

    voice = application.settings.voice
    client = connect_redis(application.addresses.redis_url)
    lines = TrunkLines(client, TokenBuckets(client), urgent=urgent)
    return VoiceChannel(
        voice,
        SipTelephone(voice, Engine(voice, on_dead=_end_this_process), gate=lines),
        build_speaker(application.settings, application.database),
        needed=needed_phrases,
        hold=run_dialogue,
        now=application.clock.now,
    )


def _end_this_process() -> None:
    """A SIP stack starts once in a process: who lost it ends in order, and its supervisor starts another."""
    os.kill(os.getpid(), signal.SIGTERM)


def build_renderer(application: Application) -> "Renderer":
    """What makes notices: the same for sending, preview and dry run.

    Raises `ConfigurationError` when the payment settings cannot be used.
    """
    from dispatcher.delivery.attachments import AttachmentFolder, Attachments
    from dispatcher.delivery.payment import Payments
    from dispatcher.delivery.render import Renderer, Sender
    from dispatcher.delivery.sms_texts import SmsTexts

    settings = application.settings
    return Renderer(
        Sender(
            settings.company_name,
            settings.company_phone,
            settings.web.public_url,
            settings.mail.bounce_domain,
            settings.company_hours,
        ),
        application.tokens,
        payments=Payments(settings.payment, application.secret_key, application.former_keys),
        attachments=Attachments(
            AttachmentFolder(settings.attachments.directory, settings.attachments.max_bytes),
            build_url_rules(settings),
        ),
        sms_texts=SmsTexts(settings.sms),
    )


def build_url_rules(settings: Settings) -> "UrlRules":
    """Which servers lists may name for bills; raises `ConfigurationError` for hosts that are none."""
    from dispatcher.delivery.bills.urls import UrlRules

    return UrlRules(settings.attachments.hosts, settings.attachments.internal_hosts)


def build_bill_worker(application: Application) -> "BillWorker":
    """What fetches bills in one process; raises `ConfigurationError` when its settings cannot be used."""
    from dispatcher.delivery.bills.fetch import BillFetcher, FetchLimits
    from dispatcher.delivery.bills.worker import BillTools, BillWorker
    from dispatcher.delivery.bridge import Bridge

    settings, rules = application.settings.attachments, build_url_rules(application.settings)
    fetcher = BillFetcher(
        rules, FetchLimits(settings.max_bytes, settings.fetch_seconds), ca_file=settings.ca_file
    )
    return BillWorker(BillTools(application.database, application.clock, Bridge(), fetcher, rules, settings))


def build_speaker(settings: Settings, database: Database) -> "PhraseSpeaker":
    """What makes phrases audible; it belongs to the event loop on which it first speaks.

    Recordings of staff come from the database, each read once and kept with what was spoken.
    """
    from campaigns.prompts import prompt_samples
    from channels.voice.speech.cache import MEGABYTE, DiskCache
    from channels.voice.speech.choice import voices_of
    from channels.voice.speech.process import SpeakingProcesses
    from channels.voice.speech.speaker import PhraseSpeaker

    speech = settings.speech
    engine = SpeakingProcesses(
        voices_of(speech), processes=speech.processes, timeout_seconds=speech.timeout_seconds
    )
    disk = DiskCache(settings.data_directory / SPEECH_DIRECTORY, speech.cache_megabytes * MEGABYTE)
    return PhraseSpeaker(
        engine,
        recordings=lambda digest: database.run(lambda session: prompt_samples(session, digest)),
        disk=disk if speech.cache_megabytes else None,
    )


def build_script_reader(settings: Settings, database: Database) -> "ScriptReader":
    """What reads calls aloud for staff, and tries their phrases in a dry run."""
    from channels.voice.speech.reading import ScriptReader

    return ScriptReader(lambda: build_speaker(settings, database))


def provider_limits(settings: Settings) -> Mapping[ChannelKind, float | None]:
    """How many messages per second each provider takes from us; None means no limit.

    Several of one channel take what they take together, if each has a limit.
    """
    mail = [server.max_per_second for server in settings.smtp.all_servers()]
    sms = [account.max_per_second for account in settings.sms.accounts()]
    account = settings.calling_account()
    calls = [trunk.calls_per_second for trunk in settings.voice.trunks]
    per_call = _together(calls) if account is None else account.max_per_second
    return {
        ChannelKind.EMAIL: _together(mail),
        ChannelKind.SMS: _together(sms),
        ChannelKind.VOICE: per_call,
    }


def provider_inboxes(settings: Settings) -> Mapping[ChannelKind, Sequence[str]]:
    """The accounts whose providers keep what customers wrote, by the channel that looks into them."""
    return {
        ChannelKind.SMS: [
            one.name for one in settings.sms.smsc if one.hosts and one.inbox_seconds is not None
        ]
    }


def _together(limits: Sequence[float | None]) -> float | None:
    known = [limit for limit in limits if limit is not None]
    return sum(known) if known and len(known) == len(limits) else None


def build_lane_worker(
    application: Application, registry: "ChannelRegistry", *, serves_one_lane: bool = False
) -> "LaneWorker":
    """The engine's worker for one process; one that serves a single lane leaves no room for others."""
    from dispatcher.core.queue import connect_redis
    from dispatcher.delivery.bridge import Bridge
    from dispatcher.delivery.confirmations import ConfirmationWriter
    from dispatcher.delivery.domain_limits import DomainLimits
    from dispatcher.delivery.lane import LaneWorker
    from dispatcher.delivery.lane_tools import Tools
    from dispatcher.delivery.lease import LeaseKeeper
    from dispatcher.delivery.refusal_answers import RefusalAnswerWriter
    from dispatcher.delivery.throttle import TokenBuckets

    settings = application.settings
    buckets = TokenBuckets(connect_redis(application.addresses.redis_url))
    return LaneWorker(
        Tools(
            database=application.database,
            clock=application.clock,
            registry=registry,
            bridge=Bridge(),
            renderer=build_renderer(application),
            leases=LeaseKeeper(application.database, settings.delivery.lease_seconds),
            buckets=buckets,
            settings=settings.delivery,
            provider_limits=provider_limits(settings),
            url_rules=build_url_rules(settings),
            domain_limits=DomainLimits(buckets, settings.smtp.domain_limits),
            read_calendar=application.calendar.read,
            seal=_recording_sealing(application),
            serves_one_lane=serves_one_lane,
            call_lines=settings.voice.lines,
            confirmations=ConfirmationWriter(
                settings.company_name,
                settings.company_phone,
                settings.web.public_url,
                ConfirmationTokens(application.secret_key),
            ),
            refusal_answers=RefusalAnswerWriter(
                settings.company_name, settings.company_phone, settings.sms.answers_refusals
            ),
        )
    )


def _recording_sealing(application: Application) -> "Sealing | None":
    """What encrypts recordings, only where the company wants any: without it none is kept."""
    if not application.settings.voice.records_far_end:
        return None
    from dispatcher.delivery.calls.recordings import RecordingSeal

    return RecordingSeal(application.secret_key, application.former_keys).seal
