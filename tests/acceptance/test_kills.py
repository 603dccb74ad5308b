"""Kill -9 in the middle of imports, fan-out, approval, derived lists and recurrence: whole or not at all.

What was interrupted goes on by itself, or is marked failed with words that say what to do.
"""

import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.halfway import halfway, rows, value
from tests.acceptance.product import Product, end, in_an_hour, installation, wait_until
from tests.acceptance.singles import use_servers

pytestmark = pytest.mark.timeout(600)  # a starved machine says nothing about the product

MANY = 20_000
LEASE_SECONDS = "12"  #: as short as the slowest batch of a starved machine allows

_HALF = """
    SELECT count(*) FROM recipient_list
    WHERE name = %s AND state = 'importing' AND recipient_count > 0
"""
_STATES = "SELECT version, state, failure FROM recipient_list WHERE name = %s ORDER BY version"
_WHOLE = """
    SELECT l.recipient_count, count(r.id), count(DISTINCT r.account_id), max(r.position)
    FROM recipient_list l JOIN recipient r ON r.list_id = l.id
    WHERE l.name = %s AND l.version = %s GROUP BY l.id
"""
_RUN = "SELECT to_jsonb(r) FROM run r WHERE id = %s"
_PLANNED = "SELECT planned_position FROM run WHERE id = %s"
_NOTICES = "SELECT count(*), count(DISTINCT recipient_id) FROM notice WHERE run_id = %s"
_ATTEMPTS = "SELECT count(*), count(DISTINCT notice_id) FROM attempt WHERE run_id = %s"
_STARTED = "SELECT count(*) FROM outbox WHERE topic = 'run.started' AND payload ->> 'run_id' = %s"
_AUDITED = "SELECT count(*) FROM audit_event WHERE action = %s AND subject_id = %s"


@pytest.fixture
def product(servers, migrated_template) -> Iterator[Product]:
    """An installation on a database of its own, in which the dead are found quickly."""
    environment = {
        "DISPATCHER_IMPORTS__LEASE_SECONDS": LEASE_SECONDS,
        "DISPATCHER_ALLOW_CLOCK_MOVES": "true",
        "USER": "olga",
    }
    with installation(**environment) as product, use_servers(product, servers, migrated_template):
        yield product


def kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def is_whole(product: Product, name: str, version: int, recipients: int) -> bool:
    """Every row once, numbered without a gap."""
    return rows(product, _WHOLE, name, version) == [(recipients,) * 4]


def draft(product: Product, name: str, *more: str) -> dict[str, Any]:
    """A campaign over a list, that begins when it is submitted."""
    arguments = ("--list", name, "--ends", in_an_hour(), "--policy", "always", *more)
    return product.ask("campaign", "create", *arguments)


