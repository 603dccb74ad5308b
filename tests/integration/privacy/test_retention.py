"""Retention takes away what is too old, kind by kind, counts it, and leaves what a run still needs."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from channels.port import AttemptReference, ChannelKind, Receipt, ReceiptKind
from dispatcher.core.settings import RetentionSettings
from dispatcher.delivery.receipts import apply_stored, store_receipt
from dispatcher.privacy.retention import is_night, purge_slice
from tests.engine import Engine
from tests.factories import NOON, make_campaign, make_list, rows

SETTINGS = RetentionSettings(content_days=90, answer_days=90, list_days=90, audit_days=365)
_HELD = {
    "content": "SELECT count(*) FROM attempt_content",
    "answers": "SELECT count(*) FROM receipt WHERE raw <> ''",
    "lists": "SELECT count(*) FROM recipient WHERE full_name <> '' OR address <> '' OR fields <> '{}'",
    "receipts": "SELECT count(*) FROM receipt",
    "notices": "SELECT count(*) FROM notice",
    "events": "SELECT count(*) FROM attempt_event WHERE content_hash IS NOT NULL",
}


@pytest.fixture
def told(engine: Engine) -> UUID:
    """Three people were told, and one receipt came."""
    make_list(engine.application, rows(3))
    run = engine.start(make_campaign(engine.application).run_id)
    engine.work()
    with engine.application.database.transaction() as session:
        attempt = session.execute(text("SELECT period, id FROM attempt LIMIT 1")).one()
        reference = AttemptReference(attempt.period, attempt.id)
        receipt = Receipt(reference, ReceiptKind.DELIVERED, "dsn", b"person1@example.org")
        store_receipt(session, ChannelKind.EMAIL, receipt, engine.now())
        apply_stored(session, engine.now())
    return run


def held(engine: Engine) -> dict[str, int]:
    with engine.application.database.transaction() as session:
        return {name: session.execute(text(query)).scalar_one() for name, query in _HELD.items()}


def purge(engine: Engine, now: datetime) -> int:
    slices = 0
    while engine.application.database.run(lambda session: purge_slice(session, now, settings=SETTINGS)):
        slices += 1
    return slices


class TestPurge:
    @pytest.mark.requirement(51, "personal data are kept for a term of their kind and then taken away")
    def test_takes_texts_answers_and_lists_and_keeps_the_evidence(self, engine: Engine, told: UUID) -> None:
        engine.advance(hours=30)
        engine.work()
        purge(engine, engine.now() + timedelta(days=80))
        assert held(engine) == {
            "content": 3,
            "answers": 1,
            "lists": 3,
            "receipts": 1,
            "notices": 3,
            "events": 3,
        }
        later = engine.now() + timedelta(days=130)
        purge(engine, later)
        assert held(engine) == {
            "content": 0,
            "answers": 0,
            "lists": 0,
            "receipts": 1,
            "notices": 3,
            "events": 3,
        }
        with engine.application.database.transaction() as session:
            counted = dict(session.execute(text("SELECT kind, sum(purged) FROM purge GROUP BY kind")).all())
            told_of = session.execute(
                text("SELECT count(*) FROM audit_event WHERE action = 'retention.purged'")
            ).scalar_one()
            state = session.execute(text("SELECT state FROM recipient_list")).scalar_one()
        assert counted == {"content": 3, "answers": 1, "lists": 3, "keys": 0}  # nobody was called
        assert told_of == 3
        assert state == "purged"
        assert purge(engine, later) == 0

    def test_a_receipt_that_comes_after_its_month_was_purged_counts_and_leaves_no_words(
        self, engine: Engine, told: UUID
    ) -> None:
        engine.advance(hours=30)
        engine.work()
        late = engine.now() + timedelta(days=130)
        purge(engine, late)
        with engine.application.database.transaction() as session:
            attempt = session.execute(text("SELECT period, id FROM attempt ORDER BY id DESC LIMIT 1")).one()
            reference = AttemptReference(attempt.period, attempt.id)
            receipt = Receipt(reference, ReceiptKind.FAILED, "smtp_5.1.1", b"person3@example.org")
            store_receipt(session, ChannelKind.EMAIL, receipt, late)
            apply_stored(session, late)
            effects = session.execute(text("SELECT effect FROM receipt ORDER BY id")).scalars().all()
        assert held(engine)["answers"] == 0
        assert len(effects) == 2
        assert None not in effects

    def test_leaves_a_run_that_is_not_closed_whatever_its_age(self, engine: Engine, told: UUID) -> None:
        purge(engine, NOON + timedelta(days=2000))
        assert held(engine)["content"] == 3
        assert held(engine)["lists"] == 3

    def test_the_audit_goes_by_its_own_term_and_by_nothing_else(self, engine: Engine, told: UUID) -> None:
        database = engine.application.database
        with database.transaction() as session:
            before = session.execute(text("SELECT count(*) FROM audit_event")).scalar_one()
        assert before > 0
        purge(engine, engine.now() + timedelta(days=300))
        with database.transaction() as session:
            assert session.execute(text("SELECT count(*) FROM audit_event")).scalar_one() >= before
        purge(engine, engine.now() + timedelta(days=400))
        with database.transaction() as session:
            left = session.execute(text("SELECT DISTINCT action FROM audit_event")).scalars().all()
        assert left == ["retention.purged"]
        with pytest.raises(Exception, match="append-only"), database.transaction() as session:
            session.execute(text("DELETE FROM audit_event"))

    def test_the_scheduler_does_it_at_night(self, engine: Engine, told: UUID) -> None:
        engine.advance(hours=30)
        engine.work()
        engine.application.settings.retention.content_days = 30
        engine.advance(hours=24 * 70 - 6)  # 15:00 + … : still not night in Moscow
        while is_night(engine.now(), 3, "Europe/Moscow"):
            engine.advance(hours=1)
        engine.scheduler.round()
        assert held(engine)["content"] == 3
        while not is_night(engine.now(), 3, "Europe/Moscow"):
            engine.advance(hours=1)
        engine.scheduler.round()
        assert held(engine)["content"] == 0


class TestNight:
    @pytest.mark.parametrize(("hour", "night"), [(2, False), (3, True), (6, True), (7, False), (15, False)])
    def test_is_told_by_the_companys_clock(self, hour: int, night: bool) -> None:
        moscow = datetime.fromisoformat(f"2026-03-10T{hour:02}:30:00+03:00")
        assert is_night(moscow, 3, "Europe/Moscow") is night
