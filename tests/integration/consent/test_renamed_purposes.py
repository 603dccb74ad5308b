"""What was said under two purposes of before, after the migration that says it again (decision 32)."""

import json
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import text

from consent.ledger import ConsentEntry, record_consent
from consent.permission import ask_permission
from tests.engine import Engine
from tests.factories import NOON, contact_of, make_list, row

MIGRATION = import_module("dispatcher.migrations.versions.0025_words_of_the_ledger")
ADDRESS = "person1@example.org"


def say(engine: Engine, action: str, purpose: str, *, hours: int) -> None:
    """A statement of so many hours after noon of the day before."""
    at = NOON - timedelta(days=1) + timedelta(hours=hours)
    entry = ConsentEntry("email", purpose, action, "paper", "anna", source_reference="бланк 3", valid_from=at)
    contact = contact_of(engine.application, ADDRESS)
    with engine.application.database.transaction() as session:
        record_consent(session, contact, entry, at)


def migrate(engine: Engine) -> int:
    """Run what the migration runs; how many entries it wrote."""
    with engine.application.database.transaction() as session:
        done: Any = session.execute(text(MIGRATION.SAY_AGAIN))
        session.execute(text(MIGRATION.RENAME_REFUSALS.replace(":", "\\:")))
        return int(done.rowcount)


def refusal(engine: Engine, purpose: str) -> str | None:
    contact = contact_of(engine.application, ADDRESS)
    with engine.application.database.transaction() as session:
        found = ask_permission(session, [contact], channel="email", purpose=purpose, now=engine.now())
    return found[contact].refusal


class TestOldWords:
    @pytest.mark.requirement(
        12, "who refused under a purpose's former name is not written to under its new one"
    )
    def test_a_no_of_before_stands_against_a_general_yes(self, engine: Engine) -> None:
        make_list(engine.application, [row(1, consent="")])
        say(engine, "given", "*", hours=0)
        say(engine, "withdrawn", "meter", hours=1)
        assert refusal(engine, "meter_reading") is None
        assert migrate(engine) == 1
        assert refusal(engine, "meter_reading") == "consent_withdrawn"
        assert refusal(engine, "debt") is None

    def test_a_yes_of_before_permits_again_with_its_document_and_times(self, engine: Engine) -> None:
        make_list(engine.application, [row(1, consent="")])
        say(engine, "given", "restriction", hours=0)
        assert refusal(engine, "restriction_warning") == "no_consent"
        assert migrate(engine) == 1
        assert refusal(engine, "restriction_warning") is None
        [old, new] = engine.sql(
            "SELECT source, source_reference, valid_from, recorded_by FROM consent_event ORDER BY sequence"
        )
        assert tuple(old[:3]) == tuple(new[:3])
        assert (old.recorded_by, new.recorded_by) == ("anna", "system")

    def test_whoever_spoke_later_is_believed_and_a_second_time_changes_nothing(self, engine: Engine) -> None:
        make_list(engine.application, [row(1, consent="")])
        say(engine, "withdrawn", "meter", hours=0)
        say(engine, "given", "meter_reading", hours=1)
        say(engine, "given", "restriction", hours=2)
        assert migrate(engine) == 1
        assert refusal(engine, "meter_reading") is None
        assert migrate(engine) == 0

    def test_what_was_refused_at_an_erased_address_is_known_by_the_new_word(self, engine: Engine) -> None:
        make_list(engine.application, [row(1)])
        said = [{"channel": "email", "purpose": "meter"}, {"channel": "email", "purpose": "debt"}]
        engine.sql(
            "INSERT INTO erased_address (id, contact_point_id, kind, address_hash, refusals, erased_at)"
            " VALUES (gen_random_uuid(), :contact, 'email', 'x', CAST(:said AS jsonb), :now)",
            contact=contact_of(engine.application, ADDRESS),
            said=json.dumps(said),
            now=engine.now(),
        )
        migrate(engine)
        [kept] = engine.sql("SELECT refusals FROM erased_address")
        assert [one["purpose"] for one in kept.refusals] == ["meter_reading", "debt"]
