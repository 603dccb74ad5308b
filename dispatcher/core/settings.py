"""All settings of the product, typed, read once by the composition root.

Sources, strongest first: environment (`DISPATCHER_…`, nested by `__`), the file `.env`, the file
`dispatcher.toml` (or the one named by `DISPATCHER_CONFIG`), then the defaults below. Nothing reads
settings at import. With no database and Redis address the embedded servers are used.
"""

import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from dispatcher.core.call_settings import CallSettings
from dispatcher.core.speech_settings import SpeechSettings
from dispatcher.core.voice_settings import VoiceSettings


class MailServerSettings(BaseModel):
    """One mail server that takes our messages."""

    name: str = Field(default="main", pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")  #: for staff, logs and evidence
    host: str = ""  #: empty means that no mail server is configured
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None  #: extra certificate authority, PEM
    connections: int = Field(default=8, ge=1, le=200)  #: kept connections per worker process
    #: its share of the connections in use; none has one: the servers share as they have connections
    weight: int | None = Field(default=None, ge=1, le=1000)
    timeout_seconds: float = Field(default=60.0, gt=0)  #: for each reply of the server
    messages_per_connection: int = Field(default=1000, ge=1)
    connection_age_seconds: float = Field(default=600.0, gt=0)
    max_per_second: float | None = Field(default=None, gt=0)  #: over all processes; None means no limit
    chunking: bool = False  #: hand bodies over by BDAT (RFC 3030) where the server offers it


class FurtherMailServerSettings(MailServerSettings):
    """A mail server beside the first one."""

    model_config = ConfigDict(extra="forbid")  # a misspelt `ca_file` must not go unseen

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")
    host: str = Field(min_length=1)


class SmtpSettings(MailServerSettings):
    """The mail servers: the first one here, more of them in `servers` (docs/email.md says how they share)."""

    servers: list[FurtherMailServerSettings] = Field(default=[], max_length=20)
    #: messages per second to one recipient domain, over all processes: {"gmail.com": 20}
    domain_limits: dict[str, Annotated[float, Field(gt=0)]] = Field(default={}, max_length=1000)

    def all_servers(self) -> "list[MailServerSettings]":
        """Every configured server, the first one first; it stands there even without a host."""
        return [self, *self.servers]

    @model_validator(mode="after")
    def _servers_fit_together(self) -> Self:
        servers = self.all_servers()
        if self.servers and not self.host:
            raise ValueError("smtp.servers are further mail servers: set smtp.host to the first one")
        if len({server.name for server in servers}) < len(servers):
            raise ValueError(
                "two mail servers have the same name: give each its own (smtp.name, servers.name)"
            )
        if len({server.weight is None for server in servers}) > 1:
            raise ValueError("give every mail server a weight, or none of them")
        return self


class DkimKeySettings(BaseModel):
    """One key that signs our e-mail; several at once all sign (docs/email.md says how to change keys)."""

    model_config = ConfigDict(extra="forbid")  # a misspelt `active_from` must not sign at once

    selector: str = Field(min_length=1, max_length=200)  #: its record is at <selector>._domainkey.<domain>
    private_key_file: Path  #: PEM; must not be open to other users
    algorithm: Literal["rsa", "ed25519"] | None = None  #: None takes what the file holds
    domain: str = ""  #: who signs (d=); empty means the domain of `from_address`
    active_from: AwareDatetime | None = None  #: signs from this moment on; None means at once
    active_until: AwareDatetime | None = None  #: and no longer from this one on; None means for good


class MailSettings(BaseModel):
    """How our e-mail introduces itself."""

    from_address: str = "notify@energosbyt.example"
    from_name: str = "Энергосбытовая компания"
    reply_to: str | None = None
    bounce_domain: str = "bounces.energosbyt.example"  #: domain of the envelope sender (VERP)
    message_id_domain: str = "energosbyt.example"
    dkim_keys: list[DkimKeySettings] = Field(default=[], max_length=20)
    #: auto: base64 when we sign (a server that must change 8bit on the way breaks signatures), else 8bit
    transfer_encoding: Literal["auto", "8bit", "base64"] = "auto"
    dmarc_reports: str = ""  #: where others send their DMARC reports; empty means dmarc@ the From domain


class SmscSettings(BaseModel):
    """An account at SMSC (smsc.ru, smsc.ua, smsc.kz), driven over its HTTP API."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(default="smsc", pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")  #: for staff, logs and evidence
    #: where it is, the reserve behind: ["https://smsc.ru", "https://www2.smsc.ru"]; empty: not configured
    hosts: list[Annotated[str, Field(pattern=r"^https?://[^/?#@]+/?$")]] = Field(default=[], max_length=10)
    login: str | None = None
    password: SecretStr | None = None
    api_key: SecretStr | None = None  #: instead of login and password
    #: that of the handler in the account's settings; None: nothing called back is believed
    callback_secret: SecretStr | None = None
    sender: str = Field(default="", max_length=15)  #: the registered name; empty: the account's own
    #: at once, per worker process; over all processes the provider takes fewer than 15 of one login
    parallel_requests: int = Field(default=4, ge=1, le=14)
    connect_seconds: float = Field(default=5.0, gt=0)
    timeout_seconds: float = Field(default=30.0, gt=0)  #: for a whole request; then the status is asked for
    #: after a silence the status is asked for so often, with these waits before
    doubt_seconds: list[Annotated[float, Field(ge=0, le=60)]] = Field(default=[0.5, 2.0], max_length=10)
    #: between two looks for what customers wrote, beside the callback; None: the callback alone
    inbox_seconds: float | None = Field(default=60.0, ge=10)
    #: in the account's currency: with less than this on it nothing is begun
    least_balance: Decimal = Field(default=Decimal(0), ge=0)
    max_per_second: float | None = Field(default=None, gt=0)  #: over all processes; None means no limit

    @model_validator(mode="after")
    def _can_sign_in(self) -> Self:
        if self.hosts and self.api_key is None and (not self.login or self.password is None):
            raise ValueError(f"sms provider {self.name}: set api_key, or both login and password")
        if any(host.startswith("http://") and not _is_loopback(host) for host in self.hosts):
            raise ValueError(f"sms provider {self.name}: hosts need https://, or the password can be read")
        return self


class SmppSettings(BaseModel):
    """An account at an operator or another provider that speaks SMPP 3.4."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(default="smpp", pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")  #: for staff, logs and evidence
    #: `host:port`, the reserve behind; empty: not configured
    hosts: list[Annotated[str, Field(pattern=r"^[^/?#@\s]+:\d{1,5}$")]] = Field(default=[], max_length=10)
    tls: bool = False
    ca_file: Path | None = None  #: extra certificate authority, PEM
    system_id: str = Field(default="", max_length=15)
    password: SecretStr = SecretStr("")  #: the protocol has room for 8 characters, some providers for more
    system_type: str = Field(default="", max_length=12)
    bind: Literal["transceiver", "transmitter_receiver"] = "transceiver"
    binds: int = Field(default=1, ge=1, le=20)  #: per worker process; only transmitters count
    window: int = Field(default=10, ge=1, le=1000)  #: messages without an answer, on each bind
    sender: str = Field(default="", max_length=20)  #: the registered name or number; empty: the account's own
    source_ton: int | None = Field(default=None, ge=0, le=6)  #: None: 5 for a name, 1 for a number
    source_npi: int | None = Field(default=None, ge=0, le=18)  #: None: 0 for a name, 1 for a number
    service_type: str = Field(default="", max_length=5)
    #: how a long text goes: parts with a header of an 8-bit or 16-bit reference, or whole
    concatenation: Literal["udh8", "udh16", "payload"] = "udh8"
    #: what the provider takes data coding 0 for
    default_alphabet: Literal["gsm7", "latin1"] = "gsm7"
    #: how ids of messages are written in answers and in receipts: providers mix hexadecimal and decimal
    answer_ids: Literal["text", "hex", "decimal"] = "text"
    receipt_ids: Literal["text", "hex", "decimal"] = "text"
    can_query: bool = False  #: the provider answers query_sm
    sends_attempt_name: bool = (
        False  #: our name of each attempt in the parameter 0x1401, as the sandbox wants
    )
    connect_seconds: float = Field(default=5.0, gt=0)
    timeout_seconds: float = Field(default=30.0, gt=0)  #: for an answer; then nobody knows
    enquire_seconds: float = Field(default=30.0, gt=0)  #: of silence, before the provider is asked for a sign
    #: waits before the next try to bind; the last one is repeated
    reconnect_seconds: list[Annotated[float, Field(ge=0, le=600)]] = Field(
        default=[0.5, 1.0, 2.0, 5.0, 15.0, 30.0], min_length=1, max_length=20
    )
    max_per_second: float | None = Field(default=None, gt=0)  #: over all processes; None means no limit

    @model_validator(mode="after")
    def _can_sign_in(self) -> Self:
        if self.hosts and not self.system_id:
            raise ValueError(f"sms provider {self.name}: set system_id and password")
        if (self.answer_ids == "text") != (self.receipt_ids == "text"):
            raise ValueError(
                f"sms provider {self.name}: answer_ids and receipt_ids are text both, or numbers both"
            )
        return self


