"""Settings of calls: SIP trunks, the numbers that are shown, and what one process may do at once.

Requirement of 126-ФЗ (domain 4.3): a mass caller has a contract with the operator and a label on the display.
Both are kept here as data, beside the number that they belong to.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator


class CallerIdSettings(BaseModel):
    """One number that calls come from, and what the law wants to be known about it."""

    model_config = ConfigDict(extra="forbid")

    number: str = Field(pattern=r"^\+?\d{3,15}$")  #: as the operator wants to see it
    #: what the called telephone displays, as agreed with the operator (ПП РФ 1300: 32 characters at most)
    label: str = Field(default="", max_length=32, pattern=r"^[^\x00-\x1f\x7f]*$")
    category: str = Field(default="", max_length=100)  #: of the calls, as the operator has it
    operator: str = Field(default="", max_length=100)
    contract: str = Field(default="", max_length=100)  #: number and date of the contract with the operator


class TrunkSettings(BaseModel):
    """One SIP trunk: a road for calls to an operator or to the company's own exchange."""

    model_config = ConfigDict(extra="forbid")  # a misspelt `srtp` must not send sound in the clear

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")  #: for staff, logs and evidence
    host: str = Field(min_length=1, pattern=r"^[A-Za-z0-9._-]+$")
    port: int | None = Field(default=None, ge=1, le=65535)  #: None: 5060, with TLS 5061
    transport: Literal["udp", "tcp", "tls"] = "udp"
    username: str = Field(default="", pattern=r"^[^\s\"\\;<>@:?]*$")  #: empty: known by address
    password: SecretStr = SecretStr("")
    registers: bool = False  #: the operator wants a registration first; it is kept up by each process
    caller_ids: list[CallerIdSettings] = Field(min_length=1, max_length=1000)
    #: where the operator reads the caller's number: the From header, or P-Asserted-Identity (RFC 3325)
    caller_id_in: Literal["from", "asserted"] = "from"
    codecs: list[Literal["pcma", "pcmu"]] = Field(default=["pcma", "pcmu"], min_length=1, max_length=2)
    #: keys by SDES (RFC 4568): `offered` falls back to plain sound, `required` never
    srtp: Literal["off", "offered", "required"] = "off"
    lines: int = Field(default=10, ge=1, le=10_000)  #: calls at once, over all processes
    calls_per_second: float = Field(default=1.0, gt=0, le=1000)  #: begun, over all processes
    ring_seconds: float = Field(default=35.0, ge=5, le=180)  #: from the dialling on; then it is given up
    #: how numbers are dialled: +79161234567, 79161234567, or 89161234567 within the own country
    number_format: Literal["plus", "digits", "national"] = "digits"
    country_code: str = Field(default="7", pattern=r"^[1-9]\d{0,3}$")  #: whose numbers are national ones
    national_prefix: str = Field(default="8", pattern=r"^\d{0,4}$")
    dial_prefix: str = Field(default="", pattern=r"^[\d*#]{0,10}$")  #: before every number
    #: numbers that it takes, by how they begin: ["+7"]; empty: all
    prefixes: list[Annotated[str, Field(pattern=r"^\+\d{1,15}$")]] = Field(default=[], max_length=1000)
    #: its share of the calls; none has one: the first that is well takes all, as long as it has lines
    weight: int | None = Field(default=None, ge=1, le=1000)

    @field_validator("host", mode="before")
    @classmethod
    def _is_name_or_ipv4(cls, host: object) -> object:
        if isinstance(host, str) and ":" in host:
            raise ValueError(
                f"trunk host {host}: IPv6 is not supported and a port stands in `port`;"
                " give the host's name or its IPv4 address"
            )
        return host

    @property
    def sip_port(self) -> int:
        """Where it listens."""
        return self.port or (5061 if self.transport == "tls" else 5060)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if any(character in self.password.get_secret_value() for character in '"\\\r\n'):
            raise ValueError(f'trunk {self.name}: a password with " or \\ cannot be used')
        if (self.registers or self.caller_id_in == "asserted") and not self.username:
            raise ValueError(f"trunk {self.name}: set username and password")
        if self.srtp != "off" and self.transport != "tls":
            # SDES sends the keys of the sound within the signalling: in the clear they protect nothing.
            raise ValueError(f'trunk {self.name}: srtp needs transport = "tls"')
        return self