class TestImport:
    def test_a_killed_import_is_never_ready_and_the_complete_version_before_it_stays_usable(
        self, product: Product
    ) -> None:
        product.ask("import", str(product.write_list(5, "few")), "--name", "debtors")
        big = product.write_list(MANY, "many")
        victim = product.start("import", str(big), "--name", "debtors")
        wait_until(lambda: value(product, _HALF, "debtors"), "half of the list is there")

        kill(victim)

        assert rows(product, _STATES, "debtors") == [(1, "frozen", None), (2, "importing", None)]
        made = draft(product, "debtors", "--draft")
        assert (made["list_version"], made["passed_over_version"], made["recipients"]) == (1, 2, 5)

        scheduler = product.start("scheduler")
        wait_until(
            lambda: rows(product, _STATES, "debtors")[1] == (2, "failed", "interrupted"), "it is marked"
        )
        end(scheduler)
        said = product.run("list", "versions", "debtors").stdout
        assert "загрузка оборвалась" in said
        assert "Загрузите файл ещё раз" in said

        again = product.ask("import", str(big), "--name", "debtors")
        assert (again["version"], again["recipients"]) == (3, MANY)
        assert is_whole(product, "debtors", 3, MANY)

    def test_a_list_without_a_complete_version_cannot_be_used_and_says_so(self, product: Product) -> None:
        victim = product.start("import", str(product.write_list(MANY, "debtors")))
        wait_until(lambda: value(product, _HALF, "debtors"), "half of the list is there")
        kill(victim)

        refused = product.run("campaign", "create", "--list", "debtors", "--ends", in_an_hour())

        assert refused.returncode == 1
        assert "debtors" in refused.stderr
        assert rows(product, "SELECT 1 FROM run") == []

    def test_an_upload_goes_on_by_itself_after_its_process_was_killed(self, product: Product) -> None:
        key = product.ask("api-key", "create", "billing", "--scope", "lists:write", "--scope", "lists:read")
        web = product.start("web")
        wait_until(product.is_healthy, "/health answers")
        upload(product, key["token"], "debtors", product.write_list(MANY, "many"))
        wait_until(lambda: value(product, _HALF, "debtors"), "half of the list is there")

        kill(web)
        web = product.start("web")

        wait_until(lambda: value(product, "SELECT state FROM list_import") == "done", "it goes on by itself")
        assert rows(product, _STATES, "debtors") == [(1, "failed", "interrupted"), (2, "frozen", None)]
        assert is_whole(product, "debtors", 2, MANY)
        wait_until(lambda: not list((product.directory / "data" / "uploads").iterdir()), "its file is gone")
        end(web)


