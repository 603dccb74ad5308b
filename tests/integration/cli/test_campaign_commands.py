"""`dispatcher campaign …` through the real command line."""

import pytest

from channels.port import OutcomeKind
from tests.engine import Engine
from tests.factories import make_campaign, make_list, row, rows

ENDS = ("--ends", "2026-03-12 17:00")
MADE = ("--list", "Должники", *ENDS, "--policy", "always")


@pytest.fixture
def anna(run):
    """Somebody who may approve."""
    run("staff", "add", "anna", "--name", "Анна", "--role", "approver")
    return ("--as", "anna")


@pytest.fixture
def two(engine: Engine) -> Engine:
    """Two people, one of whom the mail server refuses."""
    make_list(engine.application, rows(2))
    engine.email.answer("person2@example.org", OutcomeKind.PERMANENT, reason="smtp_550_5.1.1")
    return engine


def state_of(engine: Engine, run_id: str) -> str:
    return str(engine.run(run_id).state)


class TestDryRun:
    def test_says_who_would_go_and_sends_nothing(self, two, ask, run):
        make_list(two.application, [row(1), row(2, consent="нет")])
        said = ask("campaign", "dry-run", *MADE)
        assert (said["list_version"], said["recipients"], said["going"]) == (2, 2, 1)
        assert said["not_going"] == {"consent_withdrawn": 1}
        assert "уйдёт: 1" in run("campaign", "dry-run", *MADE)
        assert two.sql("SELECT 1 FROM run") == []

    def test_expects_the_finish_within_daily_hours_on_working_days(self, two, ask):
        """100 seconds each, from one minute before the office closes on Friday: Monday, not Friday."""
        said = ask(
            *("campaign", "dry-run", "--list", "Должники", "--policy", "always", "--working-days"),
            *("--starts", "2026-03-13 17:59", "--ends", "2026-03-20 18:00", "--hours", "09:00-18:00"),
            *("--max-per-second", "0.01"),
        )
        assert said["going"] == 2
        assert said["expected_finish"].startswith("2026-03-16 06:0")

    def test_looks_at_a_run_that_was_made(self, two, ask, refuse):
        made = ask("campaign", "create", *MADE, "--draft")
        assert ask("campaign", "dry-run", "--run", made["run_id"])["going"] == 2
        assert "--list" in refuse("campaign", "dry-run")


class TestCreate:
    def test_takes_the_newest_complete_version_and_says_which(self, two, ask, run):
        two.sql("UPDATE recipient_list SET state = 'frozen'")
        make_list(two.application, rows(3))
        two.sql("UPDATE recipient_list SET state = 'failed' WHERE version = 2")
        said = ask("campaign", "create", *MADE, "--draft")
        assert (said["list_version"], said["passed_over_version"], said["recipients"]) == (1, 2, 2)
        printed = run("campaign", "create", *MADE, "--draft")
        assert "версия списка 1" in printed
        assert "версия 2" in printed

    def test_is_made_in_the_name_of_a_member_of_the_staff(self, two, ask, anna, refuse):
        made = ask("campaign", "create", *MADE, "--needs-approval", *anna)
        assert two.run(made["run_id"]).created_by == "staff:anna"
        assert "ask somebody else" in refuse("campaign", "approve", made["run_id"], *anna)
        assert "staff list" in refuse("campaign", "create", *MADE, "--as", "nobody")


class TestApproval:
    def test_a_draft_goes_to_the_approver_and_then_to_its_start(self, two, ask, anna):
        run_id = ask("campaign", "create", *MADE, "--draft", "--needs-approval")["run_id"]
        assert ask("campaign", "submit", run_id) == {"run_id": run_id, "state": "awaiting_approval"}
        assert ask("campaign", "approve", run_id, *anna)["state"] == "scheduled"
        assert two.run(run_id).approved_by == "staff:anna"

    def test_an_edit_asks_for_approval_again(self, two, ask, anna):
        run_id = ask("campaign", "create", *MADE, "--starts", "2026-03-11 10:00", "--needs-approval")[
            "run_id"
        ]
        ask("campaign", "approve", run_id, *anna)
        said = ask("campaign", "edit", run_id, "--ends", "2026-03-13 17:00")
        assert said["state"] == "awaiting_approval"
        assert two.run(run_id).approved_by is None

    def test_a_rejected_run_never_begins(self, two, ask, anna, run, refuse):
        run_id = ask("campaign", "create", *MADE, "--needs-approval")["run_id"]
        assert "отклонено" in run("campaign", "reject", run_id, *anna, "--reason", "не тот список")
        two.round()
        assert state_of(two, run_id) == "rejected"
        assert two.run(run_id).state_reason == "не тот список"
        refuse("campaign", "approve", run_id, *anna)

    def test_the_end_of_an_approved_run_is_moved_by_the_approver_alone(self, two, ask, anna, refuse):
        run_id = ask("campaign", "create", *MADE, "--needs-approval")["run_id"]
        ask("campaign", "approve", run_id, *anna)
        assert refuse("campaign", "extend", run_id, "--ends", "2026-03-14 17:00")
        said = ask("campaign", "extend", run_id, "--ends", "2026-03-14 17:00", *anna)
        assert said["ends_at"].startswith("2026-03-14")


