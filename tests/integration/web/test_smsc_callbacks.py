"""Where SMSC calls back: believed only with the path and the checksum, stored before it is applied."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from channels.port import ChannelKind
from channels.sms.reference import message_name
from consent.unsubscribe import UnsubscribeTokens
from dispatcher.core.settings import SmscSettings, SmsSettings
from dispatcher.delivery.step_plan import Success
from dispatcher.web.app import create_app
from dispatcher.web.callbacks.paths import smsc_path
from dispatcher.web.services import WebServices
from tests.engine import Engine
from tests.factories import make_list, make_run, make_step, rows
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
