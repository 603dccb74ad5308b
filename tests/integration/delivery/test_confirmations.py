"""Double opt-in: nothing is permitted before the person proves to hold the address; each proof works once."""

import re
from typing import Any
from uuid import UUID

import pytest

from channels.port import ChannelKind, OutcomeKind
from consent.confirmations import (
    Confirmation,
    ConfirmationRequest,
    ConfirmationTokens,
    Proof,
    confirm_by_code,
    confirm_by_link,
    find_confirmation,
    request_confirmation,
)
from consent.errors import BadConsentError
from consent.permission import ask_permission
from consent.unsubscribe import BadLinkError
from tests.engine import Engine
from tests.factories import contact_of, make_list, row, suppress
from tests.integration.delivery.test_permission import withdraw

EMAIL, PHONE = "person1@example.org", "+79000000001"


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """A person who has never said anything."""
    make_list(engine.application, [row(1, consent="")])
    return engine


def ask(engine: Engine, address: str = EMAIL, **changes: Any) -> Confirmation:
    channel = "email" if "@" in address else "sms"
    wanted = ConfirmationRequest(
        contact_of(engine.application, address),
        **{
            "channel": channel,
            "purposes": ["debt", "outage"],
            "source": "web_form",
            "reference": "форма 1",
            "requested_by": "api:site",
        }
        | changes,
    )
    with engine.application.database.transaction() as session:
        return request_confirmation(session, wanted, engine.now())


def tokens(engine: Engine) -> ConfirmationTokens:
    return ConfirmationTokens(engine.application.secret_key)


def press(engine: Engine, confirmation: UUID) -> Proof:
    with engine.application.database.transaction() as session:
        return confirm_by_link(session, confirmation, engine.now())


def tell(engine: Engine, confirmation: UUID, code: str) -> Proof:
    with engine.application.database.transaction() as session:
        return confirm_by_code(
            session, tokens(engine), confirmation, code, recorded_by="staff:olga", now=engine.now()
        )


def state(engine: Engine, confirmation: UUID) -> str:
    with engine.application.database.transaction() as session:
        found = find_confirmation(session, confirmation)
    assert found is not None
    return found.state.value


def refusal(engine: Engine, address: str, purpose: str = "debt") -> str | None:
    contact, channel = contact_of(engine.application, address), "email" if "@" in address else "sms"
    with engine.application.database.transaction() as session:
        asked = ask_permission(session, [contact], channel=channel, purpose=purpose, now=engine.now())
    return asked[contact].refusal


class TestByLink:
    @pytest.mark.requirement(12, "an address is used once the person has proved to have given it")
    @pytest.mark.requirement(53, "a proof confirms the contact, with its date")
    def test_the_link_of_the_one_letter_permits_what_was_asked_and_confirms_the_contact(
        self, engine: Engine
    ) -> None:
        asked = ask(engine)
        assert refusal(engine, EMAIL) == "no_consent"
        assert engine.worker.confirm(ChannelKind.EMAIL) == 1
        assert engine.worker.confirm(ChannelKind.EMAIL) == 0
        [letter] = engine.email.sent
        assert letter.address == EMAIL
        assert refusal(engine, EMAIL) == "no_consent"
        [token] = re.findall(r"/c/(\S+)", letter.text)
        assert tokens(engine).read(token) == asked.id
        assert press(engine, asked.id) is Proof.CONFIRMED
        assert press(engine, asked.id) is Proof.ALREADY
        assert refusal(engine, EMAIL) is None
        assert refusal(engine, EMAIL, "outage") is None
        assert refusal(engine, EMAIL, "survey") == "no_consent"
        [contact] = engine.sql("SELECT confirmed_at FROM contact_point WHERE address = :a", a=EMAIL)
        assert contact.confirmed_at is not None
        entries = engine.sql("SELECT action, source, source_reference FROM consent_event ORDER BY sequence")
        assert [tuple(one) for one in entries] == [
            ("pending", "web_form", str(asked.id)),
            ("pending", "web_form", str(asked.id)),
            ("confirmed", "email_link", str(asked.id)),
            ("confirmed", "email_link", str(asked.id)),
        ]

    def test_a_link_that_is_late_damaged_or_followed_by_a_withdrawal_confirms_nothing(
        self, engine: Engine
    ) -> None:
        late = ask(engine)
        assert press(engine, late.id) is Proof.NOT_SENT
        engine.worker.confirm(ChannelKind.EMAIL)
        engine.advance(days=8)
        assert press(engine, late.id) is Proof.EXPIRED
        changed = ask(engine)
        engine.worker.confirm(ChannelKind.EMAIL)
        withdraw(engine.application, contact_of(engine.application, EMAIL))
        assert press(engine, changed.id) is Proof.WITHDRAWN_SINCE
        assert refusal(engine, EMAIL) == "consent_withdrawn"
        with pytest.raises(BadLinkError):
            tokens(engine).read(tokens(engine).make(changed.id)[:-2] + "xx")
        # Asked anew after the withdrawal, it is the person's newest word.
        engine.advance(minutes=2)
        again = ask(engine)
        engine.worker.confirm(ChannelKind.EMAIL)
        engine.advance(minutes=2)
        assert press(engine, again.id) is Proof.CONFIRMED
        assert refusal(engine, EMAIL) is None


