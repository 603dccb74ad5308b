"""Where SMSC calls back: believed only with the path and the checksum, stored before it is applied."""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from channels.port import ChannelKind, IncomingText
from channels.sms.reference import message_name
from consent.unsubscribe import UnsubscribeTokens
from dispatcher.core.settings import SmscSettings, SmsSettings
from dispatcher.delivery.step_plan import Success
from dispatcher.web.app import create_app
from dispatcher.web.callbacks.paths import smsc_path
from dispatcher.web.services import WebServices
from tests.engine import Engine
from tests.factories import make_campaign, make_list, make_run, make_step, rows
from tests.integration.web.installation import KEY

SECRET = "the account's secret"
PHONE = "+79000000001"
PATH = smsc_path(KEY, "smsc")


@pytest.fixture
def provider(engine: Engine) -> Iterator[TestClient]:
    """The provider's side of the handler, over the engine's own database."""
    application = engine.application
    account = SmscSettings(
        hosts=["https://smsc.example"], api_key=SecretStr("key"), callback_secret=SecretStr(SECRET)
    )
    silent = SmscSettings(name="silent", hosts=["https://smsc.example"], api_key=SecretStr("key"))
    settings = application.settings.model_copy(update={"sms": SmsSettings(smsc=[account, silent])})
    services = WebServices(application.database, application.clock, settings, UnsubscribeTokens(KEY), KEY)
    with TestClient(create_app(services)) as client:
        yield client


@pytest.fixture
def sent(engine: Engine) -> Any:
    """A message that the provider took."""
    imported = make_list(engine.application, rows(1))
    step = make_step(engine.application, ChannelKind.SMS, success=Success.DELIVERED, settle_seconds=9e4)
    run = engine.start(make_run(engine.application, [step], imported=imported))
    engine.work(ChannelKind.SMS)
    return run


def called(name: str, status: int, **changes: str) -> dict[str, str]:
    fields = {"id": name, "phone": PHONE[1:], "status": str(status), "cost": "7.00", "cnt": "2"} | changes
    signed = f"{fields['id']}:{fields['phone']}:{fields['status']}:{SECRET}"
    return {"md5": hashlib.md5(signed.encode()).hexdigest(), **fields}


def name_of(engine: Engine, run: Any) -> str:
    return message_name(engine.reference(run, PHONE))


def stored(engine: Engine) -> list[str | None]:
    return [row.effect for row in engine.sql("SELECT effect FROM receipt ORDER BY id")]


class TestStatus:
    @pytest.mark.parametrize("form", ["form", "json", "query"])
    def test_delivered_comes_through_in_every_form(
        self, engine: Engine, provider: TestClient, sent: Any, form: str
    ) -> None:
        fields = called(name_of(engine, sent), 1)
        answer = {
            "form": lambda: provider.post(PATH, data=fields),
            "json": lambda: provider.post(PATH, json=fields),
            "query": lambda: provider.get(PATH, params=fields),
        }[form]()
        assert (answer.status_code, answer.text) == (200, "ok")
        assert engine.notices(sent) == {"person1@example.org": "notified:delivered"}
        (row,) = engine.sql("SELECT raw, reason FROM receipt")
        assert json.loads(bytes(row.raw))["phone"] == PHONE[1:]
        assert [tuple(map(str, one)) for one in engine.sql("SELECT parts, amount FROM attempt_price")] == [
            ("2", "7.0000")
        ]

    def test_twice_late_and_out_of_order_changes_nothing_more(
        self, engine: Engine, provider: TestClient, sent: Any
    ) -> None:
        name = name_of(engine, sent)
        for status in (1, 1, 0, -1, 3, 1):
            assert provider.post(PATH, data=called(name, status)).status_code == 200
        assert engine.notices(sent) == {"person1@example.org": "notified:delivered"}
        assert stored(engine) == ["applied", *["no_change"] * 5]
        engine.check_counters(sent)

    def test_no_report_within_a_day_is_never_delivered(
        self, engine: Engine, provider: TestClient, sent: Any
    ) -> None:
        provider.post(PATH, data=called(name_of(engine, sent), 1, err="245"))
        assert engine.states(sent) == {"accepted": 1}

    def test_an_unknown_id_is_stored_and_answered_with_200(
        self, engine: Engine, provider: TestClient
    ) -> None:
        assert provider.post(PATH, data=called("987654", 1)).status_code == 200
        assert stored(engine) == ["unknown_attempt"]

    def test_it_may_come_before_the_answer_to_the_request(self, engine: Engine, provider: TestClient) -> None:
        imported = make_list(engine.application, rows(1))
        step = make_step(engine.application, ChannelKind.SMS, success=Success.DELIVERED)
        run = engine.start(make_run(engine.application, [step], imported=imported))
        engine.sms.before_send = lambda batch: provider.post(
            PATH, data=called(message_name(batch[0].attempt), 1)
        )
        engine.work(ChannelKind.SMS)
        assert engine.states(run) == {"delivered": 1}
        assert len(engine.sms.sent) == 1


