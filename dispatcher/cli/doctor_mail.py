"""`dispatcher doctor --mail`: which DNS records our mail needs, and whether they are there.

The records are printed whatever DNS says, since this is where they are copied from. A name server that does
not answer makes a check "not checked" and nothing else.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from channels.email.dkim_keys import DkimKey, load_keys, sender_domain
from dispatcher.cli.console import output, print_json
from dispatcher.cli.dkim import KEY_DIRECTORY
from dispatcher.cli.doctor_dns import Answerer, DnsSilentError
from dispatcher.cli.doctor_records import (
    MAIL_HOST,
    PUBLIC_ADDRESS,
    WantedRecord,
    bounce_domain,
    bounce_record,
    dkim_record,
    dmarc_record,
    relay_mechanisms,
    report_consent_record,
    spf_record,
)
from dispatcher.cli.doctor_verdicts import (
    DmarcPolicy,
    Status,
    Verdict,
    find_dmarc,
    is_aligned,
    judge_bounces,
    judge_dkim,
    judge_dmarc,
    judge_report_consent,
    judge_spf,
)
from dispatcher.core.errors import ConfigurationError
from dispatcher.core.settings import DkimKeySettings, Settings

MARKS: Final[Mapping[Status, str]] = {
    Status.WELL: "[green]✔[/green]",
    Status.WARNING: "[yellow]![/yellow]",
    Status.WRONG: "[red]✘[/red]",
    Status.NOT_CHECKED: "[dim]?[/dim]",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing looked at, with the record to publish where there is one."""

    subject: str
    verdict: Verdict
    record: WantedRecord | None = None

    def to_json(self) -> Mapping[str, Any]:
        """For `--json`."""
        return {
            "subject": self.subject,
            "status": str(self.verdict.status),
            "words": self.verdict.words,
            "record": None if self.record is None else self.record.to_json(),
        }


def examine_mail(settings: Settings, dns: Answerer, now: datetime) -> Iterator[Item]:
    """Every check of the mail's DNS in turn; nothing here raises for what DNS or a key file is like."""
    try:
        domain, bounces = sender_domain(settings.mail), bounce_domain(settings.mail)
        spf, dmarc = spf_record(settings), dmarc_record(settings.mail)
    except ConfigurationError as error:
        yield Item("settings", Verdict(Status.WRONG, str(error)))
        return
    yield Item("SPF", _spf_words(_asked(lambda: _judge_relays(dns, spf.name, settings)), spf, settings), spf)
    keys, fault = _keys(settings)
    if fault is not None:
        yield Item("DKIM", Verdict(Status.WRONG, fault))
    for key in keys:
        verdict = _asked(lambda key=key: judge_dkim(dns, key, now.timestamp()))  # type: ignore[misc]
        yield Item(f"DKIM {key.selector}", verdict, dkim_record(key))
    made = made_keys(settings)
    for key in made:
        verdict = _asked(lambda key=key: judge_dkim(dns, key, now.timestamp()))  # type: ignore[misc]
        yield Item(f"DKIM {key.selector} (made, not in the settings)", verdict, dkim_record(key))
    if fault is None:
        yield Item("signing", judge_signing(keys, now, has_made=bool(made)))
    yield from _dmarc(dns, dmarc, keys, domain, bounces)
    consent = report_consent_record(settings.mail)
    if consent is not None:
        yield Item("DMARC reports", _asked(lambda: judge_report_consent(dns, consent.name)), consent)
    mx = bounce_record(settings)
    yield Item("bounces", _mx_words(_asked(lambda: judge_bounces(dns, bounces)), mx), mx)
    yield Item("List-Unsubscribe", _asked(lambda: judge_unsubscribe(dns, settings.web.public_url)))


def _judge_relays(dns: Answerer, domain: str, settings: Settings) -> Verdict:
    """The SPF record must name each mail server; the first that it does not name is said."""
    relays = relay_mechanisms(settings)
    hosts = ["" if relay.endswith(PUBLIC_ADDRESS) else relay.partition(":")[2] for relay in relays]
    verdicts = [judge_spf(dns, domain, host) for host in hosts]
    return next((verdict for verdict in verdicts if verdict.status is not Status.WELL), verdicts[0])


def made_keys(settings: Settings) -> Sequence[DkimKey]:
    """Keys that `dispatcher dkim new-key` has made and that wait for their record: no setting names them.

    A key of another domain than that of the From address is known by its setting only.
    """
    named = {one.private_key_file.absolute() for one in settings.mail.dkim_keys}
    found = []
    for path in sorted((settings.data_directory / KEY_DIRECTORY).glob("*.pem")):
        if path.absolute() in named:
            continue
        only = DkimKeySettings(selector=path.stem, private_key_file=path)
        with suppress(ConfigurationError):  # none of ours, or none that could sign
            (key,) = load_keys(settings.mail.model_copy(update={"dkim_keys": [only]}))
            found.append(replace(key, active_from=float("inf")))
    return found


