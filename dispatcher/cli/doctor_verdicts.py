"""What the doctor thinks of DNS records that it found. Pure but for the questions put to the answerer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Final

from channels.email.dkim_keys import DkimKey
from dispatcher.cli.doctor_dns import Answerer

MOST_LOOKUPS: Final = 10  #: RFC 7208 4.6.4
MOST_WALKED: Final = 8  #: names asked on the way up to the organisation's DMARC record
_LOOKING_UP: Final = ("include", "a", "mx", "ptr", "exists", "redirect")
_POLICIES: Final = ("none", "quarantine", "reject")


class Status(StrEnum):
    """How a check ended."""

    WELL = "well"  #: as it must be
    WARNING = "warning"  #: mail goes out, but something had better be changed
    WRONG = "wrong"  #: mail will be refused or reports are lost
    NOT_CHECKED = "not_checked"  #: DNS did not answer, or there is nothing to ask it yet


@dataclass(frozen=True, slots=True)
class Verdict:
    """A status and the words for people: what is wrong and what to do."""

    status: Status
    words: str


def judge_spf(dns: Answerer, domain: str, relay: str) -> Verdict:
    """`relay` is the host that the settings send by, or "" when it is on this machine or network."""
    records = [text for text in dns.texts(domain) if text.lower().split(" ")[0] == "v=spf1"]
    if not records:
        return Verdict(Status.WRONG, f"{domain} has no SPF record: publish this one")
    if len(records) > 1:
        return Verdict(
            Status.WRONG, f"{domain} has {len(records)} SPF records, which counts as none: keep one"
        )
    terms = records[0].lower().split()[1:]
    if "all" in terms or "+all" in terms:
        return Verdict(Status.WRONG, "it ends in +all and lets everybody send for the domain: end it in -all")
    lookups = sum(1 for term in terms if _mechanism(term) in _LOOKING_UP)
    if lookups > MOST_LOOKUPS:
        return Verdict(Status.WRONG, f"it needs {lookups} look-ups, {MOST_LOOKUPS} are allowed: shorten it")
    if not any(_mechanism(term) in ("all", "redirect") for term in terms) or "?all" in terms:
        return Verdict(Status.WARNING, "it forbids nobody: end it in -all")
    if relay and not _names_relay(dns, terms, relay):
        return Verdict(
            Status.WARNING, f"published, but it does not seem to name {relay}: see that it covers it"
        )
    return Verdict(Status.WELL, "published")


def judge_dkim(dns: Answerer, key: DkimKey, now: float) -> Verdict:
    """A key that signs must be published; one that will sign had better be already."""
    records = [text for text in dns.texts(key.record_name) if "p=" in text.replace(" ", "")]
    signs, will_sign = key.is_active(now), key.active_from > now
    if not records:
        if signs:
            return Verdict(
                Status.WRONG, "it signs but is not published, so no signature counts: publish it now"
            )
        words = "not published: publish it before it signs" if will_sign else "no longer signs, not published"
        return Verdict(Status.WARNING if will_sign else Status.WELL, words)
    if len(records) > 1:
        return Verdict(Status.WRONG, f"{len(records)} records under one selector: leave only this one")
    found, wanted = _tags(records[0]), _tags(key.record)
    if found.get("p") == "":
        return Verdict(Status.WRONG if signs else Status.WELL, "revoked in DNS (its p= is empty)")
    if found.get("p") != wanted["p"] or found.get("k", "rsa") != wanted["k"]:
        return Verdict(Status.WRONG, "another key is published under this selector: publish this one")
    if "y" in found.get("t", "").split(":"):
        return Verdict(
            Status.WARNING, "published with t=y (testing), so nobody minds a bad signature: take it out"
        )
    if key.is_weak:
        return Verdict(Status.WARNING, "published, but its RSA key is shorter than 2048 bits: change it")
    if not signs and not will_sign:
        return Verdict(
            Status.WELL, "published, no longer signs: leave it for a week after its end, then remove it"
        )
    return Verdict(Status.WELL, "published" if signs else "published, does not sign yet")


@dataclass(frozen=True, slots=True)
class DmarcPolicy:
    """The DMARC record that holds for a domain, and where it stands."""

    domain: str
    tags: Mapping[str, str]


def find_dmarc(dns: Answerer, domain: str) -> DmarcPolicy | None:
    """The record of the domain or of the nearest parent that has one. Raises `DnsSilentError`."""
    labels = domain.split(".")
    for start in range(min(len(labels) - 1, MOST_WALKED)):
        name = ".".join(labels[start:])
        records = [text for text in dns.texts(f"_dmarc.{name}") if _tags(text).get("v") == "DMARC1"]
        if len(records) == 1:
            return DmarcPolicy(name, _tags(records[0]))
        if records:
            return DmarcPolicy(name, {})
    return None


def judge_dmarc(policy: DmarcPolicy | None, domain: str) -> Verdict:
    """What the record that holds for the From domain asks for."""
    if policy is None:
        return Verdict(Status.WRONG, f"neither {domain} nor a parent has a DMARC record: publish this one")
    if not policy.tags:
        return Verdict(
            Status.WRONG, f"_dmarc.{policy.domain} has several DMARC records, which counts as none"
        )
    is_own = policy.domain == domain
    where = "published" if is_own else f"the one of {policy.domain} holds"
    asked = policy.tags.get("p", "")
    if not is_own:
        asked = policy.tags.get("sp", asked)
    if asked not in _POLICIES:
        return Verdict(
            Status.WRONG, f"{where}, but its policy is {asked!r}: write p=none, quarantine or reject"
        )
    if not policy.tags.get("rua"):
        return Verdict(Status.WARNING, f"{where} ({asked}), but asks for no reports: add rua=mailto:…")
    more = ": when the reports show only good mail of ours, go on to p=quarantine" if asked == "none" else ""
    return Verdict(Status.WELL, f"{where}, policy {asked}{more}")


def judge_report_consent(dns: Answerer, name: str) -> Verdict:
    """Whether another domain takes our DMARC reports."""
    if not any(_tags(text).get("v") == "DMARC1" for text in dns.texts(name)):
        return Verdict(Status.WARNING, "that domain does not take reports about ours: it must publish this")
    return Verdict(Status.WELL, "the domain that gets the reports takes them")


def is_aligned(domain: str, from_domain: str, policy: DmarcPolicy | None, tag: str) -> bool:
    """Whether a domain speaks for the From domain (RFC 7489 3.1); `tag` is `adkim` or `aspf`."""
    if domain == from_domain:
        return True
    if policy is not None and policy.tags.get(tag, "r").lower() == "s":
        return False
    if _is_below(domain, from_domain) or _is_below(from_domain, domain):
        return True
    # Sisters below one parent: only a DMARC record of that parent says that it is no public suffix.
    return policy is not None and _is_below(domain, policy.domain) and _is_below(from_domain, policy.domain)


def judge_bounces(dns: Answerer, domain: str) -> Verdict:
    """Whether reports of failed delivery can come back."""
    hosts = [host for _, host in dns.mail_hosts(domain)]
    if not hosts:
        return Verdict(Status.WRONG, f"{domain} has no MX record, so no bounce comes back: publish one")
    if "" in hosts:
        return Verdict(Status.WRONG, f"{domain} says that it takes no mail (MX 0 .): name the mail server")
    lost = [host for host in hosts if not dns.addresses(host)]
    if lost:
        return Verdict(
            Status.WRONG, f"the mail server {lost[0]} of {domain} has no address: correct the MX record"
        )
    return Verdict(Status.WELL, f"goes to {', '.join(hosts)}")


def _names_relay(dns: Answerer, terms: Sequence[str], relay: str) -> bool:
    if any(_mechanism(term) in ("include", "mx", "exists", "redirect") for term in terms):
        return True  # who is behind them is their owner's matter
    if f"a:{relay}" in terms or f"+a:{relay}" in terms:
        return True
    networks = [
        ip_network(term.lstrip("+").partition(":")[2], strict=False)
        for term in terms
        if _mechanism(term) in ("ip4", "ip6") and _is_network(term.lstrip("+").partition(":")[2])
    ]
    addresses = (
        [ip_address(relay)] if _is_network(relay) else [ip_address(one) for one in dns.addresses(relay)]
    )
    return any(address in network for address in addresses for network in networks)


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _mechanism(term: str) -> str:
    return term.lstrip("+-~?").partition(":")[0].partition("=")[0].partition("/")[0]


def _tags(record: str) -> dict[str, str]:
    """`name=value` pairs; blanks inside a value, which a split key may have got, are dropped."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs if name.strip()}


def _is_below(domain: str, parent: str) -> bool:
    return domain == parent or domain.endswith(f".{parent}")
