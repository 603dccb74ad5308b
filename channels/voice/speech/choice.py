"""Which voice speaks which language, by the settings, and a look at whether it does."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from channels.voice.errors import SpeechError
from channels.voice.speech.engine import EngineName, Voice
from channels.voice.speech.process import SpeakingProcesses
from dispatcher.core.errors import ConfigurationError
from dispatcher.core.speech_settings import LANGUAGES, Language, SpeechSettings

#: What is chosen where the settings name none. An engine without a language here must be given a voice.
DEFAULT_VOICES: Final[Mapping[EngineName, Mapping[str, str]]] = {
    EngineName.ESPEAK: {"ru": "ru", "uk": "uk", "en": "en-us"},
    EngineName.FESTIVAL: {"ru": "msu_ru_nsh_clunits", "en": "kal_diphone"},
    EngineName.RHVOICE: {"ru": "anna", "uk": "natalia", "en": "slt"},
    EngineName.PIPER: {},
}
_TRIALS: Final[Mapping[str, str]] = {"ru": "добрый день", "uk": "добрий день", "en": "good afternoon"}


def voices_of(settings: SpeechSettings) -> Mapping[str, Voice]:
    """The voice of every language. A language that the engine does not speak is left to espeak-ng.

    Raises `ConfigurationError` where an engine was named for a language and no voice is known.
    """
    return {language: _voice(settings, language) for language in LANGUAGES}


def _voice(settings: SpeechSettings, language: Language) -> Voice:
    named = settings.engines.get(language)
    engine = EngineName(named or settings.engine)
    name = settings.voices.get(language) or DEFAULT_VOICES[engine].get(language)
    if name is None and (named or not (settings.voices or DEFAULT_VOICES[engine])):
        raise ConfigurationError(
            f"speech.voices names no voice for {language}, and {engine} has none of its own: set it"
        )
    if name is None:
        engine, name = EngineName.ESPEAK, DEFAULT_VOICES[EngineName.ESPEAK][language]
    return Voice(engine, name, settings.programs.get(engine.value, ""), settings.words_per_minute)


@dataclass(frozen=True, slots=True)
class VoiceTrial:
    """Whether a language can be heard; `problem` says what to do if not."""

    language: str
    voice: Voice
    problem: str = ""


def try_voices(settings: SpeechSettings) -> Iterator[VoiceTrial]:
    """Say two words in every language; raises `ConfigurationError`."""
    voices = voices_of(settings)
    problems = asyncio.run(_problems(voices, settings.timeout_seconds))
    for language, voice in voices.items():
        yield VoiceTrial(language, voice, problems.get(language, ""))


async def _problems(voices: Mapping[str, Voice], timeout_seconds: float) -> Mapping[str, str]:
    engine = SpeakingProcesses(voices, timeout_seconds=timeout_seconds)
    found: dict[str, str] = {}
    try:
        for language in voices:
            try:
                await engine.say(_TRIALS[language], language)
            except SpeechError as error:
                found[language] = str(error)
    finally:
        await engine.close()
    return found
