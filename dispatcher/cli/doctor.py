"""`dispatcher doctor`: in plain words, what is missing or unreachable and what to do about it."""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import redis
import typer
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from channels.email.channel import EmailChannel
from channels.port import Health
from channels.sms.smsc.provider import SmscProvider
from channels.voice.sip.options import ask_options
from channels.voice.speech.choice import try_voices
from channels.voice.speech.programs import PROGRAMS, is_installed
from dispatcher.bootstrap import load_secret_key
from dispatcher.cli.console import output, print_json
from dispatcher.cli.doctor_dns import SystemDns
from dispatcher.cli.doctor_mail import examine_mail, show
from dispatcher.cli.start import read_settings
from dispatcher.cli.up import check_port_is_free
from dispatcher.core.db import Database
from dispatcher.core.errors import ConfigurationError, DispatcherError
from dispatcher.core.queue import connect_redis
from dispatcher.core.settings import Settings, SmscSettings
from dispatcher.core.voice_settings import TrunkSettings, VoiceSettings
from dispatcher.embedded.errors import EmbeddedError
from dispatcher.embedded.servers import addresses_of_running, borrowed_or_started
from dispatcher.migrations.current import is_current
from dispatcher.migrations.migrate import migrate
from dispatcher.web.callbacks.paths import smsc_path
from reports.returns import count_waiting_letters, read_alarms

