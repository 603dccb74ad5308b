"""Importing a list: good rows stay, bad ones are reported, nobody is doubled, no withdrawal undone."""

from pathlib import Path

import pytest

from campaigns.errors import UnknownListError
from campaigns.import_list import BATCH, ImportRequest, import_list
from campaigns.list_errors import ListFileError
from consent.permission import ask_permission
from dispatcher.bootstrap import Application
from dispatcher.delivery.withdrawal import withdraw_consent
from tests.engine import Engine
from tests.factories import (
    HEADER,
    contact_of,
    give_consent,
    make_campaign,
    make_list,
    row,
    rows,
    write_list,
)


def withdraw(application: Application, address: str) -> None:
    contact = contact_of(application, address)
    with application.database.transaction() as session:
        withdraw_consent(
            session,
            contact,
            channel="email",
            purpose="debt",
            source="unsubscribe_link",
            recorded_by="recipient",
            now=application.clock.refresh(session),
        )


class TestRows:
    def test_bad_rows_are_reported_with_line_and_reason_and_good_ones_stay(self, engine: Engine) -> None:
        lines = [row(1), row(2, account="1,23E+12"), row(3, name=""), row(4, email="not an address"), row(5)]
        imported = make_list(engine.application, lines)
        assert (imported.recipients, imported.rejected) == (3, 2)
        found = engine.sql(
            "SELECT line, severity, reason, message FROM recipient_list_problem ORDER BY number"
        )
        assert [(one.line, one.severity, one.reason) for one in found] == [
            (3, "error", "account_scientific"),
            (4, "error", "required_empty"),
            (5, "warning", "email_bad"),
        ]
        assert all(one.message for one in found)
        taken = engine.sql("SELECT line FROM recipient ORDER BY position")
        assert [one.line for one in taken] == [2, 5, 6]

    def test_a_report_never_holds_the_value_itself(self, engine: Engine) -> None:
        make_list(engine.application, [row(1), row(2, email="somebody at home", phone="12-34")])
        report = repr(engine.sql("SELECT t::text FROM recipient_list_problem t"))
        assert "somebody" not in report
        assert "12-34" not in report

    def test_more_rows_than_a_batch_are_numbered_without_gaps(self, engine: Engine) -> None:
        count = 2 * BATCH + 7
        imported = make_list(engine.application, rows(count))
        assert imported.recipients == count
        positions = engine.sql("SELECT position FROM recipient ORDER BY position")
        assert [one.position for one in positions] == list(range(1, count + 1))

    def test_the_customer_group_is_kept_with_each_recipient(self, engine: Engine) -> None:
        make_list(engine.application, [row(1, group="1"), row(2, group="2"), row(3, group="3")])
        found = engine.sql("SELECT customer_group FROM recipient ORDER BY position")
        assert [one.customer_group for one in found] == [1, 2, 3]


class TestPeople:
    @pytest.mark.requirement(54, "One information base: import, dedupe")
    def test_the_same_file_again_is_a_new_version_with_nobody_doubled(self, engine: Engine) -> None:
        first, second = (make_list(engine.application, rows(30)) for _ in range(2))
        assert (first.version, second.version) == (1, 2)
        counts = engine.sql(
            "SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM account),"
            " (SELECT count(*) FROM contact_point), (SELECT count(*) FROM consent_event)"
        )[0]
        assert tuple(counts) == (30, 30, 60, 90)

    def test_two_accounts_of_one_person_are_one_person_with_one_address(self, engine: Engine) -> None:
        lines = [row(n, person="A1", email="same@example.org", phone="") for n in (1, 2)]
        make_list(engine.application, lines)
        assert [tuple(one) for one in engine.sql("SELECT count(*) FROM person")] == [(1,)]
        assert [tuple(one) for one in engine.sql("SELECT count(*) FROM account")] == [(2,)]
        assert [tuple(one) for one in engine.sql("SELECT count(*) FROM contact_point")] == [(1,)]

    def test_the_same_phone_does_not_make_two_rows_one_person(self, engine: Engine) -> None:
        lines = [row(n, person="", phone="+7 900 000-00-01") for n in (1, 2)]
        make_list(engine.application, lines)
        assert [tuple(one) for one in engine.sql("SELECT count(*) FROM person")] == [(2,)]

    @pytest.mark.requirement(8, "Store notification lists: freeze the list used by a campaign")
    def test_a_frozen_list_keeps_what_it_said_when_the_next_one_says_otherwise(self, engine: Engine) -> None:
        make_list(engine.application, [row(1, debt="100,00", name="Прежнее Имя")])
        run = make_campaign(engine.application).run_id
        make_list(engine.application, [row(1, debt="999,00", name="Новое Имя")])
        engine.start(run)
        engine.work()
        (letter,) = engine.email.sent
        assert "100,00" in letter.text
        assert "Прежнее Имя" in letter.text
        assert "999,00" not in letter.text


