"""What the doctor says of each record it finds, and the lines that it prints for the zone."""

from typing import Any

import dns.zone
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from channels.email.dkim_keys import DkimKey, make_private_key, to_pem
from dispatcher.cli.doctor_records import WantedRecord, relay_mechanisms
from dispatcher.cli.doctor_verdicts import Status
from dispatcher.core.settings import Settings, SmtpSettings
from tests.unit.cli.made_up_dns import KEYS, said, with_mail


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
        assert relay_mechanisms(company) == [mechanism]

    def test_every_mail_server_must_be_named(self, company: Settings) -> None:
        smtp = SmtpSettings.model_validate(
            {"host": "a.example.com", "servers": [{"name": "b", "host": "b.example.com"}]}
        )
        company = company.model_copy(update={"smtp": smtp})
        key = ("TXT", "bounces.example.com")
        status, words = said(company, "SPF", {key: ["v=spf1 a:a.example.com -all"]})
        assert (status, "b.example.com" in words) == (Status.WARNING, True)
        both = "v=spf1 a:a.example.com a:b.example.com -all"
        assert said(company, "SPF", {key: [both]})[0] is Status.WELL


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
