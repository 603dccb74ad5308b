"""festival with its recorded Russian voice: only where it is installed (242 MB, so not by `.ci/run`)."""

import asyncio
import shutil

import pytest

from channels.voice.errors import SpeechError
from channels.voice.sound import Sound
from channels.voice.speech.choice import voices_of
from channels.voice.speech.level import measure
from channels.voice.speech.process import SpeakingProcesses
from dispatcher.core.speech_settings import SpeechSettings
from templates.speech.spell_out import spell_out

pytestmark = pytest.mark.skipif(
    shutil.which("text2wave") is None,
    reason="festival is not installed: apt-get install festival festvox-ru tries it",
)


def festival(text: str) -> Sound:
    async def run() -> Sound:
        engine = SpeakingProcesses(voices_of(SpeechSettings(engines={"ru": "festival"})))
        try:
            return await engine.say(text, "ru")
        finally:
            await engine.close()

    return asyncio.run(run())


class TestFestival:
    def test_words_are_heard_at_the_level_of_the_telephone(self) -> None:
        said = spell_out("Долг — 1200,50 ₽ на 25.12.2026", "ru")
        level = measure(festival(said))
        assert level.active_dbov == pytest.approx(-20, abs=1)
        assert level.active_seconds > 3

    @pytest.mark.parametrize("text", ["долг 1200.50", "срок 25.12.2026"])
    def test_what_it_has_no_rule_for_is_an_error_and_never_silence(self, text: str) -> None:
        with pytest.raises(SpeechError):
            festival(text)
