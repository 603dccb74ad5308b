"""Bills by URL on the road of a notice: fetched beforehand, waited for, refused with a reason."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from campaigns.import_list import ImportRequest, ImportResult, import_list
from channels.port import ChannelKind, OutcomeKind
from dispatcher.bootstrap import Application, build_bill_worker, open_application
from dispatcher.core.settings import AttachmentSettings, Settings
from dispatcher.delivery.bills import repository
from dispatcher.delivery.bills.content import FetchedBill
from dispatcher.delivery.bills.service import retry_bills
from dispatcher.delivery.bills.worker import BillWorker
from dispatcher.delivery.lane_tools import Lane
from dispatcher.delivery.runs import pause_run, stop_run
from dispatcher.delivery.step_plan import Step
from reports.bills import read_run_bills
from templates.attachment_rules import AttachmentRule, IfMissing
from templates.rendering import TemplateText
from templates.repository import save_version
from tests.engine import Engine
from tests.factories import HEADER, make_run, row, write_list
from tests.integration.delivery.bill_server import BILL, BillServer, after, bill, status

FIRST, SECOND, THIRD = (f"person{number}@example.org" for number in (1, 2, 3))
FETCH_SECONDS = 20.0


@pytest.fixture
def server() -> Iterator[BillServer]:
    with BillServer.running() as server:
        yield server


@pytest.fixture
def released() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def settings(settings: Settings, server: BillServer) -> Settings:
    """With the server as a billing system of the inner network."""
    settings.attachments = AttachmentSettings(
        internal_hosts=[server.host], fetch_retry_seconds=[30.0, 120.0], fetches_per_host=2
    )
    return settings


@pytest.fixture
def application(settings: Settings) -> Iterator[Application]:
    with open_application(settings, check_schema=False) as application:
        yield application


@pytest.fixture
def bills(application: Application) -> Iterator[BillWorker]:
    worker = build_bill_worker(application)
    yield worker
    worker.stop()
    worker.close()


def bills_list(engine: Engine, *cells: str) -> ImportResult:
    lines = [{**row(number), "Счёт": cell} for number, cell in enumerate(cells, 1)]
    path = write_list(
        engine.application.settings.data_directory / "bills.csv", lines, header=[*HEADER, "Счёт"]
    )
    request = ImportRequest(path=path, name="Счета", purpose="debt")
    return import_list(engine.application.database, engine.application.clock, request, actor="operator")


def step_with(engine: Engine, if_missing: IfMissing = IfMissing.REFUSE) -> Step:
    texts = TemplateText("Счёт", "Счёт во вложении", None, (AttachmentRule("Счёт", if_missing),))
    with engine.application.database.transaction() as session:
        version = save_version(
            session,
            name="bill",
            language="ru",
            texts=texts,
            created_by="test",
            now=engine.application.clock.refresh(session),
        )
    return Step(channel=ChannelKind.EMAIL, template_version_id=version)


def start(engine: Engine, *cells: str, if_missing: IfMissing = IfMissing.REFUSE, **options: Any) -> UUID:
    imported = bills_list(engine, *cells)
    return engine.start(
        make_run(engine.application, [step_with(engine, if_missing)], imported=imported, **options)
    )


def sent_bills(engine: Engine) -> dict[str, list[bytes]]:
    return {one.address: [file.content for file in one.attachments] for one in engine.email.sent}


def states(engine: Engine, run: UUID) -> list[tuple[str, str | None]]:
    rows = engine.sql("SELECT state, fault FROM bill WHERE run_id = :run ORDER BY created_at, id", run=run)
    return [(one.state, one.fault) for one in rows]


class TestTheRoad:
    def test_a_notice_waits_for_its_bill_and_goes_when_it_is_there(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        own = server.answer("/1.pdf", bill())
        other = server.answer("/2.pdf", bill(BILL + b"two"))
        run = start(engine, own, other)
        engine.work()
        assert engine.email.sent == []
        assert {(one.state, one.hold_reason) for one in engine.attempts(run)} == {("planned", "bill_waiting")}
        assert bills.work(FETCH_SECONDS) == 2
        engine.work()
        assert sent_bills(engine) == {FIRST: [BILL], SECOND: [BILL + b"two"]}
        names = {one.address: one.attachments[0].file_name for one in engine.email.sent}
        assert names == {FIRST: "1.pdf", SECOND: "2.pdf"}
        assert engine.finish(run) == {"notified": 2}

    def test_a_bill_that_never_comes_refuses_its_notice_alone(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        missing, good = server.url("/none.pdf"), server.answer("/2.pdf", bill())
        wrong = server.answer("/3.pdf", bill(b"<html>"))
        run = start(engine, missing, good, wrong)
        engine.work()
        bills.work(FETCH_SECONDS)
        engine.work()
        engine.finish(run)
        assert engine.notices(run) == {
            FIRST: "failed:attachment_unavailable",
            SECOND: "notified:accepted",
            THIRD: "failed:attachment_bad_type",
        }

    def test_a_server_that_recovers_in_time_is_asked_again(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        run = start(engine, server.answer("/1.pdf", status(500), status(503), bill()))
        engine.work()
        for wait in (31, 121):
            bills.work(FETCH_SECONDS)
            engine.work()
            assert engine.email.sent == []
            engine.advance(seconds=wait)
        bills.work(FETCH_SECONDS)
        engine.work()
        assert sent_bills(engine) == {FIRST: [BILL]}
        assert server.asked["/1.pdf"] == 3
        assert engine.finish(run) == {"notified": 1}

    def test_one_that_does_not_is_given_up_after_the_last_try(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        run = start(engine, server.answer("/1.pdf", status(500)))
        for wait in (31, 121, 1000):
            bills.work(FETCH_SECONDS)
            engine.advance(seconds=wait)
        assert states(engine, run) == [("failed", "http_500")]
        assert server.asked["/1.pdf"] == 3
        engine.finish(run)
        assert engine.notices(run) == {FIRST: "failed:attachment_unavailable"}

    def test_the_end_of_the_window_is_the_end_of_waiting(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        run = start(engine, server.url("/late.pdf"), if_missing=IfMissing.HOLD)
        for _ in range(3):
            engine.work()
            bills.work(FETCH_SECONDS)
            engine.advance(hours=1)
        assert states(engine, run) == [("waiting", "http_404")]
        engine.work()
        engine.finish(run, hours=24)
        assert engine.notices(run) == {FIRST: "expired:attachment_unavailable"}
        assert engine.email.sent == []

    def test_a_patient_notice_goes_when_its_bill_comes_late(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        url = server.answer("/late.pdf", *[status(404)] * 4, bill())
        run = start(engine, url, if_missing=IfMissing.HOLD)
        for _ in range(5):
            engine.work()
            bills.work(FETCH_SECONDS)
            engine.advance(minutes=20)
        engine.work()
        assert sent_bills(engine) == {FIRST: [BILL]}
        engine.finish(run)

    def test_an_optional_bill_that_cannot_be_had_holds_nobody_up(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        run = start(engine, server.url("/none.pdf"), if_missing=IfMissing.OMIT)
        engine.work()
        assert engine.email.sent == []
        bills.work(FETCH_SECONDS)
        engine.work()
        assert sent_bills(engine) == {FIRST: []}
        assert engine.finish(run) == {"notified": 1}

    def test_what_was_sent_is_the_bill_that_was_fetched_whatever_stands_there_later(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        url = server.answer("/1.pdf", bill(), bill(BILL + b"changed"))
        first = start(engine, url)
        bills.work(FETCH_SECONDS)
        engine.work()
        engine.finish(first)
        second = engine.start(
            make_run(engine.application, [step_with(engine)], imported=bills_list(engine, url + ""))
        )
        bills.work(FETCH_SECONDS)
        engine.work()
        assert [one.attachments[0].content for one in engine.email.sent] == [BILL, BILL + b"changed"]
        engine.finish(second)


class TestOnce:
    def test_a_bill_that_many_share_is_fetched_once_and_all_go(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        url = server.answer("/leaflet.pdf", bill())
        run = start(engine, *[url] * 5)
        engine.work()
        bills.work(FETCH_SECONDS)
        assert server.asked["/leaflet.pdf"] == 1
        engine.advance(seconds=11)
        engine.work()
        assert len(engine.email.sent) == 5
        engine.finish(run)

    def test_two_workers_never_ask_for_the_same_bill(
        self, engine: Engine, server: BillServer, bills: BillWorker, released: threading.Event
    ) -> None:
        urls = [server.answer(f"/{number}.pdf", after(released, bill())) for number in range(4)]
        run = start(engine, *urls)
        other = build_bill_worker(engine.application)
        threads = [threading.Thread(target=one.work, args=(FETCH_SECONDS,)) for one in (bills, other)]
        for thread in threads:
            thread.start()
        released.set()
        for thread in threads:
            thread.join()
        other.close()
        assert set(server.asked.values()) == {1}
        assert server.most_at_once <= 2
        assert {state for state, _ in states(engine, run)} == {"ready"}

    def test_a_worker_that_vanished_costs_a_second_fetch_and_no_second_letter(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        run = start(engine, server.answer("/1.pdf", bill()))
        database, host = engine.application.database, server.host
        token = UUID(int=7)
        (claimed,) = database.run(
            lambda s: repository.claim_bills(
                s, [host], limit=9, per_host=9, token=token, lease_seconds=0.0, now=engine.now()
            )
        )
        bills.work(FETCH_SECONDS)
        engine.work()
        assert sent_bills(engine) == {FIRST: [BILL]}
        # The one that was thought lost speaks after all: nothing of it counts.
        late = FetchedBill("application/pdf", b"%PDF-late")
        is_kept = database.run(
            lambda s: repository.keep_ready(s, claimed.id, late, b"x" * 32, token=token, now=engine.now())
        )
        assert not is_kept
        engine.work()
        assert len(engine.email.sent) == 1
        assert engine.finish(run) == {"notified": 1}

    def test_a_fetch_that_takes_long_stays_with_its_worker(
        self,
        engine: Engine,
        server: BillServer,
        bills: BillWorker,
        released: threading.Event,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("dispatcher.delivery.bills.worker.RENEW_SECONDS", 0.0)
        run = start(engine, server.answer("/1.pdf", after(released, bill())))
        thread = threading.Thread(target=bills.work, args=(FETCH_SECONDS,))
        thread.start()
        lease = "SELECT leased_until FROM bill WHERE run_id = :run AND leased_until IS NOT NULL"
        while not (begun := engine.sql(lease, run=run)):
            pass
        while engine.sql(lease, run=run)[0].leased_until <= begun[0].leased_until:
            pass
        released.set()
        thread.join()
        assert states(engine, run) == [("ready", None)]
        assert server.asked["/1.pdf"] == 1

    def test_a_worker_told_to_end_gives_back_what_it_did_not_finish(
        self, engine: Engine, server: BillServer, bills: BillWorker, released: threading.Event
    ) -> None:
        run = start(engine, server.answer("/1.pdf", after(released, bill())))
        thread = threading.Thread(target=bills.work, args=(FETCH_SECONDS,))
        thread.start()
        while not server.asked:
            pass
        bills.stop()
        thread.join()
        (row_,) = engine.sql("SELECT tries, leased_until, state FROM bill WHERE run_id = :run", run=run)
        assert tuple(row_) == (0, None, "waiting")

    def test_a_letter_given_back_unsent_goes_once_with_its_bill(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        run = start(engine, server.answer("/1.pdf", bill()))
        bills.work(FETCH_SECONDS)
        engine.email.answer(FIRST, OutcomeKind.NOT_SENT, OutcomeKind.ACCEPTED)
        engine.work()
        assert engine.email.sent == []
        engine.advance(minutes=1)
        engine.work()
        assert sent_bills(engine) == {FIRST: [BILL]}
        assert engine.finish(run) == {"notified": 1}


class TestWhoIsAsked:
    def test_a_url_off_the_list_is_a_reason_and_nobody_is_asked(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        run = start(
            engine, "https://evil.example.org/1.pdf", server.url("/x").replace("127.0.0.1", "2130706433")
        )
        engine.work()
        assert bills.work(FETCH_SECONDS) == 0
        engine.finish(run)
        assert set(engine.notices(run).values()) == {"failed:attachment_url_refused"}

    def test_a_paused_run_goes_on_fetching_and_a_stopped_one_does_not(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        database, now = engine.application.database, engine.now()
        paused = start(engine, server.answer("/1.pdf", bill()))
        database.run(lambda s: pause_run(s, paused, actor="staff", reason="staff", now=now))
        assert bills.work(FETCH_SECONDS) == 1
        stopped = start(engine, server.answer("/2.pdf", bill()))
        database.run(lambda s: stop_run(s, stopped, actor="staff", reason="staff", now=now))
        assert bills.work(FETCH_SECONDS) == 0

    def test_urgent_bills_overtake(self, engine: Engine, server: BillServer, bills: BillWorker) -> None:
        start(engine, *[server.answer(f"/{number}.pdf", bill()) for number in range(4)])
        urgent = start(engine, server.answer("/urgent.pdf", bill()), priority="urgent")
        claimed = engine.application.database.run(
            lambda s: repository.claim_bills(
                s, [server.host], limit=1, per_host=9, token=UUID(int=1), lease_seconds=9.0, now=engine.now()
            )
        )
        assert [one.run_id for one in claimed] == [urgent]

    def test_a_host_allowed_while_the_run_goes_is_asked_then(
        self, engine: Engine, server: BillServer, settings: Settings
    ) -> None:
        """Nothing was noted when people were planned: the claim notes it."""
        url = server.answer("/1.pdf", bill())
        run = start(engine, url)
        engine.sql("DELETE FROM bill WHERE run_id = :run", run=run)
        engine.work()
        assert states(engine, run) == [("waiting", None)]
        worker = build_bill_worker(engine.application)
        worker.work(FETCH_SECONDS)
        worker.close()
        engine.work()
        assert sent_bills(engine) == {FIRST: [BILL]}

    def test_a_host_taken_off_while_the_run_goes_is_a_reason_at_once(
        self, engine: Engine, server: BillServer, settings: Settings
    ) -> None:
        """Nobody would ever ask it: its notices must not wait for that until the window ends."""
        run = start(engine, server.answer("/1.pdf", bill()))
        engine.work()
        assert states(engine, run) == [("waiting", None)]
        settings.attachments = AttachmentSettings(internal_hosts=["other.example.org"])
        restarted = engine.another_worker()
        engine.advance(minutes=1)
        restarted.work(Lane(ChannelKind.EMAIL, "bulk"), 5.0)
        restarted.tools.bridge.close()
        assert set(engine.notices(run).values()) == {"failed:attachment_url_refused"}


class TestStaff:
    def test_a_run_tells_where_its_bills_stand_by_reason_and_line(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        good, late = server.answer("/1.pdf", bill()), server.answer("/2.pdf", status(500))
        run = start(engine, good, late, server.url("/none.pdf"))
        bills.work(FETCH_SECONDS)
        seen = engine.application.database.run(lambda s: read_run_bills(s, run))
        assert seen.by_state == {"ready": 1, "waiting": 1, "failed": 1}
        assert {(one.state, one.fault, one.count) for one in seen.faults} == {
            ("waiting", "http_500", 1),
            ("failed", "http_404", 1),
        }
        assert [one.lines for one in seen.faults if one.fault == "http_404"] == [[4]]
        assert seen.next_try_at is not None
        assert engine.now() < seen.next_try_at <= engine.now() + timedelta(seconds=30)

    def test_staff_have_bills_tried_again_at_once_and_that_is_on_record(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        run = start(
            engine, server.answer("/1.pdf", status(404), bill()), server.answer("/2.pdf", status(500), bill())
        )
        engine.work()
        engine.application.database.run(
            lambda s: pause_run(s, run, actor="staff", reason="staff", now=engine.now())
        )
        bills.work(FETCH_SECONDS)
        retried = engine.application.database.run(
            lambda s: retry_bills(s, run, actor="staff:olga", now=engine.now())
        )
        assert retried == 2
        bills.work(FETCH_SECONDS)
        assert {state for state, _ in states(engine, run)} == {"ready"}
        (event,) = engine.sql("SELECT actor, after FROM audit_event WHERE action = 'run.bills_retried'")
        assert (event.actor, event.after) == ("staff:olga", {"bills": 2})

    def test_the_bytes_go_when_the_run_is_closed(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        run = start(engine, server.answer("/1.pdf", bill()))
        bills.work(FETCH_SECONDS)
        engine.work()
        database = engine.application.database
        assert database.run(lambda s: repository.drop_of_closed_runs(s, engine.now())) == 0
        engine.finish(run)
        while database.run(lambda s: repository.drop_of_closed_runs(s, engine.now())):
            pass
        assert engine.sql("SELECT 1 FROM bill_content") == []
        assert states(engine, run) == [("dropped", None)]

    def test_no_table_of_bills_holds_a_url(self, engine: Engine, server: BillServer) -> None:
        start(engine, server.url("/Иванов-4111.pdf"))
        (found,) = engine.sql("SELECT bill::text AS words FROM bill")
        assert "4111" not in found.words
        assert "Иванов" not in found.words
