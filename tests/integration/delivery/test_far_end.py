"""What the called person says, over real SIP and RTP: recorded, sealed, handed out, taken away."""

import io
import wave
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from channels.voice.channel import Sounds, VoiceChannel
from channels.voice.result import AnsweredBy, CallResult
from channels.voice.script import CallScript, Counts
from channels.voice.sip.call import SipCall
from channels.voice.sip.engine import Engine as SipEngine
from channels.voice.sip.telephone import SipTelephone
from channels.voice.telephone import Call
from dispatcher.core.settings import RetentionSettings
from dispatcher.core.staff import StaffRole
from dispatcher.core.voice_settings import CallerIdSettings, TrunkSettings, VoiceSettings
from dispatcher.delivery.bridge import Bridge
from dispatcher.privacy.retention import purge_slice
from dispatcher.web.app import create_app
from tests.engine import Engine
from tests.factories import make_list, make_run, row
from tests.integration.channels.sip_peers import CALLED, baresip, judge_sound, sine
from tests.integration.delivery.test_calls import Desk, a_call, replace_application, wait_until
from tests.integration.web.browsing import sign_in
from tests.integration.web.installation import make_staff
from tests.integration.web.test_api_calls import web_beside
from tests.unit.channels.voice.made_telephone import MadeSpeaker

HERTZ, SECONDS = 700, 1.0
LIMIT_SECONDS = 60.0  #: a starved machine says nothing about a call


class Dialogue:
    """Plays a tone, which the far end plays back: only what came from there is recorded."""

    def __init__(self) -> None:
        self.recorded = b""  #: as a WAV file, when it had been played

    async def hold(self, call: Call, script: CallScript, sounds: Sounds) -> CallResult:
        await call.play(sine(HERTZ, SECONDS))
        await call.play(sine(0, 0.5))
        assert isinstance(call, SipCall)
        self.recorded = call.recording() or b""
        return CallResult(call.signalling(), AnsweredBy.HUMAN, reached=Counts.CONFIRMED)


def call_once(engine: Engine, directory: Path, *, records: bool) -> bytes:
    """One call to Debian's baresip by a worker with this setting; what it had recorded of it."""
    outside, dialogue = Bridge(), Dialogue()
    peer = baresip(directory)
    port = outside.run(peer.__aenter__(), LIMIT_SECONDS)
    shown = CallerIdSettings(number="74950000000")
    trunk = TrunkSettings(name="main", host="127.0.0.1", port=port, caller_ids=[shown], calls_per_second=50)
    voice = VoiceSettings(trunks=[trunk], address="127.0.0.1", records_far_end=records)
    channel = VoiceChannel(voice, SipTelephone(voice, SipEngine(voice)), MadeSpeaker(), hold=dialogue.hold)
    settings = engine.application.settings.model_copy(update={"voice": voice})
    desk = Desk(replace_application(engine, settings), channel)  # type: ignore[arg-type]
    try:
        imported = make_list(engine.application, [row(1, phone=f"+{CALLED}")])
        run = engine.start(make_run(engine.application, [a_call(engine)], imported=imported))
        desk.start()
        wait_until(lambda: engine.states(run) == {"delivered": 1})
        assert engine.finish(run) == {"notified": 1}
    finally:
        desk.worker.stop()
        desk.worker.end_calls(LIMIT_SECONDS)
        desk.worker.tools.bridge.run(channel.close(), LIMIT_SECONDS)
        desk.worker.tools.bridge.close()
        outside.run(peer.__aexit__(None, None, None), LIMIT_SECONDS)
        outside.close()
    return dialogue.recorded


def read_samples(file: bytes) -> bytes:
    with wave.open(io.BytesIO(file)) as reader:
        assert (reader.getframerate(), reader.getnchannels(), reader.getsampwidth()) == (8000, 1, 2)
        return reader.readframes(reader.getnframes())


def purge(engine: Engine, days: int) -> None:
    terms = RetentionSettings(recording_days=30)
    at = engine.now() + timedelta(days=days)
    while engine.application.database.run(lambda session: purge_slice(session, at, settings=terms)):
        pass


class TestFarEnd:
    def test_its_tone_is_sealed_downloaded_by_an_administrator_and_gone_after_its_term(
        self, engine: Engine, tmp_path: Path
    ) -> None:
        recorded = read_samples(call_once(engine, tmp_path, records=True))
        [kept] = engine.sql("SELECT attempt_id, sealed FROM call_recording")
        assert b"WAVE" not in bytes(kept.sealed)
        [person] = engine.sql("SELECT person_id FROM notice")
        page = f"/persons/{person.person_id}/recordings/{kept.attempt_id}"
        services = web_beside(engine)
        with TestClient(create_app(services), follow_redirects=False) as client:
            make_staff(services, "operator", StaffRole.OPERATOR)
            sign_in(client, "operator")
            assert client.get(page).status_code == 403
            make_staff(services, "admin", StaffRole.ADMINISTRATOR)
            sign_in(client, "admin")
            samples = read_samples(client.get(page).content)
            # Until it hung up some more silence may have come.
            assert samples.startswith(recorded)
            heard = judge_sound(samples)
            assert heard.hertz == pytest.approx(HERTZ, abs=10)
            # How much of it a starved machine loses on its way is nothing to who keeps the rest.
            assert 0.1 < heard.seconds < SECONDS + 0.1
            purge(engine, 29)
            assert client.get(page).status_code == 200
            purge(engine, 31)
            assert client.get(page).status_code == 404
        assert engine.sql("SELECT 1 FROM call_recording") == []
        assert len(engine.sql("SELECT 1 FROM audit_event WHERE action = 'recording.heard'")) == 2

    def test_nothing_of_it_is_kept_unless_that_is_switched_on(self, engine: Engine, tmp_path: Path) -> None:
        assert call_once(engine, tmp_path, records=False) == b""
        assert engine.sql("SELECT 1 FROM call_recording") == []
