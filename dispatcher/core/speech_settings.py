"""Settings of speech: which engine speaks which language, with which voice."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Language = Literal["ru", "uk", "en"]
EngineChoice = Literal["espeak", "festival", "rhvoice", "piper"]

LANGUAGES: Final[tuple[Language, ...]] = ("ru", "uk", "en")


class SpeechSettings(BaseModel):
    """How calls speak (docs/voice.md says how to plug in an engine)."""

    model_config = ConfigDict(extra="forbid")

    engine: EngineChoice = "espeak"  #: espeak comes with the product and speaks all three languages
    #: other engines for single languages: {"ru": "festival"}
    engines: dict[Language, EngineChoice] = {}
    #: names of voices for single languages; for piper the path of the .onnx file
    voices: dict[Language, Annotated[str, Field(min_length=1, max_length=200)]] = {}
    #: where an engine's program is, when it is not found by its name: {"piper": "/opt/piper/piper"}
    programs: dict[EngineChoice, str] = {}
    words_per_minute: int = Field(default=150, ge=80, le=300)
    processes: int = Field(default=1, ge=1, le=8)  #: that speak, per voice worker process
    timeout_seconds: float = Field(default=30.0, gt=0, le=120)  #: for one phrase
    cache_megabytes: int = Field(default=200, ge=0, le=100_000)  #: on disk; 16 kB are one second
