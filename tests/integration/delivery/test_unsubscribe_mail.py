"""Unsubscribing by a message to the signed address of List-Unsubscribe."""

import re

import pytest

from consent.ledger import list_history
from dispatcher.unsubscribe_mail import take_unsubscription
from tests.engine import Engine
from tests.factories import contact_of, make_campaign, make_list, rows


def mail_address(engine: Engine) -> str:
    """Where the first letter says that a message unsubscribes."""
    make_list(engine.application, rows(1))
    engine.start(make_campaign(engine.application).run_id)
    engine.work()
    found = re.search(r"<mailto:([^?]+)\?", dict(engine.email.sent[0].headers)["List-Unsubscribe"])
    assert found
    return found[1]


class TestMail:
    @pytest.mark.requirement(50, "free opt-out, by a message of the mail program")
    def test_withdraws_what_its_address_names_once(self, engine: Engine) -> None:
        address = mail_address(engine)
        contact = contact_of(engine.application, "person1@example.org")
        bounce = b"From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered\r\n\r\n"
        assert take_unsubscription(engine.application, bounce, address)
        assert self._actions(engine, contact) == [("given", "import")]
        for _ in range(2):
            assert take_unsubscription(engine.application, b"", f"<{address.upper()}>")
        assert self._actions(engine, contact) == [("given", "import"), ("withdrawn", "mail_reply")]

    def test_mail_to_another_address_is_not_its_matter(self, engine: Engine) -> None:
        for other in ("b-202603-x@bounces.example", "u-forged@bounces.example", "", "anna@example.org"):
            assert not take_unsubscription(engine.application, b"", other)

    @staticmethod
    def _actions(engine: Engine, contact: object) -> list[tuple[str, str]]:
        with engine.application.database.transaction() as session:
            history = list_history(session, contact)  # type: ignore[arg-type]
        return [(entry.action, entry.source) for entry in history if entry.channel == "email"]
