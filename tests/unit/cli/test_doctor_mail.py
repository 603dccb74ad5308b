"""What the doctor says of a company's mail as a whole: records, signing, alignment, links."""

import json
from pathlib import Path

import pytest

from dispatcher.cli.dkim import write_key
from dispatcher.cli.doctor_mail import show
from dispatcher.cli.doctor_verdicts import Status
from dispatcher.core.settings import Settings
from tests.unit.cli.made_up_dns import KEYS, PEMS, Table, items, published, said, with_mail


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

    def test_a_key_that_was_made_and_is_in_no_setting_is_looked_for_in_dns(
        self, company: Settings, tmp_path: Path
    ) -> None:
        company = with_mail(company, dkim_keys=[]).model_copy(update={"data_directory": tmp_path})
        write_key(tmp_path / "dkim" / "2026a.pem", PEMS["rsa"])
        subject = "DKIM 2026a (made, not in the settings)"
        record = KEYS["rsa"].record
        for table, words in (
            ({}, "not published: publish it before it signs"),
            ({("TXT", "2026a._domainkey.example.com"): [record]}, "published, does not sign yet"),
        ):
            found = {one.subject: one for one in items(company, table)}
            assert found[subject].verdict.words == words
            assert found[subject].record is not None
            assert "put it into the settings" in found["signing"].verdict.words

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