class TestByCode:
    @pytest.mark.requirement(13, "a number is used once the person has proved to have given it")
    def test_the_code_of_the_message_permits_and_five_wrong_ones_end_it(self, engine: Engine) -> None:
        asked = ask(engine, PHONE)
        assert engine.worker.confirm(ChannelKind.SMS) == 1
        [message] = engine.sms.sent
        code = message.text[:6]
        assert re.fullmatch(r"\d{6}", code)
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        assert tell(engine, asked.id, wrong) is Proof.WRONG_CODE
        assert code not in str(engine.sql("SELECT * FROM consent_confirmation"))
        assert tell(engine, asked.id, code) is Proof.CONFIRMED
        assert refusal(engine, PHONE) is None
        engine.advance(minutes=2)
        other = ask(engine, PHONE)
        engine.worker.confirm(ChannelKind.SMS)
        code = engine.sms.sent[-1].text[:6]
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        assert [tell(engine, other.id, wrong) for _ in range(5)] == [Proof.WRONG_CODE] * 5
        assert tell(engine, other.id, code) is Proof.TOO_MANY_TRIES

    def test_a_code_is_good_for_minutes_and_only_for_its_own_request(self, engine: Engine) -> None:
        asked = ask(engine, PHONE)
        assert tell(engine, asked.id, "000000") is Proof.NOT_SENT
        engine.worker.confirm(ChannelKind.SMS)
        code = engine.sms.sent[-1].text[:6]
        assert press(engine, asked.id) is Proof.NOT_SENT
        engine.advance(minutes=16)
        assert tell(engine, asked.id, code) is Proof.EXPIRED


class TestSending:
    def test_few_are_sent_to_one_address_and_none_to_a_suppressed_one(self, engine: Engine) -> None:
        ask(engine)
        with pytest.raises(BadConsentError, match="a moment ago"):
            ask(engine)
        for _ in range(2):
            engine.advance(minutes=2)
            ask(engine)
        engine.advance(minutes=2)
        with pytest.raises(BadConsentError, match="try tomorrow"):
            ask(engine)
        ask(engine, PHONE)
        engine.advance(days=1, minutes=10)
        suppress(engine.application, EMAIL)
        with pytest.raises(BadConsentError, match="suppressed"):
            ask(engine)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"channel": "voice"},
            {"purposes": []},
            {"purposes": ["debts"]},
            {"reference": " "},
            {"source": "x"},
        ],
    )
    def test_what_cannot_be_asked_is_refused(self, engine: Engine, wrong: dict[str, Any]) -> None:
        with pytest.raises(BadConsentError):
            ask(engine, **wrong)
        assert engine.sql("SELECT 1 FROM consent_event") == []

    def test_what_has_not_left_is_tried_again_and_what_may_have_left_is_not(self, engine: Engine) -> None:
        engine.email.answer(EMAIL, OutcomeKind.NOT_SENT, OutcomeKind.UNKNOWN)
        asked = ask(engine)
        assert engine.worker.confirm(ChannelKind.EMAIL) == 1
        assert state(engine, asked.id) == "waiting"
        assert engine.worker.confirm(ChannelKind.EMAIL) == 0
        engine.advance(minutes=1)
        assert engine.worker.confirm(ChannelKind.EMAIL) == 1
        assert state(engine, asked.id) == "unknown"
        engine.advance(hours=1)
        assert engine.worker.confirm(ChannelKind.EMAIL) == 0
        # It may have arrived after all: then its link works.
        assert press(engine, asked.id) is Proof.CONFIRMED

    def test_a_worker_that_vanished_leaves_it_unknown(self, engine: Engine) -> None:
        asked = ask(engine)
        engine.sql(
            "UPDATE consent_confirmation"
            " SET state = 'sending', lease_until = clock_timestamp() - interval '1s'"
        )
        assert engine.worker.confirm(ChannelKind.EMAIL) == 0
        assert state(engine, asked.id) == "unknown"
        assert engine.email.sent == []

    def test_a_withdrawal_before_it_was_sent_stops_it(self, engine: Engine) -> None:
        asked = ask(engine)
        withdraw(engine.application, contact_of(engine.application, EMAIL))
        assert engine.worker.confirm(ChannelKind.EMAIL) == 0
        assert state(engine, asked.id) == "failed"
        refused = ask(engine, PHONE)
        engine.sms.answer(PHONE, OutcomeKind.PERMANENT)
        engine.worker.confirm(ChannelKind.SMS)
        assert state(engine, refused.id) == "failed"