def judge_signing(keys: Sequence[DkimKey], now: datetime, *, has_made: bool = False) -> Verdict:
    """Whether mail is signed now, and by keys that everybody can check."""
    at = now.timestamp()
    active = [key for key in keys if key.is_active(at)]
    if not keys:
        return Verdict(
            Status.WARNING,
            "nothing is signed, so large providers refuse bulk mail unless the relay signs it: "
            + (
                "when the made key is published, put it into the settings (mail.dkim_keys)"
                if has_made
                else "make a key with `dispatcher dkim new-key`"
            ),
        )
    if not active:
        begin = datetime.fromtimestamp(min(key.active_from for key in keys), UTC)
        return Verdict(Status.WARNING, f"nothing is signed before {begin:%Y-%m-%d %H:%M} UTC")
    names = ", ".join(f"{key.selector} ({key.kind})" for key in active)
    if all(key.kind == "ed25519" for key in active):
        return Verdict(
            Status.WARNING, f"signed by {names}; not every provider checks Ed25519: let an RSA key sign too"
        )
    return Verdict(Status.WELL, f"signed by {names}")


def judge_unsubscribe(dns: Answerer, public_url: str) -> Verdict:
    """The address of the one-click headers (RFC 8058 3.1: it must be https)."""
    parts = urlsplit(public_url)
    if parts.scheme != "https":
        return Verdict(
            Status.WRONG,
            f"the links begin with {parts.scheme}:, so one-click unsubscribing does not count: "
            "serve the pages by https and set DISPATCHER_WEB__PUBLIC_URL",
        )
    host = parts.hostname or ""
    if not host or not (_is_address(host) or dns.addresses(host)):
        words = f"{host or public_url!r} has no address in DNS: correct DISPATCHER_WEB__PUBLIC_URL"
        return Verdict(Status.WRONG, words)
    return Verdict(Status.WELL, f"the links lead to {host} by https")


def show(items: Sequence[Item], *, as_json: bool) -> bool:
    """Print; tells whether nothing is wrong."""
    is_well = all(item.verdict.status is not Status.WRONG for item in items)
    if as_json:
        print_json({"is_well": is_well, "items": [item.to_json() for item in items]})
        return is_well
    for item in items:
        output.print(f"{MARKS[item.verdict.status]} {item.subject}: ", end="")
        output.print(item.verdict.words, markup=False, highlight=False)
        if item.record is not None:
            output.print(f"    {item.record.zone_line}", markup=False, highlight=False)
    return is_well


def _keys(settings: Settings) -> tuple[Sequence[DkimKey], str | None]:
    try:
        return load_keys(settings.mail), None
    except ConfigurationError as error:
        return (), str(error)


def _dmarc(
    dns: Answerer, record: WantedRecord, keys: Sequence[DkimKey], domain: str, bounces: str
) -> Iterator[Item]:
    policy: DmarcPolicy | None = None
    strange = Status.WARNING
    try:
        policy = find_dmarc(dns, domain)
        verdict = judge_dmarc(policy, domain)
    except DnsSilentError as error:
        verdict = _not_checked(error)
        strange = Status.NOT_CHECKED  # a parent's record, unseen, may hold both domains together
    yield Item("DMARC", verdict, record)
    for signer in sorted({key.domain for key in keys}):
        if not is_aligned(signer, domain, policy, "adkim"):
            words = f"signatures of {signer} do not speak for {domain} in the From: sign as {domain}"
            yield Item("DKIM alignment", Verdict(strange, words))
    if not is_aligned(bounces, domain, policy, "aspf"):
        words = f"SPF of {bounces} does not speak for {domain} in the From: only DKIM carries DMARC"
        yield Item("SPF alignment", Verdict(strange, words))


def _asked(judge: Callable[[], Verdict]) -> Verdict:
    try:
        return judge()
    except DnsSilentError as error:
        return _not_checked(error)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _not_checked(error: DnsSilentError) -> Verdict:
    return Verdict(Status.NOT_CHECKED, f"not checked, {error}")


def _spf_words(verdict: Verdict, record: WantedRecord, settings: Settings) -> Verdict:
    if PUBLIC_ADDRESS in record.value:
        where = settings.smtp.host or "the mail server (none is set)"
        more = f"; put the public address by which {where} sends in place of {PUBLIC_ADDRESS}"
    else:
        more = (
            "; if the relay sends by other addresses, take the words that its owner names (often include:…)"
        )
    return verdict if verdict.status is Status.WELL else Verdict(verdict.status, verdict.words + more)


def _mx_words(verdict: Verdict, record: WantedRecord) -> Verdict:
    if verdict.status is Status.WELL or not record.value.endswith(MAIL_HOST):
        return verdict
    more = f"; put the mail server that hands mail to the bounce listener in place of {MAIL_HOST}"
    return Verdict(verdict.status, verdict.words + more)
