"""The DNS records that our mail needs, as they are to be published. Nothing here asks DNS."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final, Literal

from channels.email.addresses import ascii_domain, parse_address
from channels.email.dkim_keys import DkimKey, sender_domain
from channels.email.errors import UnsendableError
from dispatcher.core.errors import ConfigurationError
from dispatcher.core.settings import MailSettings, Settings

STRING_OCTETS: Final = 255  #: RFC 1035 3.3: the longest string of a TXT record
RECORD_SECONDS: Final = 3600
PUBLIC_ADDRESS: Final = "ADDRESS"  #: stands where only the reader knows the relay's public address
MAIL_HOST: Final = "MAIL-HOST"  #: stands where only the reader knows the host


@dataclass(frozen=True, slots=True)
class WantedRecord:
    """One record to publish; names are ASCII without the last dot."""

    name: str
    kind: Literal["TXT", "MX"]
    value: str

    @property
    def strings(self) -> tuple[str, ...]:
        """A TXT record's text in pieces that fit into DNS; readers join them without a blank."""
        if self.kind != "TXT":
            return (self.value,)
        return tuple(
            self.value[start : start + STRING_OCTETS] for start in range(0, len(self.value), STRING_OCTETS)
        )

    @property
    def zone_line(self) -> str:
        """The record as it stands in a zone file."""
        value = self.value
        if self.kind == "TXT":
            escaped = (one.replace("\\", "\\\\").replace('"', '\\"') for one in self.strings)
            quoted = " ".join(f'"{one}"' for one in escaped)
            value = f"( {quoted} )" if len(self.strings) > 1 else quoted
        elif not value.endswith(f" {MAIL_HOST}"):
            value += "."
        return f"{self.name}. {RECORD_SECONDS} IN {self.kind} {value}"

    def to_json(self) -> Mapping[str, Any]:
        """For `--json`."""
        return {
            "name": self.name,
            "type": self.kind,
            "value": self.value,
            "strings": list(self.strings),
            "zone_line": self.zone_line,
        }


def bounce_domain(mail: MailSettings) -> str:
    """The domain of the envelope sender; raises `ConfigurationError` when it is none."""
    return ascii_domain(mail.bounce_domain).lower()


def spf_record(settings: Settings) -> WantedRecord:
    """Who may send for the domain of the envelope sender: the relays, and nobody else (RFC 7208)."""
    relays = " ".join(relay_mechanisms(settings))
    return WantedRecord(bounce_domain(settings.mail), "TXT", f"v=spf1 {relays} -all")


def relay_mechanisms(settings: Settings) -> list[str]:
    """The relays in the words of SPF; one on this machine or network has another address outside."""
    return list(dict.fromkeys(_relay_mechanism(server.host) for server in settings.smtp.all_servers()))


def _relay_mechanism(host: str) -> str:
    host = host.strip("[]").lower()
    try:
        address = ip_address(host)
    except ValueError:
        is_known = "." in host and not host.endswith((".local", ".localhost", ".internal", ".lan"))
        return f"a:{ascii_domain(host)}" if is_known else f"ip4:{PUBLIC_ADDRESS}"
    return f"ip{address.version}:{address}" if address.is_global else f"ip4:{PUBLIC_ADDRESS}"


def dkim_record(key: DkimKey) -> WantedRecord:
    """The public half of a key."""
    return WantedRecord(key.record_name, "TXT", key.record)


def dmarc_record(mail: MailSettings) -> WantedRecord:
    """What others shall do with mail that only claims to be ours: at first, report it (RFC 7489)."""
    return WantedRecord(
        f"_dmarc.{sender_domain(mail)}", "TXT", f"v=DMARC1; p=none; rua=mailto:{report_address(mail)}"
    )


def report_consent_record(mail: MailSettings) -> WantedRecord | None:
    """What another domain must publish to take reports about ours (RFC 7489 7.1); None when it is ours."""
    ours, theirs = sender_domain(mail), report_address(mail).rpartition("@")[2].lower()
    if theirs == ours or theirs.endswith(f".{ours}") or ours.endswith(f".{theirs}"):
        return None
    return WantedRecord(f"{ours}._report._dmarc.{theirs}", "TXT", "v=DMARC1")


def report_address(mail: MailSettings) -> str:
    """Where DMARC reports go; raises `ConfigurationError` when that is no address."""
    address = mail.dmarc_reports or f"dmarc@{sender_domain(mail)}"
    try:
        return parse_address(address).text
    except UnsendableError as error:
        raise ConfigurationError(
            f"settings mail: {address!r} is no e-mail address: correct dmarc_reports"
        ) from error


def bounce_record(settings: Settings) -> WantedRecord:
    """Where reports of failed delivery go: the mail server in front of the bounce listener."""
    host = settings.bounce_listener.host.lower()
    is_name = "." in host and not host.replace(".", "").isdigit() and ":" not in host
    return WantedRecord(bounce_domain(settings.mail), "MX", f"10 {host if is_name else MAIL_HOST}")