class TestConsent:
    def test_a_yes_never_undoes_a_withdrawal(self, engine: Engine) -> None:
        make_list(engine.application, rows(2))
        withdraw(engine.application, "person1@example.org")
        again = make_list(engine.application, rows(2))
        assert again.problems == 1
        (problem,) = engine.sql("SELECT line, severity, reason FROM recipient_list_problem")
        assert tuple(problem) == (2, "warning", "consent_was_withdrawn")
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert engine.notices(run)["person1@example.org"] == "blocked:consent_withdrawn"
        assert engine.email.addresses() == ["person2@example.org"]

    def test_a_no_in_the_list_takes_an_earlier_yes_back(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        make_list(engine.application, rows(1, consent="нет"))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert engine.notices(run) == {"person1@example.org": "blocked:consent_withdrawn"}

    def test_silence_in_the_list_changes_nothing(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        make_list(engine.application, rows(1, consent=""))
        run = engine.start(make_campaign(engine.application).run_id)
        assert engine.finish(run) == {"notified": 1}

    def test_a_no_after_a_withdrawal_does_not_open_the_way_for_a_yes(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        withdraw(engine.application, "person1@example.org")
        make_list(engine.application, rows(1, consent="нет"))
        make_list(engine.application, rows(1, consent="да"))
        run = engine.start(make_campaign(engine.application).run_id)
        engine.work()
        assert engine.notices(run) == {"person1@example.org": "blocked:consent_withdrawn"}

    def test_whoever_agrees_again_in_person_is_written_to(self, engine: Engine) -> None:
        make_list(engine.application, rows(1))
        withdraw(engine.application, "person1@example.org")
        give_consent(engine.application, "person1@example.org")
        run = engine.start(make_campaign(engine.application).run_id)
        assert engine.finish(run) == {"notified": 1}

    def test_two_rows_of_one_person_that_disagree_count_as_no(self, engine: Engine) -> None:
        lines = [
            row(1, person="A1", email="same@example.org", consent="да"),
            row(2, person="A1", email="same@example.org", consent="нет"),
        ]
        make_list(engine.application, lines)
        run = engine.start(make_campaign(engine.application).run_id)
        assert engine.finish(run) == {"blocked": 2}
        assert engine.email.sent == []

    def test_two_rows_that_disagree_in_different_batches_count_as_no_too(self, engine: Engine) -> None:
        same = {"person": "A1", "email": "same@example.org"}
        no, yes = row(1, **same, consent="нет"), row(9999, **same, consent="да")
        between = rows(BATCH + 5)[1:]
        for lines in ([no, *between, yes], [yes, *between, no]):
            make_list(engine.application, lines)
            asked = [
                contact_of(engine.application, one) for one in ("same@example.org", "person2@example.org")
            ]
            with engine.application.database.transaction() as session:
                permissions = ask_permission(
                    session, asked, channel="email", purpose="debt", now=engine.now()
                )
            assert [permissions[contact].is_consented for contact in asked] == [False, True]

    def test_a_no_of_an_earlier_list_gives_way_to_a_yes_of_a_later_one(self, engine: Engine) -> None:
        make_list(engine.application, rows(1, consent="нет"))
        assert [one.action for one in engine.sql("SELECT DISTINCT action FROM consent_event")] == ["refused"]
        make_list(engine.application, rows(1, consent="да"))
        run = engine.start(make_campaign(engine.application).run_id)
        assert engine.finish(run) == {"notified": 1}


class TestFailures:
    def test_an_interrupted_import_leaves_a_list_that_cannot_be_used(self, engine: Engine) -> None:
        application = engine.application

        class Interrupted(Exception):  # noqa: N818
            pass

        def interrupt(_taken: int, _problems: int) -> None:
            raise Interrupted

        path = write_list(application.settings.data_directory / "list.csv", rows(BATCH + 10))
        with pytest.raises(Interrupted):
            import_list(
                application.database,
                application.clock,
                ImportRequest(path=path, name="Должники"),
                actor="operator",
                progress=interrupt,
            )
        assert [one.state for one in engine.sql("SELECT state FROM recipient_list")] == ["importing"]
        with pytest.raises(UnknownListError):
            make_campaign(application)
        assert make_list(application, rows(BATCH + 10)).version == 2
        run = engine.start(make_campaign(application).run_id)
        assert engine.run(run).recipient_count == BATCH + 10

    def test_a_list_without_one_good_row_is_refused(self, engine: Engine) -> None:
        with pytest.raises(ListFileError, match="ни одной годной"):
            make_list(engine.application, [row(1, account="1,2E+9")])
        with pytest.raises(UnknownListError):
            make_campaign(engine.application)

    def test_a_file_that_is_no_list_leaves_nothing_behind(self, engine: Engine, tmp_path: Path) -> None:
        path = write_list(tmp_path / "empty.csv", [], HEADER)
        with pytest.raises(ListFileError):
            import_list(
                engine.application.database,
                engine.application.clock,
                ImportRequest(path=path, name="Пусто"),
                actor="operator",
            )
        assert engine.sql("SELECT 1 FROM recipient_list") == []