def upload(product: Product, token: str, name: str, path: Path) -> None:
    """Upload a list by the API, as a billing system does."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{product.web_port}/api/v1/lists/{name}/versions",
        data=path.read_bytes(),
        method="POST",
        headers={
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": "once",
            "Content-Type": "text/csv",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 202


class TestFanOut:
    def test_a_scheduler_killed_within_a_slice_leaves_everybody_exactly_one_notice(
        self, product: Product
    ) -> None:
        product.ask("import", str(product.write_list(MANY, "debtors")))
        run = draft(product, "debtors")["run_id"]

        # Once before the first slice is through, once in the middle of a later one.
        for slices in (0, 2):
            with halfway(product, "attempt") as middle:
                scheduler = product.start("scheduler")
                for _ in range(slices):
                    middle.let_through(scheduler)
                middle.kill(scheduler)
            planned = value(product, _PLANNED, run)
            assert (planned > 0) is (slices > 0)
            assert planned < MANY, "it was too quick: nothing was interrupted"
            assert rows(product, _NOTICES, run) == [(planned, planned)]
            assert rows(product, _ATTEMPTS, run) == [(planned, planned)]

        scheduler = product.start("scheduler")
        wait_until(lambda: value(product, _PLANNED, run) == MANY, "everybody is planned")
        end(scheduler)
        assert rows(product, _NOTICES, run) == [(MANY, MANY)]
        assert rows(product, _ATTEMPTS, run) == [(MANY, MANY)]
        assert product.status(run)["is_balanced"]

    def test_a_start_is_announced_once_or_has_not_happened(self, product: Product) -> None:
        product.ask("import", str(product.write_list(5, "debtors")))
        run = draft(product, "debtors")["run_id"]

        with halfway(product, "outbox") as middle:
            middle.kill(product.start("scheduler"))

        assert value(product, "SELECT state FROM run WHERE id = %s", run) == "scheduled"
        assert value(product, _STARTED, run) == 0
        scheduler = product.start("scheduler")
        wait_until(lambda: value(product, _PLANNED, run) == 5, "it began by itself")
        end(scheduler)
        assert value(product, _STARTED, run) == 1


class TestApproval:
    #: One run goes through them all: command, what is on record of it, and the state behind it.
    DECISIONS = (
        (("submit",), "run.submitted", "awaiting_approval"),
        (("approve", "--as", "anna"), "run.approved", "scheduled"),
        (("edit", "--ends", "2099-01-01 10:00"), "run.edited", "awaiting_approval"),
        (("reject", "--as", "anna", "--reason", "ошибка"), "run.rejected", "rejected"),
    )

    def test_a_decision_is_there_wholly_or_not_at_all(self, product: Product) -> None:
        assert product.run("staff", "add", "anna", "--name", "Анна", "--role", "approver").returncode == 0
        product.ask("import", str(product.write_list(5, "debtors")))
        run = draft(product, "debtors", "--needs-approval", "--draft")["run_id"]

        for (verb, *options), action, state in self.DECISIONS:
            before = value(product, _RUN, run)
            command = ("campaign", verb, run, *options)
            with halfway(product, "audit_event") as middle:
                middle.kill(product.start(*command))
            assert value(product, _RUN, run) == before
            assert value(product, _AUDITED, action, run) == 0
            assert product.ask(*command)["state"] == state
            assert value(product, _AUDITED, action, run) == 1
            assert (value(product, _RUN, run)["approved_by"] is not None) is (verb == "approve")


class TestDerivedLists:
    #: What there is of each kind; a killed command must leave it as it was.
    COUNTS = """
        SELECT (SELECT count(*) FROM recipient_list), (SELECT count(*) FROM recipient),
               (SELECT count(*) FROM run), (SELECT count(*) FROM campaign)
    """

    def test_a_killed_resend_or_correction_leaves_no_list_and_no_run(self, product: Product) -> None:
        parent = self._closed_run(product)

        for command, recipients in (("resend", 2), ("correct", 3)):
            arguments = ("campaign", command, parent, "--ends", in_an_hour(), "--draft")
            before = rows(product, self.COUNTS)
            with halfway(product, "audit_event") as middle:
                middle.kill(product.start(*arguments))
            assert rows(product, self.COUNTS) == before
            assert product.ask(*arguments)["recipients"] == recipients
            assert product.run(*arguments).returncode == 1, "the second one must be refused"

    @staticmethod
    def _closed_run(product: Product) -> str:
        """Three people told, two not reached."""
        path = product.directory / "debtors.csv"
        path.write_text(LIST, encoding="utf-8")
        product.ask("import", str(path))
        with product.mail_server():
            processes = [product.start("scheduler"), product.start("worker", "--lane", "email-bulk")]
            run = str(draft(product, "debtors")["run_id"])
            product.wait_for(run, "closed")
            for process in processes:
                end(process)
        return run


LIST = "Лицевой счёт;Код абонента;ФИО;Адрес;E-mail;Сумма долга;Срок оплаты;Согласие\n" + "".join(
    f"00000{number};A{number};Иванова Анна;Москва;{fate}person{number}@sandbox.example;10,00;25.12.2026;да\n"
    for number, fate in enumerate(("", "", "", "reject-550-5.1.1.", "reject-550-5.1.1."), start=1)
)


class TestRecurrence:
    def test_an_occurrence_that_was_interrupted_happens_once(self, product: Product) -> None:
        product.ask("import", str(product.write_list(5, "debtors")))
        arguments = ("--list", "debtors", "--cron", "0 * * * *", "--window-hours", "12", "--policy", "always")
        campaign = product.ask("campaign", "repeat", "create", *arguments, "--count", "1")["campaign_id"]
        due = "SELECT to_jsonb(r) FROM recurrence r WHERE campaign_id = %s"
        before = value(product, due, campaign)
        assert product.run("clock", "--shift-seconds", "3600").returncode == 0

        with halfway(product, "occurrence") as middle:
            middle.kill(product.start("scheduler"))

        assert value(product, due, campaign) == before
        assert rows(product, "SELECT 1 FROM run") == []
        scheduler = product.start("scheduler")
        wait_until(lambda: value(product, due, campaign)["state"] == "ended", "it happens by itself")
        end(scheduler)
        assert rows(product, "SELECT result FROM occurrence") == [("made",)]
        assert value(product, "SELECT count(*) FROM run WHERE campaign_id = %s", campaign) == 1
