"""What the doctor says of a company's mail in DNS, with a made-up DNS."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dns.zone
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from channels.email.dkim_keys import DkimKey, KeyKind, make_private_key, to_pem
from dispatcher.cli.doctor_dns import DnsSilentError
from dispatcher.cli.doctor_mail import Item, examine_mail, show
from dispatcher.cli.doctor_records import WantedRecord, relay_mechanism
from dispatcher.cli.doctor_verdicts import Status
from dispatcher.core.settings import MailSettings, Settings, SmtpSettings

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


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A company whose settings are in order: it signs by RSA and Ed25519."""
    monkeypatch.chdir(tmp_path)
    keys = []
    for kind, pem in PEMS.items():
        path = tmp_path / f"{kind}.pem"
        path.touch(mode=0o600)
        path.write_bytes(pem)
        keys.append({"selector": kind, "private_key_file": path})
    return Settings.model_validate(
        {
            "smtp": {"host": "relay.example.com"},
            "mail": {
                "from_address": "notify@example.com",
                "bounce_domain": "bounces.example.com",
                "dkim_keys": keys,
            },
            "web": {"public_url": "https://lk.example.com"},
        }
    )


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


class TestExamineMail:
    def test_all_is_well_when_all_is_published(self, company: Settings) -> None:
        found = items(company)
        assert [(one.subject, one.verdict.status) for one in found] == [
            (subject, Status.WELL)
            for subject in (
                "SPF",
                "DKIM rsa",
                "DKIM ed25519",
                "signing",
                "DMARC",
                "bounces",
                "List-Unsubscribe",
            )
        ]

    def test_every_record_to_publish_is_there_when_nothing_is(self, company: Settings) -> None:
        found = items(company, {})
        records = {one.record.name: one.record for one in found if one.record is not None}
        assert set(records) == {
            "bounces.example.com",
            "rsa._domainkey.example.com",
            "ed25519._domainkey.example.com",
            "_dmarc.example.com",
        }
        wrong = {one.subject for one in found if one.verdict.status is Status.WRONG}
        assert wrong == {"SPF", "DKIM rsa", "DKIM ed25519", "DMARC", "bounces", "List-Unsubscribe"}

    def test_a_silent_dns_is_no_fault(self, company: Settings, capsys: pytest.CaptureFixture[str]) -> None:
        found = items(company, is_silent=True)
        statuses = {one.subject: one.verdict.status for one in found}
        assert set(statuses.values()) == {Status.WELL, Status.NOT_CHECKED}
        assert statuses["signing"] is Status.WELL
        assert show(found, as_json=False)
        shown = capsys.readouterr().out
        assert "? SPF: not checked, no name server answered in time" in shown
        assert 'bounces.example.com. 3600 IN TXT "v=spf1 a:relay.example.com -all"' in shown

    def test_a_key_file_that_is_missing_stops_no_other_check(self, company: Settings) -> None:
        keys = [{"selector": "a", "private_key_file": Path("none.pem")}]
        found = items(with_mail(company, dkim_keys=keys), published(company))
        (fault,) = [one for one in found if one.verdict.status is Status.WRONG]
        assert fault.subject == "DKIM"
        assert "none.pem is not there" in fault.verdict.words

    def test_settings_that_are_no_names_are_said(self, company: Settings) -> None:
        for wrong in ({"from_address": "nobody"}, {"bounce_domain": "no name"}, {"dmarc_reports": "a;b"}):
            (item,) = items(with_mail(company, **wrong), {})
            assert (item.subject, item.verdict.status) == ("settings", Status.WRONG)

    def test_json_holds_the_same(self, company: Settings, capsys: pytest.CaptureFixture[str]) -> None:
        assert not show(items(company, {}), as_json=True)
        told = json.loads(capsys.readouterr().out)
        assert told["is_well"] is False
        rsa = next(one for one in told["items"] if one["subject"] == "DKIM rsa")
        assert rsa["status"] == "wrong"
        assert "".join(rsa["record"]["strings"]) == rsa["record"]["value"]