class TestRelease:
    def test_after_the_first_n_the_rest_goes_when_it_is_resumed(self, two, ask):
        run_id = ask("campaign", "create", *MADE, "--first", "1")["run_id"]
        two.start(run_id)
        two.work()
        two.round()
        assert ask("campaign", "status", run_id)["run"]["state_reason"] == "first_sent"
        said = ask("campaign", "resume", run_id)
        assert (said["left"], said["run_id"]) == (1, run_id)
        assert sum(two.finish(run_id).values()) == 2


class TestLinkedRuns:
    def test_a_closed_run_is_sent_again_and_corrected(self, two, ask, run, refuse):
        run_id = ask("campaign", "create", *MADE)["run_id"]
        assert "wait until it is closed" in refuse("campaign", "resend", run_id, *ENDS)
        two.start(run_id)
        assert two.finish(run_id) == {"notified": 1, "failed": 1}
        later = ("--ends", "2026-04-12 17:00", "--draft")
        again = ask("campaign", "resend", run_id, *later)
        assert (again["recipients"], again["state"]) == (1, "draft")
        corrected = ask("campaign", "correct", run_id, *later)
        assert corrected["recipients"] == 1
        assert {two.run(one["run_id"]).kind for one in (again, corrected)} == {"resend", "correction"}
        listed = run("campaign", "list")
        assert "resend" in listed
        assert "correction" in listed


class TestRepeat:
    ARGUMENTS = ("--list", "Должники", "--cron", "0 10 * * *", "--window-hours", "5", "--policy", "always")

    def test_a_schedule_is_made_paused_resumed_and_ended(self, two, ask, run):
        made = ask("campaign", "repeat", "create", *self.ARGUMENTS, "--count", "3", "--unchanged")
        campaign = made["campaign_id"]
        assert made["next_at"].startswith("2026-03-11")
        two.advance(days=1)
        [occurrence] = ask("campaign", "repeat", "history", campaign)["occurrences"]
        assert (occurrence["result"], occurrence["wall"]) == ("made", "2026-03-11 10:00:00")
        assert ask("campaign", "repeat", "pause", campaign)["state"] == "paused"
        assert ask("campaign", "repeat", "list")["recurrences"][0]["state"] == "paused"
        ask("campaign", "repeat", "resume", campaign)
        ask("campaign", "repeat", "end", campaign)
        two.advance(days=2)
        assert len(ask("campaign", "repeat", "history", campaign)["occurrences"]) == 1
        assert "0 10 * * *" in run("campaign", "repeat", "list")


class TestTasks:
    def test_whom_to_tell_by_hand_is_listed_exported_and_recorded(self, engine, ask, run, refuse, tmp_path):
        make_list(engine.application, rows(2, consent="нет"))
        made = make_campaign(engine.application, basis="contract").run_id
        engine.start(made)
        engine.finish(made)
        first, second = (one["id"] for one in ask("task", "list", "--run", made)["tasks"])
        assert "нет согласия" in run("task", "list")
        run("task", "export", tmp_path / "tasks.csv")
        assert "Петров Пётр 1" in (tmp_path / "tasks.csv").read_text("utf-8-sig")
        assert "reference" in refuse("task", "done", first, "--way", "letter")
        run("task", "done", first, "--way", "letter", "--reference", "РПО 1234")
        run("task", "give-up", second, "--reason", "выбыл")
        assert "Никого" in run("task", "list")
        assert set(engine.notices(made).values()) == {"notified:hand_letter", "blocked:no_consent"}