class SmsRouteSettings(BaseModel):
    """Which providers take the numbers that begin so, in this order. The longest prefix wins."""

    model_config = ConfigDict(extra="forbid")

    prefix: str = Field(pattern=r"^\+\d{0,15}$")  #: `+7`, `+7916`, `+380`; `+` is every number
    providers: list[str] = Field(min_length=1)


class SmsSettings(BaseModel):
    """Providers of short messages, and which of them serves which numbers."""

    smsc: list[SmscSettings] = Field(default=[], max_length=10)
    smpp: list[SmppSettings] = Field(default=[], max_length=10)
    routes: list[SmsRouteSettings] = Field(
        default=[], max_length=1000
    )  #: empty: all providers, as configured
    #: None: texts go out in Cyrillic (`channels.sms.transliteration` says what each scheme is)
    transliteration: (
        Literal["mosmetro", "gost_7034", "gost_52535", "icao_doc_9303", "wikipedia", "yandex_maps"] | None
    ) = None
    #: who refuses short messages by one is answered once that it was heard (decision 37)
    answers_refusals: bool = True
    #: what one part costs, for estimates before sending; in the currency of the account
    price_per_part: Decimal | None = Field(default=None, ge=0)
    #: a provider of whose last messages this share went wrong, or was slow, is spared for a while
    fault_share: float = Field(default=0.5, gt=0, le=1)
    fault_sample: int = Field(default=10, ge=1)  #: messages of the last minute before it is judged
    slow_seconds: float = Field(default=10.0, gt=0)  #: an answer that took longer counts as a fault
    spare_seconds: float = Field(default=60.0, gt=0)  #: then one message tries whether it is back

    def accounts(self) -> "list[SmscSettings | SmppSettings]":
        """Every configured account, of whatever protocol."""
        found: list[SmscSettings | SmppSettings] = [*self.smsc, *self.smpp]
        return [one for one in found if one.hosts]

    @model_validator(mode="after")
    def _names_fit_together(self) -> Self:
        names = [provider.name for provider in self.smsc] + [provider.name for provider in self.smpp]
        if len(set(names)) < len(names):
            raise ValueError("two providers of short messages have the same name: give each its own")
        unknown = {name for route in self.routes for name in route.providers} - set(names)
        if unknown:
            raise ValueError(
                f"sms.routes name providers that are not configured: {', '.join(sorted(unknown))}"
            )
        return self


