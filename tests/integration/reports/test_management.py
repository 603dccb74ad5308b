"""The report's view of the ledger is the ledger's own rule, over whatever was ever said."""

import random
from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

from consent.ledger import ConsentEntry, list_histories, record_consent
from consent.standing import EVERY_PURPOSE, standing
from reports.management.asked import ReportAsked
from reports.management.consents import read_standing
from tests.engine import Engine
from tests.factories import NOON, contact_of, make_list, rows

PEOPLE = 30
PURPOSES = ("debt", "outage", EVERY_PURPOSE)
WORDS = {None: "permitted", "consent_withdrawn": "refused", "consent_expired": "expired"}


def say_anything(engine: Engine, chance: random.Random) -> dict:
    """Entries at random: permissions and refusals, early and late, with and without an end."""
    make_list(engine.application, rows(PEOPLE, consent=""))
    contacts = [
        contact_of(engine.application, f"person{number}@example.org") for number in range(1, PEOPLE + 1)
    ]
    for _ in range(PEOPLE * 5):
        action = chance.choice(("given", "confirmed", "withdrawn", "refused", "pending"))
        begins = NOON + timedelta(hours=chance.randint(-50, 50))
        ends = begins + timedelta(hours=chance.randint(1, 60)) if chance.random() < 0.4 else None
        entry = ConsentEntry(
            "email",
            chance.choice(PURPOSES),
            action,
            "staff",
            "test",
            valid_from=begins,
            valid_until=ends if action in {"given", "confirmed"} else None,
        )
        with engine.application.database.transaction() as session:
            record_consent(session, chance.choice(contacts), entry, NOON - timedelta(hours=1))
    with engine.application.database.transaction() as session:
        return list_histories(session, contacts)


class TestStanding:
    def test_it_counts_what_the_rule_says_of_each_contact(self, engine: Engine) -> None:
        histories = say_anything(engine, random.Random(56))
        asked = ReportAsked(NOON.date(), NOON.date(), ZoneInfo("UTC"))
        with engine.application.database.transaction() as session:
            found = {one.purpose: one for one in read_standing(session, asked, NOON)}
        for purpose in ("debt", "outage"):
            expected: Counter[str] = Counter()
            for entries in histories.values():
                reason = standing(entries, "email", purpose, at=NOON, known_at=NOON).reason
                said = [one for one in entries if one.purpose in {purpose, EVERY_PURPOSE}]
                is_refused = any(one.action == "refused" and one.valid_from <= NOON for one in said)
                if reason == "no_consent" and not is_refused:
                    continue  # nobody said anything that counts
                expected[WORDS.get(reason, "refused")] += 1
            counted = found[purpose]
            assert {
                "permitted": counted.permitted,
                "refused": counted.refused,
                "expired": counted.expired,
            } == {name: expected[name] for name in ("permitted", "refused", "expired")}
            assert counted.permitted > 0
            assert counted.refused > 0