MIN_POSTGRES: Final = 150_000  #: server_version_num of PostgreSQL 15
MIN_REDIS: Final = 7
MIN_FREE_BYTES: Final = 1 << 30
HEALTH_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, whether it is well, and words."""

    subject: str
    is_well: bool
    words: str


def doctor(
    mail: Annotated[bool, typer.Option("--mail", help="The DNS records that our e-mail needs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Say what is missing or unreachable, and what to do. Exit code 1 when anything is wrong."""
    settings = read_settings(quiet=True)
    if mail:
        items = list(examine_mail(settings, SystemDns(), datetime.now(UTC)))
        raise typer.Exit(0 if show(items, as_json=as_json) else 1)
    is_well = True
    findings: list[Finding] = []
    for finding in examine(settings):
        is_well = is_well and finding.is_well
        findings.append(finding)
        if as_json:
            continue
        mark = "[green]✔[/green]" if finding.is_well else "[red]✘[/red]"
        output.print(f"{mark} {finding.subject}: ", end="")
        output.print(finding.words, markup=False, highlight=False)
    if as_json:
        print_json({"is_well": is_well, "findings": [asdict(finding) for finding in findings]})
    raise typer.Exit(0 if is_well else 1)


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check in turn."""
    yield from _servers(settings)
    yield from examine_mail_servers(settings)
    yield from examine_sms_accounts(settings)
    yield from examine_trunks(settings.voice)
    yield from examine_read_out_calls(settings)
    yield from examine_voices(settings)
    yield _ports(settings)
    yield _disk(settings.data_directory)
    yield _secret_key(settings)


def _servers(settings: Settings) -> Iterator[Finding]:
    if (settings.database_url is None) != (settings.redis_url is None):
        yield Finding(
            "servers",
            False,
            "only one of DISPATCHER_DATABASE_URL and DISPATCHER_REDIS_URL is set: set both, or neither",
        )
        return
    if settings.database_url is not None and settings.redis_url is not None:
        url = settings.database_url.get_secret_value()
        yield from _database(url, embedded=False)
        yield _redis(settings.redis_url.get_secret_value())
        return
    try:
        with borrowed_or_started(settings.data_directory) as addresses:
            yield from _database(addresses.database_url, embedded=True)
            yield _redis(addresses.redis_url)
    except EmbeddedError as error:
        yield Finding("embedded servers", False, str(error))


def _database(url: str, *, embedded: bool) -> Iterator[Finding]:
    found = _postgres(url, embedded=embedded)
    yield found
    if found.is_well:
        yield _waiting(url)


def _waiting(url: str) -> Finding:
    """What came back by mail and waits for a decision of staff."""
    database = Database(url)
    try:
        with database.transaction() as session:
            alarms, letters = read_alarms(session), count_waiting_letters(session)
    finally:
        database.close()
    words = f"{letters} letters wait"
    if alarms.domains:
        words += f"; {alarms.domains} mail domains wait for a decision: see `dispatcher domain list`"
    if alarms.runs:
        words += f"; {alarms.runs} runs are paused because their text is refused"
    if alarms.operators:
        words += f"; operators refuse the SMS of {alarms.operators} runs in series: check contract and sender"
    return Finding("what came back", not alarms, words)


def _postgres(url: str, *, embedded: bool) -> Finding:
    database = Database(url)
    try:
        if embedded:
            migrate(database.engine)
        with database.transaction() as session:
            version = int(session.execute(text("SHOW server_version_num")).scalar_one())
        if version < MIN_POSTGRES:
            return Finding("PostgreSQL", False, "older than version 15: upgrade the server")
        if not is_current(database.engine):
            return Finding("PostgreSQL", False, "the schema is not up to date: run `dispatcher migrate`")
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        return Finding("PostgreSQL", False, _postgres_fault(state))
    finally:
        database.close()
    return Finding("PostgreSQL", True, f"version {version // 10_000}, schema up to date")


def _postgres_fault(state: str | None) -> str:
    if state in {"28P01", "28000"}:
        return "refuses the user or password of DISPATCHER_DATABASE_URL: correct it"
    if state == "3D000":
        return "the database named in DISPATCHER_DATABASE_URL does not exist: create it with createdb"
    if state and state.startswith("53"):
        return "has no room (disk, memory or connections): make room, everything goes on by itself"
    return "cannot be reached: check that it runs and that host and port in DISPATCHER_DATABASE_URL are right"


def _redis(url: str) -> Finding:
    try:
        client = connect_redis(url)
        server = client.info("server")
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy", "noeviction")
    except (redis.RedisError, ValueError) as error:
        words = (
            "refuses the password" if isinstance(error, redis.AuthenticationError) else "cannot be reached"
        )
        return Finding("Redis", False, f"{words}: check DISPATCHER_REDIS_URL and that the server runs")
    if policy != "noeviction":
        return Finding("Redis", False, "may throw messages away: set maxmemory-policy noeviction")
    version = str(server.get("redis_version", "0"))
    if int(version.partition(".")[0]) < MIN_REDIS:
        return Finding("Redis", False, f"is version {version}: version 7 or newer, or Valkey, is needed")
    valkey = server.get("valkey_version")
    return Finding("Redis", True, f"Valkey {valkey}" if valkey else f"version {version}")


def examine_mail_servers(settings: Settings) -> Iterator[Finding]:
    """Whether each configured mail server takes our connection."""
    if not settings.smtp.host:
        yield Finding(
            "mail server", False, "none is configured, so no e-mail is sent: set DISPATCHER_SMTP__HOST"
        )
        return
    try:
        channel = EmailChannel(settings.smtp, settings.mail, b"doctor")
    except ConfigurationError as error:
        yield Finding("mail server", False, str(error))
        return
    healths = asyncio.run(_ask_mail_servers(channel))
    for name, health in healths.items():
        subject = "mail server" if len(healths) == 1 else f"mail server {name}"
        yield Finding(subject, health.ok, health.problem or "takes our connection and sign-in")


async def _ask_mail_servers(channel: EmailChannel) -> Mapping[str, Health]:
    try:
        return await channel.health_of_servers(HEALTH_SECONDS)
    finally:
        await channel.close()


def examine_sms_accounts(settings: Settings) -> Iterator[Finding]:
    """Whether each account at SMSC takes our sign-in, and the URL that must be entered there."""
    for account in settings.sms.smsc:
        if not account.hosts:
            continue
        health = asyncio.run(_ask_smsc(account))
        yield Finding(
            f"SMS account {account.name}", health.ok, health.problem or "takes our sign-in, has money"
        )
        subject = f"SMS callbacks {account.name}"
        if account.callback_secret is None:
            words = "nothing called back is believed: set callback_secret, and the same in the account"
            yield Finding(subject, False, words)
            continue
        try:
            key = load_secret_key(settings)
        except ConfigurationError as error:
            yield Finding(subject, False, str(error))
            continue
        url = settings.web.public_url.rstrip("/") + smsc_path(key, account.name)
        yield Finding(subject, True, f"enter in the account, for statuses and for incoming messages: {url}")


def examine_read_out_calls(settings: Settings) -> Iterator[Finding]:
    """Through which account calls go where there is no trunk; the account itself is examined with the SMS."""
    calls = settings.voice.smsc
    if calls is not None:
        words = f"go through the SMS account {calls.account}, {calls.lines} at once: read out, without keys"
        is_used = "voice" in settings.delivery.channels
        hint = "" if is_used else "; scenarios take none by themselves: add voice to delivery.channels"
        yield Finding("calls", True, words + hint)


async def _ask_smsc(account: SmscSettings) -> Health:
    provider = SmscProvider(account)
    try:
        return await asyncio.wait_for(provider.healthy(), HEALTH_SECONDS)
    except TimeoutError:
        return Health(ok=False, problem="does not answer: check the network and sms.smsc.hosts")
    finally:
        await provider.close()


def examine_trunks(voice: VoiceSettings) -> Iterator[Finding]:
    """Whether each trunk answers OPTIONS, and whether its numbers have what the law wants to be known."""
    if not voice.trunks:
        return
    for trunk, problem in zip(voice.trunks, asyncio.run(_ask_trunks(voice)), strict=True):
        words = "answers; whether it takes the password only a call shows"
        yield Finding(f"trunk {trunk.name}", not problem, problem or words)
        yield _caller_ids(trunk)


async def _ask_trunks(voice: VoiceSettings) -> Sequence[str]:
    return await asyncio.gather(*(ask_options(trunk, voice) for trunk in voice.trunks))


def _caller_ids(trunk: TrunkSettings) -> Finding:
    """Label, category and contract (126-FZ, PP RF 1300): without them the operator may refuse mass calls."""
    subject = f"numbers shown by trunk {trunk.name}"
    for caller_id in trunk.caller_ids:
        missing = [
            name for name in ("label", "category", "operator", "contract") if not getattr(caller_id, name)
        ]
        if missing:
            words = (
                f"{caller_id.number} has no {', '.join(missing)}: mass calls must be marked by contract"
                " with the operator (126-FZ); agree it there, then set it in voice.trunks.caller_ids"
            )
            return Finding(subject, False, words)
    return Finding(subject, True, "each has a label, a category and a contract")


def examine_voices(settings: Settings) -> Iterator[Finding]:
    """Which engine speaks which language, and whether it can be heard."""
    try:
        for trial in try_voices(settings.speech):
            voice = trial.voice
            words = f"{voice.engine}, voice {voice.name}"
            yield Finding(
                f"speech {trial.language}",
                not trial.problem,
                f"{words}: {trial.problem}" if trial.problem else f"{words}, can be heard",
            )
    except ConfigurationError as error:
        yield Finding("speech", False, str(error))
    others = [name for name in PROGRAMS if is_installed(name, settings.speech.programs.get(name.value, ""))]
    if others:
        yield Finding("speech engines", True, "also installed: " + ", ".join(others))


def _ports(settings: Settings) -> Finding:
    if addresses_of_running(settings.data_directory) is not None:
        return Finding("ports", True, "`dispatcher up` is running and has them")
    checks: list[Callable[[], None]] = [
        lambda: check_port_is_free(settings.web.host, settings.web.port, "DISPATCHER_WEB__PORT"),
        lambda: check_port_is_free(
            settings.bounce_listener.host,
            settings.bounce_listener.port,
            "DISPATCHER_BOUNCE_LISTENER__PORT",
        ),
    ]
    try:
        for check in checks:
            check()
    except ConfigurationError as error:
        return Finding("ports", False, str(error))
    return Finding("ports", True, "free")


def _disk(directory: Path) -> Finding:
    existing = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    words = f"{free // (1 << 20)} MB free in the data directory"
    return Finding("disk", free >= MIN_FREE_BYTES, words + ("" if free >= MIN_FREE_BYTES else ": make room"))


def _secret_key(settings: Settings) -> Finding:
    try:
        load_secret_key(settings)
    except (DispatcherError, OSError) as error:
        return Finding("secret key", False, str(error))
    return Finding("secret key", True, "there")