class TestSpf:
    @pytest.mark.parametrize(
        ("record", "status", "words"),
        [
            ("v=spf1 a:relay.example.com -all", Status.WELL, "published"),
            ("v=spf1 include:_spf.provider.example ~all", Status.WELL, "published"),
            ("v=spf1 ip4:192.0.2.0/24 -all", Status.WELL, "published"),
            ("v=spf1 redirect=_spf.example.com", Status.WELL, "published"),
            ("v=spf1 ip4:198.51.100.0/24 -all", Status.WARNING, "relay.example.com"),
            ("v=spf1 ip4:nonsense -all", Status.WARNING, "relay.example.com"),
            ("v=spf1 a:relay.example.com", Status.WARNING, "forbids nobody"),
            ("v=spf1 a:relay.example.com ?all", Status.WARNING, "forbids nobody"),
            ("v=spf1 +all", Status.WRONG, "everybody"),
            ("v=spf1 " + "include:x.example " * 11 + "-all", Status.WRONG, "look-ups"),
            ("v=spf10 -all", Status.WRONG, "no SPF record"),
        ],
    )
    def test_one_record(self, company: Settings, record: str, status: Status, words: str) -> None:
        found = said(company, "SPF", {("TXT", "bounces.example.com"): ["other=text", record]})
        assert found[0] is status
        assert words in found[1]

    def test_two_records_count_as_none(self, company: Settings) -> None:
        two = ["v=spf1 -all", "v=spf1 a:relay.example.com -all"]
        status, words = said(company, "SPF", {("TXT", "bounces.example.com"): two})
        assert status is Status.WRONG
        assert "2 SPF records" in words

    @pytest.mark.parametrize(
        ("host", "mechanism"),
        [
            ("relay.example.com", "a:relay.example.com"),
            ("почта.пример.рф", "a:xn--80a1acny.xn--e1afmkfd.xn--p1ai"),
            ("8.8.4.4", "ip4:8.8.4.4"),
            ("2a00:1450::1", "ip6:2a00:1450::1"),
            *((host, "ip4:ADDRESS") for host in ("", "localhost", "127.0.0.1", "10.0.0.7", "mail", "mx.lan")),
        ],
    )
    def test_the_relay_in_the_words_of_spf(self, company: Settings, host: str, mechanism: str) -> None:
        company = company.model_copy(update={"smtp": SmtpSettings(host=host)})
        assert relay_mechanism(company) == mechanism


class TestDkim:
    NAME = ("TXT", "rsa._domainkey.example.com")

    def test_a_key_that_signs_unpublished(self, company: Settings) -> None:
        status, words = said(company, "DKIM rsa", {self.NAME: []})
        assert status is Status.WRONG
        assert "publish it now" in words

    def test_another_key_under_the_selector(self, company: Settings) -> None:
        other = DkimKey("example.com", "rsa", make_private_key("rsa")).record
        status, words = said(company, "DKIM rsa", {self.NAME: [other]})
        assert status is Status.WRONG
        assert "another key" in words

    def test_blanks_and_order_do_not_matter(self, company: Settings) -> None:
        public = KEYS["rsa"].record.partition("p=")[2]
        record = f"p={public[:100]} {public[100:]};v=DKIM1"
        assert said(company, "DKIM rsa", {self.NAME: [record]})[0] is Status.WELL

    def test_two_records_under_one_selector(self, company: Settings) -> None:
        record = KEYS["rsa"].record
        assert said(company, "DKIM rsa", {self.NAME: [record, record]})[0] is Status.WRONG

    def test_a_revoked_key_that_signs(self, company: Settings) -> None:
        status, words = said(company, "DKIM rsa", {self.NAME: ["v=DKIM1; p="]})
        assert status is Status.WRONG
        assert "revoked" in words

    def test_a_key_in_testing(self, company: Settings) -> None:
        record = KEYS["rsa"].record + "; t=y:s"
        status, words = said(company, "DKIM rsa", {self.NAME: [record]})
        assert status is Status.WARNING
        assert "t=y" in words

    def test_a_short_key(self, company: Settings) -> None:
        short = generate_private_key(65_537, 1024)
        company.mail.dkim_keys[0].private_key_file.write_bytes(to_pem(short))
        table = {self.NAME: [DkimKey("example.com", "rsa", short).record]}
        status, words = said(company, "DKIM rsa", table)
        assert status is Status.WARNING
        assert "2048" in words


