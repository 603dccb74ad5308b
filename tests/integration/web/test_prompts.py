"""Recordings for calls: uploaded by the page and by the API, listened to, retired, and played by calls."""

import hashlib
import io
import wave
from array import array

import pytest
from sqlalchemy import text

from channels.voice.errors import SpeechError
from channels.voice.script import CallScript, Say
from channels.voice.sound import Phrase, Sound
from channels.voice.speech.level import measure
from channels.voice.speech.wav import write_wav
from dispatcher.core.ids import new_id
from dispatcher.core.staff import StaffRole
from tests.integration.web.api_client import V1, make_key
from tests.integration.web.browsing import csrf, sign_in
from tests.integration.web.installation import make_staff
from tests.unit.channels.voice.speech.tones import power_at, tone


def wav(samples: "array[int]", rate: int = 8000) -> bytes:
    return write_wav(Sound(samples.tobytes()), rate)


GOOD = wav(tone(440, 0.5, rate=16000), 16000)


def upload(client, file: bytes, name: str = "Приветствие", language: str = "ru"):
    return client.post(
        f"/prompts?lang={language}",
        data={"csrf_token": csrf(client), "name": name},
        files={"file": ("hello.wav", file, "audio/wav")},
    )


def kept(services, columns: str = "sha256"):
    with services.database.transaction() as session:
        return session.execute(text(f"SELECT {columns} FROM recorded_prompt")).all()


def listed(client, head: dict[str, str]) -> list[dict[str, object]]:
    return client.get(f"{V1}/prompts", headers=head).json()["items"]


def actions(services) -> list[str]:
    with services.database.transaction() as session:
        found = session.execute(
            text("SELECT action FROM audit_event WHERE subject_type = 'recorded_prompt' ORDER BY at, id")
        )
        return list(found.scalars())


def script(digest: str) -> CallScript:
    return CallScript((Say((Phrase("Здравствуйте", recording=digest),)),))


class TestPrompts:
    def test_staff_upload_hear_and_retire_a_recording_and_calls_play_its_samples(self, client, services):
        sign_in(client)
        assert upload(client, GOOD).headers["location"] == "/prompts"
        digest, samples, original, seconds = kept(services, "sha256, samples, original, seconds")[0]
        assert digest == hashlib.sha256(samples).hexdigest()
        assert (original, seconds) == (GOOD, pytest.approx(0.5, abs=0.01))
        heard = array("h", samples)
        assert power_at(heard, 440, 8000) > 0.1
        assert measure(Sound(samples)).active_dbov == pytest.approx(-20, abs=0.5)

        page = client.get("/prompts")
        assert f"запись = {digest}" in page.text
        assert "media-src 'self'" in page.headers["content-security-policy"]
        sound = client.get(f"/prompts/{digest}/sound")
        assert sound.headers["content-type"] == "audio/wav"
        with wave.open(io.BytesIO(sound.content)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
            assert file.readframes(file.getnframes()) == samples

        assert services.script_reader.read(script(digest)).samples == samples
        fault = services.script_reader.first_fault([script("0" * 64)])
        assert isinstance(fault, SpeechError)
        assert fault.code == "no_recording"

        upload(client, GOOD)
        client.post(f"/prompts/{digest}/retire", data={"csrf_token": csrf(client)})
        assert "не предлагается" in client.get("/prompts").text
        assert services.script_reader.read(script(digest)).samples == samples
        upload(client, GOOD)
        assert actions(services) == ["prompt.added", "prompt.retired", "prompt.restored"]

    def test_what_cannot_be_played_is_refused_in_words_and_nothing_is_kept(self, client, services):
        sign_in(client)
        for file, russian, english in (
            (b"ID3" + bytes(5000), "не файл WAV", "no WAV file"),
            (wav(array("h", bytes(16000))), "тишина", "silent"),
            (wav(tone(440, 0.2)), "от 0.3 до 120 с", "0.3 to 120 s"),
            (wav(array("h", bytes(8000 * 121 * 2))), "длится 121.0 с", "lasts 121.0 s"),
            (wav(array("h", [32767, -32768] * 4000)), "перегружена", "clipped"),
            (wav(tone(440, 1.0, rate=191_999), 191_999), "191999", "191999"),
            (bytes(25 * 1024**2 + 1), "больше 25 МБ", "larger than 25 MB"),
        ):
            for language, words in (("ru", russian), ("en", english)):
                answer = upload(client, file, language=language)
                assert answer.status_code == 422
                assert words in answer.text
        assert "Назовите запись" in upload(client, GOOD, name=" ").text
        assert upload(client, GOOD).status_code == 303
        assert "занято другой" in upload(client, wav(tone(300, 0.5))).text
        assert "загружена под названием «Приветствие»" in upload(client, GOOD, name="Другое").text
        assert len(kept(services)) == 1
        assert actions(services) == ["prompt.added"]
        assert not list((services.settings.data_directory / "uploads").glob("*"))

    def test_only_those_who_may_edit_upload_and_only_staff_listen(self, client, services):
        digest = "0" * 64
        assert client.get(f"/prompts/{digest}/sound").status_code != 200
        sign_in(client)
        assert client.get(f"/prompts/{digest}/sound").status_code == 404
        make_staff(services, "auditor", StaffRole.AUDITOR)
        sign_in(client, "auditor")
        assert 'type="file"' not in client.get("/prompts").text
        assert upload(client, GOOD).status_code == 403
        assert kept(services) == []

    def test_a_program_uploads_and_lists_by_the_api(self, client, services):
        head = {"authorization": f"Bearer {make_key(services)}", "content-type": "audio/wav"}

        def send(file: bytes, name: str, key: str | None = None):
            headers = head | {"idempotency-key": key or new_id().hex}
            return client.post(f"{V1}/prompts", params={"name": name}, content=file, headers=headers)

        key = new_id().hex
        made = send(GOOD, "greeting", key)
        assert made.status_code == 201
        assert made.json()["sha256"] == kept(services)[0].sha256
        assert send(GOOD, "greeting", key).json() == made.json()
        assert send(GOOD, "greeting").status_code == 200
        assert send(wav(tone(300, 0.5)), "greeting").json()["code"] == "prompt_name_taken"
        refused = send(wav(array("h", bytes(16000))), "silent")
        assert (refused.status_code, refused.json()["code"]) == (422, "prompt_silent")
        assert client.get(f"{V1}/prompts", headers=head).json() == {"items": [made.json()]}

    def test_a_retired_recording_frees_its_name_and_stays_playable(self, client, services):
        head = {"authorization": f"Bearer {make_key(services)}"}
        sign_in(client)
        upload(client, GOOD)
        old = kept(services)[0].sha256
        retired = client.post(f"{V1}/prompts/{old}/retire", headers=head)
        assert (retired.status_code, retired.json()["is_active"]) == (200, False)
        assert client.post(f"{V1}/prompts/{'0' * 64}/retire", headers=head).json()["status"] == 404
        assert upload(client, wav(tone(300, 0.5))).status_code == 303
        assert "занято другой" in upload(client, GOOD).text
        used = [(one["name"], one["is_active"]) for one in listed(client, head)]
        assert used == [("Приветствие", True), ("Приветствие", False)]
        assert services.script_reader.read(script(old)).seconds == pytest.approx(0.5, abs=0.01)
