"""Detection with real (synthesised) speech: what people say into a telephone, and what machines say."""

import asyncio
from collections.abc import Sequence

import pytest

from channels.voice.detection import Cause, Detector
from channels.voice.greeting_end import GreetingEnd
from channels.voice.result import AnsweredBy
from channels.voice.speech.choice import voices_of
from channels.voice.speech.process import SpeakingProcesses
from dispatcher.core.speech_settings import SpeechSettings
from tests.unit.channels.voice.made_call import quiet, tone

PEOPLE = {
    "ru": ("Алло.", "Да, слушаю.", "Алло, кто это?"),
    "uk": ("Алло.", "Так, слухаю."),
    "en": ("Hello.", "Yes, speaking."),
}
MACHINES = {
    "ru": "Здравствуйте. Вы позвонили Ивану Петровичу. Оставьте, пожалуйста, сообщение после сигнала.",
    "uk": "Вітаємо. Абонент зараз не може відповісти. Залиште, будь ласка, повідомлення після сигналу.",
    "en": "Hello. You have reached my voice mail. Please leave a message after the tone.",
}


def speak(words: Sequence[tuple[str, str]]) -> list[bytes]:
    async def run() -> list[bytes]:
        engine = SpeakingProcesses(voices_of(SpeechSettings()))
        try:
            return [(await engine.say(text, language)).samples for language, text in words]
        finally:
            await engine.close()

    return asyncio.run(run())


@pytest.fixture(scope="module")
def people() -> list[bytes]:
    return speak([(language, text) for language, texts in PEOPLE.items() for text in texts])


@pytest.fixture(scope="module")
def machines() -> list[bytes]:
    return speak(list(MACHINES.items()))


class TestSpeech:
    def test_short_greetings_are_people(self, people: list[bytes]) -> None:
        for voice in people:
            found = Detector().hear(quiet(0.5) + voice + quiet(1.5))
            assert found is not None
            assert (found.answered_by, found.cause) == (AnsweredBy.HUMAN, Cause.HUMAN)

    def test_long_greetings_are_machines(self, machines: list[bytes]) -> None:
        for voice in machines:
            found = Detector().hear(quiet(0.5) + voice)
            assert found is not None
            assert found.answered_by is AnsweredBy.MACHINE

    def test_a_greeting_ends_with_its_tone_and_not_before(self, machines: list[bytes]) -> None:
        for voice in machines:
            end = GreetingEnd()
            assert not end.hear(voice + quiet(0.5))
            assert not end.hear(tone(0.4))
            assert end.hear(quiet(0.3))
