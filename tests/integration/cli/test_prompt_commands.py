"""`dispatcher prompt …` through the real command line, and what the doctor says of voices."""

import shutil

import pytest

from channels.voice.sound import Sound
from channels.voice.speech.wav import read_wav, write_wav
from dispatcher.cli.doctor import examine_voices
from dispatcher.core.settings import Settings
from dispatcher.core.speech_settings import SpeechSettings
from tests.engine import Engine
from tests.unit.channels.voice.speech.tones import tone


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "greeting.wav"
    path.write_bytes(write_wav(Sound(tone(440, 1.0, level=0.1, rate=16_000).tobytes()), 16_000))
    return path


class TestPrompt:
    def test_a_recording_is_kept_listed_written_out_and_retired(
        self, engine: Engine, ask, run, recording, tmp_path
    ):
        kept = ask("prompt", "add", "Приветствие", recording)
        assert (kept["name"], kept["seconds"], kept["is_new"]) == ("Приветствие", 1.0, True)
        assert f"запись = {kept['sha256']}" in run("prompt", "add", "Приветствие", recording)
        assert ask("prompt", "add", "Приветствие", recording)["is_new"] is False
        [listed] = ask("prompt", "list")["prompts"]
        assert (listed["sha256"], listed["is_active"]) == (kept["sha256"], True)
        run("prompt", "save", kept["sha256"], tmp_path / "out.wav")
        written = read_wav((tmp_path / "out.wav").read_bytes())
        assert (written.rate, len(written.samples)) == (8000, 8000)
        assert ask("prompt", "retire", kept["sha256"]) == {"retired": True}
        assert "снята" in run("prompt", "list")

    def test_what_is_no_recording_and_what_is_not_there_is_refused(
        self, engine: Engine, ask, refuse, tmp_path
    ):
        (tmp_path / "letter.wav").write_text("no sound")
        assert "WAV" in refuse("prompt", "add", "Письмо", tmp_path / "letter.wav")
        assert refuse("prompt", "save", "0" * 64, tmp_path / "out.wav")
        assert refuse("prompt", "retire", "0" * 64)
        assert ask("prompt", "list") == {"prompts": []}


class TestVoices:
    def test_the_doctor_hears_every_language_without_any_setting(self) -> None:
        found = {finding.subject: finding for finding in examine_voices(Settings())}
        for language in ("ru", "uk", "en"):
            assert found[f"speech {language}"].is_well
            assert "espeak" in found[f"speech {language}"].words

    def test_an_engine_that_is_missing_is_named_with_what_to_install(self) -> None:
        speech = SpeechSettings(engines={"ru": "rhvoice"}, programs={"rhvoice": "/nowhere/RHVoice-test"})
        found = {finding.subject: finding for finding in examine_voices(Settings(speech=speech))}
        assert not found["speech ru"].is_well
        assert "speech.programs" in found["speech ru"].words
        assert found["speech uk"].is_well

    def test_a_voice_that_no_setting_names_is_said(self) -> None:
        [finding, *_] = examine_voices(Settings(speech=SpeechSettings(engines={"ru": "piper"})))
        assert not finding.is_well
        assert "speech.voices" in finding.words

    def test_other_engines_that_are_there_are_named(self) -> None:
        speech = SpeechSettings(programs={"piper": shutil.which("true") or ""})
        found = {finding.subject: finding for finding in examine_voices(Settings(speech=speech))}
        assert "piper" in found["speech engines"].words
