"""A DNS made up for the company of the fixture."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from channels.email.dkim_keys import DkimKey, KeyKind, make_private_key, to_pem
from dispatcher.cli.doctor_dns import DnsSilentError
from dispatcher.cli.doctor_mail import Item, examine_mail
from dispatcher.cli.doctor_verdicts import Status
from dispatcher.core.settings import MailSettings, Settings

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KINDS: tuple[KeyKind, ...] = ("rsa", "ed25519")
KEYS = {kind: DkimKey("example.com", kind, make_private_key(kind)) for kind in KINDS}
PEMS = {kind: to_pem(key.private_key) for kind, key in KEYS.items()}


#: Answers by kind of record and name.
Table = Mapping[tuple[str, str], Any]


class MadeUpDns:
    """Answers from a table; a name whose answer is None is met with silence."""

    def __init__(self, table: Table, *, is_silent: bool = False) -> None:
        self.table = dict(table)
        self.is_silent = is_silent

    def texts(self, name: str) -> Sequence[str]:
        return self._answer("TXT", name)

    def mail_hosts(self, name: str) -> Sequence[tuple[int, str]]:
        return self._answer("MX", name)

    def addresses(self, name: str) -> Sequence[str]:
        return self._answer("A", name)

    def _answer(self, kind: str, name: str) -> Sequence[Any]:
        answer = self.table.get((kind, name), ())
        if self.is_silent or answer is None:
            raise DnsSilentError("no name server answered in time")
        return list(answer)


def with_mail(company: Settings, **changes: Any) -> Settings:
    mail = MailSettings.model_validate(company.mail.model_dump() | changes)
    return company.model_copy(update={"mail": mail})


def published(company: Settings) -> dict[tuple[str, str], Any]:
    """Everything as it should be in DNS."""
    return {
        ("TXT", "bounces.example.com"): ["v=spf1 a:relay.example.com -all"],
        ("TXT", "_dmarc.example.com"): ["v=DMARC1; p=none; rua=mailto:dmarc@example.com"],
        ("MX", "bounces.example.com"): [(10, "mx.example.com")],
        ("A", "mx.example.com"): ["192.0.2.1"],
        ("A", "lk.example.com"): ["192.0.2.2"],
        ("A", "relay.example.com"): ["192.0.2.3"],
        **{
            ("TXT", f"{key.selector}._domainkey.{key.domain or 'example.com'}"): [KEYS[key.selector].record]
            for key in company.mail.dkim_keys
            if key.selector in KEYS
        },
    }


def items(company: Settings, table: Table | None = None, **options: bool) -> list[Item]:
    dns = MadeUpDns(published(company) if table is None else table, **options)
    return list(examine_mail(company, dns, NOW))


def said(company: Settings, subject: str, table: Table | None = None) -> tuple[Status, str]:
    """Status and words of one item; the rest of DNS is as it should be."""
    changed = published(company) | dict(table or {})
    (item,) = [one for one in items(company, changed) if one.subject == subject]
    return item.verdict.status, item.verdict.words