class TestRotation:
    def company_with(self, company: Settings, rsa: dict[str, str], ed25519: dict[str, str]) -> Settings:
        keys = [key.model_dump() for key in company.mail.dkim_keys]
        return with_mail(company, dkim_keys=[keys[0] | rsa, keys[1] | ed25519])

    def test_the_new_key_is_to_be_published_first(self, company: Settings) -> None:
        company = self.company_with(company, {}, {"active_from": "2026-12-01T00:00:00Z"})
        unpublished: Table = {("TXT", "ed25519._domainkey.example.com"): []}
        assert said(company, "DKIM ed25519", unpublished)[0] is Status.WARNING
        assert said(company, "DKIM ed25519") == (Status.WELL, "published, does not sign yet")

    def test_the_old_key_is_to_stay_for_a_while(self, company: Settings) -> None:
        ended = {"active_until": "2026-11-20T00:00:00Z"}
        company = self.company_with(company, ended, {"active_from": "2026-11-20T00:00:00Z"})
        assert "leave it for a week" in said(company, "DKIM rsa")[1]
        assert said(company, "DKIM rsa", {("TXT", "rsa._domainkey.example.com"): []})[0] is Status.WELL

    def test_nothing_signs_yet(self, company: Settings) -> None:
        later = {"active_from": "2026-12-01T00:00:00Z"}
        status, words = said(self.company_with(company, later, later), "signing")
        assert status is Status.WARNING
        assert "2026-12-01 00:00 UTC" in words


class TestSigning:
    def test_no_key_at_all(self, company: Settings) -> None:
        status, words = said(with_mail(company, dkim_keys=[]), "signing")
        assert status is Status.WARNING
        assert "dispatcher dkim new-key" in words

    def test_ed25519_alone(self, company: Settings) -> None:
        company = with_mail(company, dkim_keys=[company.mail.dkim_keys[1].model_dump()])
        status, words = said(company, "signing")
        assert status is Status.WARNING
        assert "RSA" in words


class TestDmarc:
    @pytest.mark.parametrize(
        ("record", "status", "words"),
        [
            ("v=DMARC1; p=reject; rua=mailto:a@example.com", Status.WELL, "policy reject"),
            ("v=DMARC1; p=none; rua=mailto:a@example.com", Status.WELL, "go on to p=quarantine"),
            ("v=DMARC1; p=none", Status.WARNING, "rua"),
            ("v=DMARC1; p=all; rua=mailto:a@example.com", Status.WRONG, "'all'"),
            ("v=DMARC1; rua=mailto:a@example.com", Status.WRONG, "p=none"),
            ("v=dmarc1; p=none", Status.WRONG, "publish this one"),
        ],
    )
    def test_one_record(self, company: Settings, record: str, status: Status, words: str) -> None:
        found = said(company, "DMARC", {("TXT", "_dmarc.example.com"): [record]})
        assert found[0] is status
        assert words in found[1]

    def test_two_records_count_as_none(self, company: Settings) -> None:
        table = {("TXT", "_dmarc.example.com"): ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}
        assert said(company, "DMARC", table)[0] is Status.WRONG

    def test_the_record_of_a_parent_holds(self, company: Settings) -> None:
        company = with_mail(company, from_address="notify@mail.example.com")
        table = {("TXT", "_dmarc.example.com"): ["v=DMARC1; p=reject; sp=none; rua=mailto:a@example.com"]}
        status, words = said(company, "DMARC", table)
        assert status is Status.WELL
        assert "the one of example.com holds, policy none" in words

    def test_reports_to_another_company_need_its_word(self, company: Settings) -> None:
        company = with_mail(company, dmarc_reports="us@reports.example.net")
        name = "example.com._report._dmarc.reports.example.net"
        assert said(company, "DMARC reports")[0] is Status.WARNING
        assert said(company, "DMARC reports", {("TXT", name): ["v=DMARC1;"]})[0] is Status.WELL


