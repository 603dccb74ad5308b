import io
import struct
import wave
from array import array

import pytest

from channels.voice.errors import BadSoundFileError, SpeechError
from channels.voice.sound import RATE, Sound
from channels.voice.speech.level import at_telephone_level, check_is_heard, measure
from channels.voice.speech.resampling import resample
from channels.voice.speech.wav import read_wav, write_wav
from tests.unit.channels.voice.speech.tones import power_at, tone, tone_sound


def riff(
    kind: int, bits: int, data: bytes, *, rate: int = 8000, channels: int = 1, size: int | None = None
) -> bytes:
    frame = channels * bits // 8
    shape = struct.pack("<HHIIHH", kind, channels, rate, rate * frame, frame, bits)
    chunks = b"fmt " + struct.pack("<I", len(shape)) + shape
    chunks += b"data" + struct.pack("<I", len(data) if size is None else size) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


class TestResampling:
    @pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
    def test_keeps_length_pitch_and_level_of_speech(self, rate: int) -> None:
        made = resample(tone(440, 0.5, rate=rate), rate, RATE)
        assert len(made) == pytest.approx(RATE / 2, abs=2)
        assert power_at(made, 440, RATE) == pytest.approx(0.3, rel=0.02)

    def test_what_the_telephone_cannot_carry_is_taken_out_and_does_not_come_back_as_another_tone(
        self,
    ) -> None:
        made = resample(tone(5000, 0.5, rate=22050), 22050, RATE)[200:-200]  # without its abrupt ends
        assert measure(Sound(made.tobytes())).active_dbov < -55
        assert power_at(made, 3000, RATE) < 0.001

    def test_a_rate_that_would_take_endless_filters_is_refused(self) -> None:
        with pytest.raises(ValueError, match="8001"):
            resample(tone(440, 0.1), 8001, 44101)


class TestLevel:
    @pytest.mark.parametrize("loudness", [0.01, 0.1, 0.9])
    def test_quiet_and_loud_come_out_alike(self, loudness: float) -> None:
        level = measure(at_telephone_level(tone_sound(300, 0.5, level=loudness)))
        assert level.active_dbov == pytest.approx(-20, abs=0.3)
        assert level.clipped_share == 0

    def test_pauses_do_not_count_as_quiet_speech(self) -> None:
        speech, pause = tone_sound(300, 0.5).samples, bytes(RATE * 4)
        alone, with_pause = measure(Sound(speech)), measure(Sound(speech + pause))
        assert with_pause.active_dbov == pytest.approx(alone.active_dbov, abs=0.3)
        assert with_pause.active_seconds == pytest.approx(0.5, abs=0.03)

    def test_one_loud_click_does_not_make_the_rest_clip(self) -> None:
        samples = tone(300, 0.5, level=0.02)
        samples[1000] = 32767
        assert measure(at_telephone_level(Sound(samples.tobytes()))).clipped_share == 0

    def test_silence_stays_silence(self) -> None:
        assert at_telephone_level(Sound(bytes(1600))) == Sound(bytes(1600))


class TestCheckIsHeard:
    def test_enough_sound_for_the_words_passes(self) -> None:
        check_is_heard(tone_sound(300, 1.0), "одна тысяча двести")

    @pytest.mark.parametrize("sound", [Sound(b""), Sound(bytes(16000)), tone_sound(300, 1.0, level=0.0005)])
    def test_silence_is_never_speech(self, sound: Sound) -> None:
        with pytest.raises(SpeechError) as caught:
            check_is_heard(sound, "да")
        assert caught.value.code == "phrase_silent"

    def test_half_a_phrase_is_told_from_a_whole_one(self) -> None:
        with pytest.raises(SpeechError) as caught:
            check_is_heard(tone_sound(300, 0.5), "одна тысяча двести рублей пятьдесят копеек")
        assert caught.value.code == "phrase_too_short"


class TestWav:
    def test_what_is_written_the_standard_library_reads(self) -> None:
        with wave.open(io.BytesIO(write_wav(tone_sound(440, 0.1)))) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
            assert file.readframes(10_000) == tone_sound(440, 0.1).samples

    def test_what_is_written_is_read_back(self) -> None:
        assert read_wav(write_wav(tone_sound(440, 0.1))).samples.tobytes() == tone_sound(440, 0.1).samples

    @pytest.mark.parametrize(
        ("kind", "bits", "data", "wanted"),
        [
            (1, 8, bytes([128, 255, 0]), [0, 127 << 8, -32768]),
            (1, 24, b"\xff\x00\x10" + b"\x00\x00\x80", [0x1000, -32768]),
            (1, 32, struct.pack("<ii", 1 << 30, -(1 << 31)), [1 << 14, -32768]),
            (3, 32, struct.pack("<fff", 0.5, -2.0, float("nan")), [16384, -32768, 0]),
            (6, 8, bytes([0xD5, 0x55, 0xAA, 0x2A]), [8, -8, 32256, -32256]),
            (7, 8, bytes([0xFF, 0x7F, 0x80, 0x00]), [0, 0, 32124, -32124]),
        ],
    )
    def test_reads_what_telephones_and_sound_editors_write(
        self, kind: int, bits: int, data: bytes, wanted: list[int]
    ) -> None:
        assert list(read_wav(riff(kind, bits, data)).samples) == wanted

    def test_two_channels_are_mixed(self) -> None:
        content = riff(1, 16, struct.pack("<hhhh", 100, 300, -100, -300), channels=2)
        assert list(read_wav(content).samples) == [200, -200]

    @pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
    def test_a_file_out_of_a_pipe_that_left_its_size_open_is_read_to_its_end(self, size: int) -> None:
        assert list(read_wav(riff(1, 16, b"\x01\0\x02\0", size=size)).samples) == [1, 2]

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "not_wav"),
            (b"ID3\x04" + bytes(100), "not_wav"),
            (b"RIFF\0\0\0\0WAVE", "wav_broken"),
            (b"RIFF\0\0\0\0WAVEfmt \x02\0\0\0\x01\0", "wav_broken"),
            (riff(1, 16, b"", rate=4000), "wav_rate"),
            (riff(1, 16, b"\0\0", channels=6), "wav_channels"),
            (riff(0x55, 16, b"\0\0"), "wav_format"),
        ],
    )
    def test_what_cannot_be_read_is_refused_with_what_to_do(self, content: bytes, code: str) -> None:
        with pytest.raises(BadSoundFileError) as caught:
            read_wav(content)
        assert caught.value.code == code
        assert str(caught.value)

    def test_any_bytes_are_read_or_refused(self) -> None:
        content = riff(1, 16, array("h", range(50)).tobytes())
        for length in range(len(content)):
            try:
                read_wav(content[:length])
            except BadSoundFileError:
                continue