def _is_loopback(url: str) -> bool:
    return re.match(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?/?$", url) is not None


class MailboxSettings(BaseModel):
    """A mailbox that is polled over IMAP, where no mail can be routed to our own listener."""

    host: str = ""  #: empty: none is polled
    port: int = Field(default=993, ge=1, le=65535)
    security: Literal["tls", "starttls", "none"] = "tls"
    username: str = ""
    password: SecretStr | None = None
    ca_file: Path | None = None  #: extra certificate authority, PEM
    folder: str = "INBOX"
    done_folder: str = ""  #: what was taken is moved here; empty: it is marked by a keyword and stays
    poll_seconds: float = Field(default=60.0, gt=0)
    timeout_seconds: float = Field(default=60.0, gt=0)


class BounceListenerSettings(BaseModel):
    """Where mail comes in: reports, complaints, letters."""

    protocol: Literal["smtp", "lmtp"] = "smtp"
    host: str = "127.0.0.1"
    port: int = Field(default=8025, ge=0, le=65535)  #: 0 takes any free port
    socket: Path | None = None  #: a Unix socket instead of host and port
    max_connections: int = Field(default=100, ge=1, le=10_000)
    mailbox: MailboxSettings = MailboxSettings()


class WebSettings(BaseModel):
    """The staff pages and public pages."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)  #: 0 takes any free port
    public_url: str = "http://127.0.0.1:8080"  #: how customers reach the public pages
    session_hours: int = Field(default=12, ge=1)
    secure_cookies: bool = False  #: set to true when the pages are served over HTTPS
    upload_megabytes: int = Field(default=512, ge=1)  #: the largest list that may be uploaded


class DeliverySettings(BaseModel):
    """Sizes and times of the delivery engine (design: sections 3 and 5)."""

    #: what this installation can send over; steps of a scenario over others are left out, and staff are told
    channels: frozenset[Literal["email", "sms", "voice"]] = frozenset({"email"})
    #: attempts in one group, at most: fewer go to a slow provider, and where lanes share a process
    claim_size: int = Field(default=128, ge=1, le=128)
    in_flight_limit: int = Field(default=128, ge=1, le=128)  #: rows in `sending` per process
    lease_seconds: float = Field(default=60.0, ge=1)
    record_interval_ms: int = Field(default=200, ge=1)
    sweep_seconds: float = Field(default=1.0, gt=0)
    #: how long a refusal may still come back; SMSC reports within a day, or never (domain: 2.5, err 245)
    settle_seconds: dict[str, float] = {"email": 3600.0, "sms": 90_000.0, "voice": 90_000.0}
    sms_max_parts: int = Field(default=3, ge=1, le=15)  #: a longer SMS is refused, not sent
    #: the same for single scenarios, by name: {"restriction_warning": 4}
    sms_max_parts_of: dict[str, Annotated[int, Field(ge=1, le=15)]] = {}
    #: for how long a provider tries at least, by channel; nothing goes to it nearer to the end of the hours
    least_validity_seconds: dict[str, Annotated[float, Field(ge=0)]] = {"sms": 3600.0}
    calls: CallSettings = CallSettings()
    unknown_query_seconds: float = Field(default=60.0, ge=0)
    #: waits before the next try after a passing fault
    retry_seconds: list[float] = [60.0, 300.0, 900.0, 3600.0]
    channel_pause_seconds: float = Field(default=10.0, gt=0)  #: first wait when a provider is unreachable
    error_rate_limit: float = Field(default=0.5, gt=0, le=1)  #: share of failures that pauses a run
    error_rate_sample: int = Field(default=200, ge=10)  #: attempts since start or resume before it is judged
    stop_seconds: float = Field(default=20.0, ge=0)  #: how long SIGTERM waits for replies
    approval_required: bool = False  #: true: no campaign starts before a second person has approved it


class ReturnsSettings(BaseModel):
    """What follows from what comes back (docs/email.md explains each)."""

    disabled_refusals: int = Field(default=2, ge=1)  #: notices refused by a disabled mailbox before a ban
    full_runs: int = Field(default=3, ge=1)  #: runs that met a full mailbox before it is banned for a time
    full_days: int = Field(default=30, ge=1)  #: how long
    memory_days: int = Field(default=365, ge=1)  #: how far back such refusals count
    rise_floor: int = Field(default=20, ge=1)  #: fewer addresses than this are never doubted
    rise_share: float = Field(default=0.1, gt=0, le=1)  #: of the messages of two hours
    rise_factor: float = Field(default=4.0, ge=1)  #: against the share of the 30 days before
    sender_fault_share: float = Field(default=0.01, ge=0, le=1)  #: of an hour's mail that pauses a domain
    sender_fault_domains: int = Field(default=5, ge=1)  #: paused in an hour: then the whole channel waits


class AttachmentSettings(BaseModel):
    """Files that go with notices: bills out of a folder, or from servers that are named here."""

    directory: Path | None = None  #: None: no file can be attached by its name
    max_bytes: int = Field(default=2_000_000, ge=1, le=10_000_000)  #: of one file; 128 may be in memory
    #: servers that URLs in lists may name, `host` or `host:port`, https alone; empty: URLs are refused
    hosts: list[str] = []
    #: the same inside the company's network: these may have inner addresses, and http is allowed
    internal_hosts: list[str] = []
    ca_file: Path | None = None  #: extra certificate authority of these servers, PEM
    fetch_seconds: float = Field(default=30.0, gt=0, le=300)  #: for one bill, from its name to its last byte
    fetches_per_host: int = Field(default=4, ge=1, le=64)  #: at once, over all machines
    fetches_at_once: int = Field(default=16, ge=1, le=64)  #: per worker process; each may hold `max_bytes`
    #: waits before the next try of a bill; after the last it is given up
    fetch_retry_seconds: list[float] = Field(default=[30.0, 120.0, 600.0, 1800.0, 3600.0], min_length=1)


class PaymentSettings(BaseModel):
    """How customers pay: a link, and the bank details for the code of ГОСТ Р 56042-2014."""

    #: https://…; `{sum}` in kopecks, and either `{account}` or `{token}` (decision 0007)
    url_pattern: str = ""
    payee: str = ""  #: the company's name at the bank; empty: no code and no details
    payee_inn: str = Field(default="", pattern=r"^(\d{10}|\d{12})?$")
    account: str = Field(default="", pattern=r"^(\d{20})?$")
    bank: str = ""
    bic: str = Field(default="", pattern=r"^(\d{9})?$")
    correspondent_account: str = Field(default="", pattern=r"^(\d{20})?$")
    purpose: str = "Оплата электроэнергии"


class ImportSettings(BaseModel):
    """When an import counts as dead."""

    #: a version of a list to which nothing was added for so long is failed: its process was killed
    lease_seconds: float = Field(default=300.0, gt=0)
    #: an upload is failed when the machine that has its file was not heard of for so long
    machine_seconds: float = Field(default=3600.0, gt=0)


class RetentionSettings(BaseModel):
    """How long personal data are kept that nothing needs any more."""

    rejected_row_days: int = Field(default=30, ge=1)  #: rows that an import did not take, as they stood
    upload_days: int = Field(default=7, ge=1)  #: files that came in and could not be imported
    content_days: int = Field(
        default=1096, ge=30
    )  #: texts that were sent: three years, the limitation period
    answer_days: int = Field(default=365, ge=30)  #: what providers and people answered, letters too
    list_days: int = Field(default=1096, ge=30)  #: names, addresses and sums of lists, after their last run
    recording_days: int = Field(default=180, ge=1)  #: what called people said, where that is recorded
    audit_days: int = Field(default=1827, ge=365)  #: the record of what staff did
    hour: int = Field(default=3, ge=0, le=23)  #: of the company's night, from which on it is purged


class WorkerSettings(BaseModel):
    """How many worker processes `dispatcher up` starts."""

    bulk_processes: int = Field(default=2, ge=1, le=64)
    urgent_processes: int = Field(default=1, ge=1, le=64)
    sms_bulk_processes: int = Field(default=1, ge=1, le=64)
    sms_urgent_processes: int = Field(default=1, ge=1, le=64)
    voice_bulk_processes: int = Field(default=1, ge=1, le=64)
    voice_urgent_processes: int = Field(default=1, ge=1, le=64)
    threads: int = Field(default=2, ge=1, le=16)


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="DISPATCHER_", env_nested_delimiter="__", env_file=".env", extra="ignore"
    )

    database_url: SecretStr | None = None  #: postgresql://…; None starts the embedded PostgreSQL
    redis_url: SecretStr | None = None  #: redis://…; None starts the embedded Valkey
    database_pooled: bool = False  #: true behind a transaction pooler: no prepared statements
    data_directory: Path = Path(".dispatcher")
    #: signs links and tokens; the embedded default keeps its own in the data directory
    secret_key: SecretStr | None = None
    #: keys that signed before: links in old letters are still read with them
    former_secret_keys: list[SecretStr] = Field(default=[], max_length=20)
    company_name: str = "Энергосбытовая компания"
    company_phone: str = "8-800-000-00-00"
    #: when the contact centre answers, on working days (requirement 36); texts have it as `company_hours`
    company_hours: str = Field(default="08:00-17:00", pattern=r"^\d\d:\d\d-\d\d:\d\d$")
    time_zone: str = "Europe/Moscow"  #: used where a supply address names none
    country: Literal["RU", "UA", "KZ"] = "RU"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    allow_clock_moves: bool = False  #: tests and the sandbox only
    smtp: SmtpSettings = SmtpSettings()
    mail: MailSettings = MailSettings()
    sms: SmsSettings = SmsSettings()
    voice: VoiceSettings = VoiceSettings()
    speech: SpeechSettings = SpeechSettings()
    bounce_listener: BounceListenerSettings = BounceListenerSettings()
    web: WebSettings = WebSettings()
    delivery: DeliverySettings = DeliverySettings()
    returns: ReturnsSettings = ReturnsSettings()
    attachments: AttachmentSettings = AttachmentSettings()
    payment: PaymentSettings = PaymentSettings()
    workers: WorkerSettings = WorkerSettings()
    imports: ImportSettings = ImportSettings()
    retention: RetentionSettings = RetentionSettings()

    @model_validator(mode="after")
    def _calls_have_an_account(self) -> Self:
        is_read_out = self.calling_account() is not None
        calls = self.delivery.calls.model_copy(update={"are_read_out": is_read_out})
        self.delivery = self.delivery.model_copy(update={"calls": calls})
        return self

    def calling_account(self) -> SmscSettings | None:
        """The account at SMSC that calls go through, if they do; raises `ValueError` where it is missing."""
        if self.voice.smsc is None:
            return None
        name = self.voice.smsc.account
        found = next((one for one in self.sms.smsc if one.name == name and one.hosts), None)
        if found is None:
            raise ValueError(f"voice.smsc.account is {name}: sms.smsc has no such account with hosts")
        return found

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then `.env`, then one TOML file."""
        toml = TomlConfigSettingsSource(
            settings_cls, toml_file=os.environ.get("DISPATCHER_CONFIG", "dispatcher.toml")
        )
        return init_settings, env_settings, dotenv_settings, toml, file_secret_settings