class TestAlignment:
    def subjects(self, company: Settings, table: Table | None = None) -> dict[str, Status]:
        found = items(company, published(company) | dict(table or {}))
        return {one.subject: one.verdict.status for one in found if one.subject.endswith("alignment")}

    def signing_as(self, company: Settings, domain: str) -> Settings:
        keys = [key.model_dump() | {"domain": domain} for key in company.mail.dkim_keys]
        return with_mail(company, dkim_keys=keys)

    def test_a_strange_domain_is_said(self, company: Settings) -> None:
        assert self.subjects(self.signing_as(company, "provider.example")) == {
            "DKIM alignment": Status.WARNING
        }
        company = with_mail(company, bounce_domain="provider.example")
        assert self.subjects(company) == {"SPF alignment": Status.WARNING}

    def test_domains_below_one_another_speak_for_each_other(self, company: Settings) -> None:
        assert self.subjects(self.signing_as(company, "mail.example.com")) == {}

    def test_strict_alignment_wants_the_very_domain(self, company: Settings) -> None:
        strict = {
            ("TXT", "_dmarc.example.com"): ["v=DMARC1; p=none; rua=mailto:a@b.example; adkim=s; aspf=s"]
        }
        found = self.subjects(self.signing_as(company, "mail.example.com"), strict)
        assert found == {"DKIM alignment": Status.WARNING, "SPF alignment": Status.WARNING}

    def test_sisters_are_one_family_by_their_parents_record(self, company: Settings) -> None:
        company = with_mail(
            self.signing_as(company, "sign.example.com"), from_address="notify@mail.example.com"
        )
        assert self.subjects(company) == {}
        nothing: Table = {("TXT", "_dmarc.example.com"): []}
        assert self.subjects(company, nothing)["DKIM alignment"] is Status.WARNING
        silence = {("TXT", "_dmarc.example.com"): None}
        assert self.subjects(company, silence)["DKIM alignment"] is Status.NOT_CHECKED


class TestBounces:
    NAME = ("MX", "bounces.example.com")

    @pytest.mark.parametrize(
        ("hosts", "words"),
        [
            ([], "no MX record"),
            ([(0, "")], "takes no mail"),
            ([(10, "lost.example.com")], "lost.example.com"),
        ],
    )
    def test_bounces_that_cannot_come_back(self, company: Settings, hosts: Any, words: str) -> None:
        status, told = said(company, "bounces", {self.NAME: hosts})
        assert status is Status.WRONG
        assert words in told

    def test_the_place_of_the_mail_server_is_said(self, company: Settings) -> None:
        assert "in place of MAIL-HOST" in said(company, "bounces", {self.NAME: []})[1]


class TestUnsubscribe:
    @pytest.mark.parametrize(
        ("url", "status"),
        [
            ("http://lk.example.com", Status.WRONG),
            ("https://nowhere.example.com", Status.WRONG),
            ("https://", Status.WRONG),
            ("https://lk.example.com/", Status.WELL),
            ("https://192.0.2.9", Status.WELL),
        ],
    )
    def test_the_links_must_be_https(self, company: Settings, url: str, status: Status) -> None:
        web = company.web.model_copy(update={"public_url": url})
        assert said(company.model_copy(update={"web": web}), "List-Unsubscribe")[0] is status


class TestWantedRecord:
    @pytest.mark.parametrize("length", [1, 254, 255, 256, 510, 511, 900])
    def test_long_texts_are_split_as_dns_wants(self, length: int) -> None:
        record = WantedRecord("a.example", "TXT", "x" * length)
        assert "".join(record.strings) == record.value
        assert max(map(len, record.strings)) <= 255
        assert len(record.strings) == -(-length // 255)

    def test_the_line_is_one_that_a_zone_takes(self) -> None:
        text = 'say "v=DKIM1"; \\ ' + "k" * 300
        line = WantedRecord("s._domainkey.example.com", "TXT", text).zone_line
        zone = dns.zone.from_text(
            f"@ 60 IN SOA a. b. 1 1 1 1 1\n@ 60 IN NS a.\n{line}\n"
            + WantedRecord("b.example.com", "MX", "10 mx.example.com").zone_line,
            origin="example.com.",
        )
        (record,) = zone.find_rdataset("s._domainkey", "TXT")
        assert b"".join(record.strings).decode() == text
        (mx,) = zone.find_rdataset("b", "MX")
        assert mx.exchange.to_text() == "mx"