class SmscCallSettings(BaseModel):
    """Calls through an account at SMSC, for who has no trunk: a text is read out, no key is understood."""

    model_config = ConfigDict(extra="forbid")

    account: str = Field(min_length=1)  #: the name of one of `sms.smsc`
    voice: str = Field(default="w", pattern=r"^(m|w)[2-4]?(,[a-z]{2})?$")  #: and the language, if not Russian
    ring_seconds: int = Field(default=25, ge=10, le=35)  #: the provider's useful range
    lines: int = Field(default=10, ge=1, le=100)  #: calls at once, over all processes
    poll_seconds: float = Field(default=3.0, gt=0)  #: between two questions what became of a call
    talk_seconds: float = Field(default=180.0, gt=0)  #: behind the ringing; then its report is left to come


class DetectionSettings(BaseModel):
    """How a machine that answers is told from a person (`domain.md` 6.2). Times are in milliseconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    total: int = Field(default=5000, ge=1000, le=15_000)  #: then it is doubt, which is treated as a person
    initial_silence: int = Field(default=2500, ge=500, le=15_000)
    greeting: int = Field(default=1500, ge=300, le=15_000)  #: more voice than this is a machine
    after_greeting_silence: int = Field(default=800, ge=100, le=5000)
    least_word: int = Field(default=100, ge=20, le=2000)
    between_words: int = Field(default=50, ge=20, le=2000)
    longest_word: int = Field(default=5000, ge=300, le=15_000)
    most_words: int = Field(default=3, ge=1, le=50)
    silence_level: int = Field(default=256, ge=1, le=32_767)  #: mean of the absolute samples
    #: nothing said at first is a machine, as in Asterisk; else it is doubt
    is_silence_machine: bool = True


class VoiceSettings(BaseModel):
    """Calls, over trunks or through an account at SMSC. With neither there is no channel of calls."""

    trunks: list[TrunkSettings] = Field(default=[], max_length=20)
    #: instead of trunks; a channel has one adapter, so both together are refused
    smsc: SmscCallSettings | None = None
    #: the machine's own address or network interface towards the trunks; empty: found by itself.
    #: A trunk on the machine itself needs 127.0.0.1 here
    address: str = Field(default="", pattern=r"^[A-Za-z0-9.:_-]*$")
    rtp_ports: tuple[int, int] = (16384, 32767)  #: shared by all processes of the machine
    rtp_timeout_seconds: int = Field(default=20, ge=0, le=600)  #: without a sound a call is dead; 0: never
    ca_file: Path | None = None  #: certificate authority of TLS trunks, PEM; None: those of the machine
    lines_per_process: int = Field(default=80, ge=1, le=100)  #: one core bears about 100 calls
    #: a trunk of whose last calls this share met with faults of its own is spared for a while
    fault_share: float = Field(default=0.5, gt=0, le=1)
    fault_sample: int = Field(default=6, ge=1)  #: calls of the last minute before it is judged
    spare_seconds: float = Field(default=60.0, gt=0)  #: then one call tries whether it is back
    #: how long calls may go on once the process is told to end; then they are hung up
    finish_seconds: float = Field(default=55.0, ge=0, le=600)
    detection: DetectionSettings = DetectionSettings()
    #: keep what the called person says, as evidence; only where law and company allow it
    records_far_end: bool = False
    record_seconds: float = Field(default=120.0, gt=0, le=600)  #: the most that is kept of one call

    @property
    def is_configured(self) -> bool:
        """Whether calls can be made at all."""
        return bool(self.trunks) or self.smsc is not None

    @property
    def lines(self) -> int | None:
        """Calls at once, over all processes; None where no calls can be made."""
        if self.smsc is not None:
            return self.smsc.lines
        return sum(trunk.lines for trunk in self.trunks) or None

    @model_validator(mode="after")
    def _has_one_road(self) -> Self:
        if self.trunks and self.smsc is not None:
            raise ValueError("calls go over trunks or through SMSC: set voice.trunks or voice.smsc, not both")
        return self

    @model_validator(mode="after")
    def _trunks_fit_together(self) -> Self:
        names = [trunk.name for trunk in self.trunks]
        if len(set(names)) < len(names):
            raise ValueError("two trunks have the same name: give each its own (voice.trunks.name)")
        if len({trunk.weight is None for trunk in self.trunks}) > 1:
            raise ValueError("give every trunk a weight, or none of them")
        first, last = self.rtp_ports
        if not 1024 <= first < last <= 65535:
            raise ValueError("voice.rtp_ports is a range of ports, as in [16384, 32767]")
        return self
