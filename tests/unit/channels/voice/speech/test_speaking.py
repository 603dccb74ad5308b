"""The engine in its own process, and the speaker that keeps what was spoken."""

import asyncio
import os
import signal
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from channels.voice.errors import SpeechError
from channels.voice.sound import Phrase, Sound
from channels.voice.speech.cache import DiskCache, MemoryCache, key_of
from channels.voice.speech.choice import try_voices, voices_of
from channels.voice.speech.engine import EngineName, Voice
from channels.voice.speech.level import measure
from channels.voice.speech.process import SpeakingProcesses
from channels.voice.speech.speaker import PhraseSpeaker
from dispatcher.core.errors import ConfigurationError
from dispatcher.core.speech_settings import SpeechSettings
from tests.unit.channels.voice.speech.tones import tone_sound

T = TypeVar("T")
DEBT = "Ваша задолженность составляет одна тысяча двести рублей пятьдесят копеек."


def speaking(work: Callable[[SpeakingProcesses], Awaitable[T]], **voices: Voice) -> T:
    async def run() -> T:
        engine = SpeakingProcesses({**voices_of(SpeechSettings()), **voices})
        try:
            return await work(engine)
        finally:
            await engine.close()

    return asyncio.run(run())


class FakeEngine:
    """Speaks a tone per phrase, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go_on = asyncio.Event()
        self.go_on.set()

    def voice(self, language: str) -> Voice:
        return Voice(EngineName.ESPEAK, language)

    async def say(self, text: str, language: str) -> Sound:
        self.asked.append(text)
        await self.go_on.wait()
        if "—" in text:
            raise SpeechError("nothing came out")
        return tone_sound(300 + len(text), 0.2)

    async def close(self) -> None:
        return


class TestSpeakingProcesses:
    @pytest.mark.parametrize(
        ("language", "text"),
        [
            ("ru", DEBT),
            ("uk", "Ваш борг становить одна тисяча двісті гривень п'ятдесят копійок."),
            ("en", "Your debt is one thousand two hundred roubles."),
        ],
    )
    def test_words_are_heard_at_the_level_of_the_telephone(self, language: str, text: str) -> None:
        sound = speaking(lambda engine: engine.say(text, language))
        level = measure(sound)
        assert level.active_dbov == pytest.approx(-20, abs=1)
        assert 2 < level.active_seconds < 8
        assert level.clipped_share == 0

    def test_texts_at_once_are_each_answered_by_their_own_sound(self) -> None:
        async def work(engine: SpeakingProcesses) -> tuple[Sound, ...]:
            first = await engine.say(DEBT, "ru")
            both = await asyncio.gather(engine.say("да", "ru"), engine.say(DEBT, "ru"))
            return first, *both

        first, short, long = speaking(work)
        assert len(long.samples) == len(first.samples) > 5 * len(short.samples)

    @pytest.mark.parametrize("text", ["", "—", "...", "12"])
    def test_a_phrase_without_words_is_refused(self, text: str) -> None:
        with pytest.raises(SpeechError) as caught:
            speaking(lambda engine: engine.say(text, "ru"))
        assert caught.value.code == "phrase_empty"

    def test_an_unknown_voice_is_named(self) -> None:
        with pytest.raises(SpeechError, match="gibberish"):
            speaking(lambda engine: engine.say("да", "ru"), ru=Voice(EngineName.ESPEAK, "gibberish"))

    @pytest.mark.parametrize("engine_name", [EngineName.RHVOICE, EngineName.PIPER])
    def test_an_engine_that_is_not_installed_says_how_to_install_it(self, engine_name: EngineName) -> None:
        voice = Voice(engine_name, "anna", program="/nowhere/program")
        with pytest.raises(SpeechError) as caught:
            speaking(lambda engine: engine.say("да", "ru"), ru=voice)
        assert caught.value.code == "no_engine"
        assert "speech.programs" in str(caught.value)

    def test_a_program_that_says_it_went_well_and_made_nothing_is_not_believed(self) -> None:
        voice = Voice(EngineName.FESTIVAL, "msu_ru_nsh_clunits", program="/bin/true")
        with pytest.raises(SpeechError) as caught:
            speaking(lambda engine: engine.say("да", "ru"), ru=voice)
        assert caught.value.code == "phrase_silent"

    def test_a_process_that_falls_over_costs_one_phrase_and_is_replaced(self) -> None:
        async def work(engine: SpeakingProcesses) -> Sound:
            await engine.say("да", "ru")
            for child in psutil.Process().children():
                child.send_signal(signal.SIGKILL)
            with pytest.raises(SpeechError):
                await engine.say("да", "ru")
            return await engine.say("да", "ru")

        assert speaking(work).seconds > 0

    def test_no_process_stays_behind(self) -> None:
        before = {child.pid for child in psutil.Process().children()}
        speaking(lambda engine: engine.say("да", "ru"))
        assert {child.pid for child in psutil.Process().children()} <= before


class TestVoices:
    def test_all_languages_are_heard_without_any_setting(self) -> None:
        assert [trial.problem for trial in try_voices(SpeechSettings())] == ["", "", ""]

    def test_an_engine_may_be_chosen_for_one_language(self) -> None:
        voices = voices_of(SpeechSettings(engines={"ru": "festival"}))
        assert (voices["ru"].engine, voices["uk"].engine) == (EngineName.FESTIVAL, EngineName.ESPEAK)

    def test_a_language_that_the_engine_does_not_speak_is_left_to_the_one_that_does(self) -> None:
        assert voices_of(SpeechSettings(engine="festival"))["uk"].engine is EngineName.ESPEAK

    def test_an_engine_without_voices_of_its_own_must_be_given_one(self) -> None:
        with pytest.raises(ConfigurationError, match=r"speech\.voices"):
            voices_of(SpeechSettings(engines={"ru": "piper"}))
        assert (
            voices_of(SpeechSettings(engine="piper", voices={"ru": "/v/ru.onnx"}))["ru"].name == "/v/ru.onnx"
        )


class TestPhraseSpeaker:
    def test_a_phrase_is_spoken_once_for_many_calls_at_once(self, tmp_path: Path) -> None:
        async def run() -> tuple[list[str], int]:
            engine = FakeEngine()
            engine.go_on.clear()
            speaker = PhraseSpeaker(engine)
            calls = [asyncio.ensure_future(speaker.speak([Phrase("да")])) for _ in range(5)]
            await asyncio.sleep(0)
            calls[0].cancel()  # whoever asked first hangs up
            await asyncio.sleep(0)
            engine.go_on.set()
            spoken = await asyncio.gather(*calls[1:])
            return engine.asked, len({one[0].digest for one in spoken})

        assert asyncio.run(run()) == (["да"], 1)

    def test_a_fault_is_told_to_all_and_tried_anew_the_next_time(self) -> None:
        async def run() -> list[str]:
            engine = FakeEngine()
            speaker = PhraseSpeaker(engine)
            for _ in range(2):
                with pytest.raises(SpeechError):
                    await speaker.speak([Phrase("—")])
            return engine.asked

        assert asyncio.run(run()) == ["—", "—"]

    def test_what_is_said_to_everybody_is_kept_for_other_processes_and_what_is_personal_is_not(
        self, tmp_path: Path
    ) -> None:
        common, personal = Phrase("Добрый день", is_personal=False), Phrase("Иван Иванович")

        async def run() -> list[str]:
            engine = FakeEngine()
            for _ in range(2):
                speaker = PhraseSpeaker(engine, disk=DiskCache(tmp_path, 1 << 20))
                await speaker.speak([common, personal, personal])
            return engine.asked

        assert asyncio.run(run()) == ["Добрый день", "Иван Иванович", "Иван Иванович"]
        assert len(list(tmp_path.glob("*/*.sound"))) == 1

    def test_a_recording_is_played_as_it_is(self) -> None:
        samples = tone_sound(500, 0.1).samples
        recordings = {"a" * 64: samples}
        speaker = PhraseSpeaker(FakeEngine(), recordings=recordings.get)
        (spoken,) = asyncio.run(speaker.speak([Phrase("привет", recording="a" * 64)]))
        assert spoken.sound.samples == samples

    def test_a_recording_that_is_gone_is_an_error_and_not_silence(self) -> None:
        with pytest.raises(SpeechError):
            asyncio.run(PhraseSpeaker(FakeEngine()).speak([Phrase("привет", recording="b" * 64)]))


class TestCaches:
    def test_voice_and_speed_are_part_of_the_name(self) -> None:
        voices = [Voice(EngineName.ESPEAK, "ru"), Voice(EngineName.ESPEAK, "ru", words_per_minute=120)]
        keys = {key_of("да", language, voice) for voice in voices for language in ("ru", "uk")}
        assert len(keys) == 4

    def test_files_are_closed_to_others_and_a_damaged_one_is_spoken_again(self, tmp_path: Path) -> None:
        cache, key = DiskCache(tmp_path, 1 << 20), "ab" * 32
        cache.add(key, tone_sound(300, 0.1))
        assert cache.get(key) == tone_sound(300, 0.1)
        (path,) = tmp_path.glob("*/*.sound")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.write_bytes(path.read_bytes()[:-2])
        assert cache.get(key) is None

    def test_what_was_not_used_for_longest_makes_room(self, tmp_path: Path) -> None:
        sound = tone_sound(300, 0.1)
        cache = DiskCache(tmp_path, 4 * (len(sound.samples) + 32))
        keys = [f"{number:064x}" for number in range(5)]
        for age, key in enumerate(keys[:4]):
            cache.add(key, sound)
            (path,) = tmp_path.glob(f"*/{key}.sound")
            os.utime(path, (1000 + age, 1000 + age))
        assert cache.get(keys[0]) is not None  # used now: the second one is the oldest
        cache.add(keys[4], sound)
        assert [cache.get(key) is not None for key in keys] == [True, False, False, True, True]

    def test_a_disk_that_cannot_be_written_costs_nothing_but_speaking_again(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        cache = DiskCache(tmp_path / "file", 1 << 20)
        cache.add("ab" * 32, tone_sound(300, 0.1))
        assert cache.get("ab" * 32) is None

    def test_memory_has_a_limit(self) -> None:
        sound = tone_sound(300, 0.1)
        cache = MemoryCache(2 * len(sound.samples))
        for key in ("a", "b", "c"):
            cache.add(key, sound)
        assert [cache.get(key) is not None for key in ("a", "b", "c")] == [False, True, True]