class TestForgeries:
    @pytest.mark.parametrize("changes", [{"status": "20"}, {"md5": "0" * 32}, {"md5": ""}])
    def test_a_wrong_checksum_is_refused_and_nothing_is_stored(
        self, engine: Engine, provider: TestClient, sent: Any, changes: dict[str, str]
    ) -> None:
        fields = called(name_of(engine, sent), 1) | changes
        assert provider.post(PATH, data=fields).status_code == 401
        assert stored(engine) == []
        assert engine.states(sent) == {"accepted": 1}

    def test_an_account_without_a_secret_believes_nothing(self, provider: TestClient) -> None:
        answer = provider.post(smsc_path(KEY, "silent"), data=called("n1", 1))
        assert answer.status_code == 401
        assert "callback_secret" in answer.text

    @pytest.mark.parametrize(
        "path", [PATH[:-1] + "z", PATH.replace("/smsc/smsc/", "/smsc/other/"), PATH[:-32] + "é"]
    )
    def test_a_guessed_path_is_not_there(self, provider: TestClient, path: str) -> None:
        assert provider.post(path, data=called("n1", 1)).status_code == 404

    def test_what_cannot_be_read_is_said(self, provider: TestClient) -> None:
        assert provider.post(PATH, data={"id": "1"}).status_code == 400
        assert (
            provider.post(PATH, content=b"{", headers={"content-type": "application/json"}).status_code == 400
        )


def wrote(text: str, *, id_: str = "501", phone: str = PHONE[1:]) -> dict[str, str]:
    fields = {"phone": phone, "mes": text, "to": "79000000000"} | ({"id": id_} if id_ else {})
    signed = f"{phone}:{text}:79000000000:{SECRET}"
    return {"md5": hashlib.md5(signed.encode()).hexdigest(), **fields}


def withdrawn(engine: Engine) -> list[tuple[str, str, str]]:
    found = engine.sql(
        "SELECT c.address, e.channel, e.purpose FROM consent_event e"
        " JOIN contact_point c ON c.id = e.contact_point_id"
        " WHERE e.action = 'withdrawn' ORDER BY c.address, e.channel"
    )
    return [tuple(row) for row in found]


class TestAnswers:
    def test_stop_withdraws_sms_for_the_purpose_of_the_last_notice_once(
        self, engine: Engine, provider: TestClient, sent: Any
    ) -> None:
        for _ in range(2):
            assert provider.post(PATH, data=wrote("СТОП")).status_code == 200
        assert withdrawn(engine) == [(PHONE, "sms", "debt")]
        (entry,) = engine.sql("SELECT source, recorded_by FROM consent_event WHERE action = 'withdrawn'")
        assert tuple(entry) == ("sms_reply", "recipient")
        (letter,) = engine.sql("SELECT * FROM incoming_letter")
        assert (letter.text, letter.handled_by, letter.sender) == ("СТОП", "recipient", PHONE)
        assert engine.sql("SELECT 1 FROM audit_event WHERE action = 'consent.withdrawn'") != []

    def test_nothing_goes_to_the_number_any_more_and_letters_still_do(
        self, engine: Engine, provider: TestClient, sent: Any
    ) -> None:
        provider.post(PATH, data=wrote("стоп"))
        for channel in (ChannelKind.SMS, ChannelKind.EMAIL):
            engine.start(make_campaign(engine.application, channels=(channel,)).run_id)
            engine.work(channel)
        assert len(engine.sms.sent) == 1  # the one before the refusal
        assert len(engine.email.sent) == 1

    def test_stop_all_withdraws_everything_of_the_person(
        self, engine: Engine, provider: TestClient, sent: Any
    ) -> None:
        provider.post(PATH, data=wrote("стоп все"))
        found = {(address, channel) for address, channel, purpose in withdrawn(engine) if purpose == "*"}
        assert found == {(PHONE, "sms"), (PHONE, "voice"), ("person1@example.org", "email")}

    def test_words_wait_for_staff_with_the_notice_that_they_answer(
        self, engine: Engine, provider: TestClient, sent: Any
    ) -> None:
        for _ in range(2):
            provider.post(PATH, data=wrote("Почему такой большой долг?"))
        (letter,) = engine.sql("SELECT * FROM incoming_letter")
        (attempt,) = engine.attempts(sent)
        assert (letter.text, letter.attempt_id, letter.handled_at) == (
            "Почему такой большой долг?",
            attempt.id,
            None,
        )
        assert letter.certainty == "said"
        assert withdrawn(engine) == []

    def test_a_number_that_nobody_gave_withdraws_nothing_and_waits_for_staff(
        self, engine: Engine, provider: TestClient, sent: Any
    ) -> None:
        provider.post(PATH, data=wrote("СТОП", phone="79995550000"))
        (letter,) = engine.sql("SELECT * FROM incoming_letter")
        assert (letter.handled_at, letter.certainty, letter.person_id) == (None, "none", None)
        assert withdrawn(engine) == []

    def test_a_forged_refusal_changes_nothing(self, engine: Engine, provider: TestClient, sent: Any) -> None:
        assert provider.post(PATH, data={**wrote("СТОП"), "md5": "0" * 32}).status_code == 401
        assert withdrawn(engine) == []
        assert engine.sql("SELECT 1 FROM incoming_letter") == []


