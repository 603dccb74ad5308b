"""What came of calls, and the meter readings that people entered, by the API."""

from dataclasses import replace

from sqlalchemy import text
from starlette.testclient import TestClient

from channels.port import ChannelKind, OutcomeKind
from dispatcher.bootstrap import build_renderer
from dispatcher.core.api_keys import Scope
from dispatcher.core.staff import StaffRole
from dispatcher.delivery.calls.recordings import RecordingSeal
from dispatcher.web.app import create_app
from dispatcher.web.services import WebServices
from tests.calling_channel import BUSY, CONFIRMED
from tests.engine import Engine
from tests.factories import make_list, make_run, make_step, rows
from tests.integration.web.api_client import ApiClient, code_of, make_key
from tests.integration.web.browsing import sign_in
from tests.integration.web.installation import make_staff


def web_beside(engine: Engine) -> WebServices:
    built = engine.application
    return WebServices(
        built.database, built.clock, built.settings, built.tokens, built.secret_key, build_renderer(built)
    )


class TestCallsOfARun:
    def test_another_system_reads_what_came_of_calls_and_gets_the_meter_readings_out(self, engine: Engine):
        step = make_step(engine.application, ChannelKind.VOICE)
        imported = make_list(engine.application, rows(2))
        run = engine.start(make_run(engine.application, [step], imported=imported))
        voice = engine.channels[ChannelKind.VOICE]
        reading = replace(CONFIRMED, collected={"reading": "12345"})
        voice.answer("+79000000001", OutcomeKind.DELIVERED, call=reading)
        voice.answer("+79000000002", OutcomeKind.PERMANENT, reason="busy", call=BUSY)
        engine.work(ChannelKind.VOICE)
        services = web_beside(engine)
        with TestClient(create_app(services)) as client:
            api = ApiClient(client, make_key(services))
            found = api.get(f"/runs/{run}/calls").json()
            entered = api.get(f"/runs/{run}/calls", only_collected=True).json()["items"]
            page = api.get(f"/runs/{run}/calls", limit=1).json()
            rest = api.get(f"/runs/{run}/calls", limit=1, cursor=page["next"]).json()
            blind = ApiClient(client, make_key(services, "blind", [Scope.CAMPAIGNS_READ]))
            assert blind.get(f"/runs/{run}/calls").status_code == 403
        assert {(one["reason"], one["status"]) for one in found["items"]} == {
            ("confirmed", 200),
            ("busy", 486),
        }
        [one] = entered
        assert one["collected"] == {"reading": "12345"}
        assert (one["account_number"], one["keys"], one["reached"]) == ("0000000001", "11", "confirmed")
        assert rest["items"] == found["items"][1:]
        assert rest["next"] is None
        looks = engine.sql("SELECT 1 FROM audit_event WHERE action = 'calls.viewed'")
        assert len(looks) == 4


class TestRecordingOfACall:
    def test_is_heard_with_a_key_and_by_an_administrator_and_each_time_is_on_record(self, engine: Engine):
        step = make_step(engine.application, ChannelKind.VOICE)
        imported = make_list(engine.application, rows(1))
        run = engine.start(make_run(engine.application, [step], imported=imported))
        engine.channels[ChannelKind.VOICE].answer("+79000000001", OutcomeKind.DELIVERED, call=CONFIRMED)
        engine.work(ChannelKind.VOICE)
        [attempt] = engine.sql("SELECT period, id FROM attempt")
        [person] = [one.person_id for one in engine.sql("SELECT person_id FROM notice")]
        sound = b"RIFF....WAVE what was said"
        services = web_beside(engine)
        with TestClient(create_app(services), follow_redirects=False) as client:
            api = ApiClient(client, make_key(services))
            path = f"/runs/{run}/calls/{attempt.id}/recording"
            assert code_of(api.get(path)) == "not-found"
            with services.database.transaction() as session:
                session.execute(
                    text("INSERT INTO call_recording VALUES (:period, :attempt, :sealed, :now)"),
                    {
                        "period": attempt.period,
                        "attempt": attempt.id,
                        "sealed": RecordingSeal(services.secret_key).seal(attempt.id, sound),
                        "now": engine.now(),
                    },
                )
            heard = api.get(path)
            assert (heard.content, heard.headers["content-type"]) == (sound, "audio/wav")
            blind = ApiClient(client, make_key(services, "blind", [Scope.CAMPAIGNS_READ]))
            assert blind.get(path).status_code == 403

            page = f"/persons/{person}/recordings/{attempt.id}"
            make_staff(services, "operator", StaffRole.OPERATOR)
            sign_in(client, "operator")
            assert client.get(page).status_code == 403
            assert page not in client.get(f"/persons/{person}").text
            make_staff(services, "admin", StaffRole.ADMINISTRATOR)
            sign_in(client, "admin")
            assert page in client.get(f"/persons/{person}").text
            assert client.get(page).content == sound
            with services.database.transaction() as session:
                session.execute(text("UPDATE call_recording SET sealed = sealed || 'x'::bytea"))
            assert code_of(api.get(path)) == "damaged-recording"
        looks = engine.sql("SELECT actor FROM audit_event WHERE action = 'recording.heard' ORDER BY id")
        assert len(looks) == 2
        assert looks[0].actor != looks[1].actor