def in_account(engine: Engine, *texts: tuple[int, str], phone: str = PHONE[1:]) -> int:
    """The account holds these; it is looked into when it is due."""
    engine.sms.inbox_seconds = {"smsc": 60.0}
    engine.sms.inbox += [IncomingText("smsc", phone, words, str(number)) for number, words in texts]
    engine.set_time(engine.now() + timedelta(seconds=61))
    return engine.worker.collect(ChannelKind.SMS)


def letters(engine: Engine) -> list[str]:
    return [row.text for row in engine.sql("SELECT text FROM incoming_letter ORDER BY id")]


class TestFetched:
    """Callbacks get lost: what customers wrote is fetched from the account as well, and counted once."""

    def test_what_no_callback_brought_is_taken_like_it(self, engine: Engine, sent: Any) -> None:
        assert in_account(engine, (501, "СТОП"), (502, "Когда включат свет?")) == 2
        assert withdrawn(engine) == [(PHONE, "sms", "debt")]
        assert letters(engine) == ["СТОП", "Когда включат свет?"]

    @pytest.mark.parametrize("callback_id", ["501", "", "9001"])
    def test_heard_and_fetched_is_one_answer_whether_or_not_both_name_it(
        self, engine: Engine, provider: TestClient, sent: Any, callback_id: str
    ) -> None:
        provider.post(PATH, data=wrote("СТОП", id_=callback_id))
        assert in_account(engine, (501, "СТОП")) == 0
        provider.post(PATH, data=wrote("СТОП", id_=callback_id))
        assert letters(engine) == ["СТОП"]
        assert len(withdrawn(engine)) == 1

    @pytest.mark.parametrize("callback_id", ["501", "", "9001"])
    def test_a_callback_behind_the_look_changes_nothing(
        self, engine: Engine, provider: TestClient, sent: Any, callback_id: str
    ) -> None:
        in_account(engine, (501, "Да"))
        for _ in range(2):
            provider.post(PATH, data=wrote("Да", id_=callback_id))
        assert letters(engine) == ["Да"]

    def test_the_same_words_written_twice_are_two_answers(
        self, engine: Engine, provider: TestClient, sent: Any
    ) -> None:
        provider.post(PATH, data=wrote("Да", id_="501"))
        assert in_account(engine, (501, "Да"), (502, "Да")) == 1
        provider.post(PATH, data=wrote("Да", id_="502"))
        assert letters(engine) == ["Да", "Да"]

    def test_a_restart_goes_on_where_the_last_look_ended(self, engine: Engine, sent: Any) -> None:
        in_account(engine, (501, "Да"))
        engine.sql(
            "UPDATE incoming_letter SET text = '', sender = '', fetched_id = NULL"
        )  # nothing to compare
        another = engine.another_worker()
        try:
            engine.sms.inbox.append(IncomingText("smsc", PHONE[1:], "Нет", "502"))
            engine.set_time(engine.now() + timedelta(seconds=61))
            assert another.collect(ChannelKind.SMS) == 1
        finally:
            another.tools.bridge.close()
        assert letters(engine) == ["", "Нет"]

    def test_it_is_looked_into_once_a_minute_and_again_when_it_did_not_answer(
        self, engine: Engine, sent: Any
    ) -> None:
        engine.sms.inbox_is_away = True
        assert in_account(engine, (501, "Да")) == 0
        engine.sms.inbox_is_away = False
        assert engine.worker.collect(ChannelKind.SMS) == 0  # not due
        assert in_account(engine) == 1
        assert in_account(engine) == 0
        (cursor,) = engine.sql("SELECT provider, after_id FROM inbox_cursor")
        assert tuple(cursor) == ("smsc", "501")

    def test_characters_that_cannot_be_stored_lose_neither_the_rest_nor_the_next(
        self, engine: Engine, sent: Any
    ) -> None:
        assert in_account(engine, (501, "Да\0\udcff"), (502, "Нет")) == 2
        assert letters(engine) == ["Да?", "Нет"]
