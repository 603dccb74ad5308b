"""Recordings open with the key that sealed them, beside their own attempt, and not otherwise."""

from uuid import UUID

import pytest

from dispatcher.delivery.calls.recordings import NONCE_BYTES, DamagedRecordingError, RecordingSeal

ATTEMPT = UUID("01936f50-0b7e-7a11-8f02-2d3c4b5a6980")
OTHER = UUID("01936f50-0b7e-7a11-8f02-2d3c4b5a6981")
KEY = b"k" * 32
SOUND = b"RIFF....WAVE" + bytes(range(256))


class TestRecordingSeal:
    def test_opens_what_it_sealed_and_shows_nothing_of_it(self) -> None:
        seal = RecordingSeal(KEY)
        sealed = seal.seal(ATTEMPT, SOUND)
        assert b"WAVE" not in sealed
        assert seal.open(ATTEMPT, sealed) == SOUND
        assert seal.seal(ATTEMPT, SOUND)[:NONCE_BYTES] != sealed[:NONCE_BYTES]

    def test_what_a_former_key_sealed_still_opens(self) -> None:
        sealed = RecordingSeal(KEY).seal(ATTEMPT, SOUND)
        assert RecordingSeal(b"n" * 32, (b"o" * 32, KEY)).open(ATTEMPT, sealed) == SOUND

    def test_a_recording_does_not_open_beside_another_attempt(self) -> None:
        sealed = RecordingSeal(KEY).seal(ATTEMPT, SOUND)
        with pytest.raises(DamagedRecordingError):
            RecordingSeal(KEY).open(OTHER, sealed)

    @pytest.mark.parametrize("cut", [0, 5, NONCE_BYTES, NONCE_BYTES + 4, -1])
    def test_a_part_does_not_open(self, cut: int) -> None:
        sealed = RecordingSeal(KEY).seal(ATTEMPT, SOUND)
        with pytest.raises(DamagedRecordingError):
            RecordingSeal(KEY).open(ATTEMPT, sealed[:cut])

    def test_an_unknown_key_is_said(self) -> None:
        sealed = RecordingSeal(KEY).seal(ATTEMPT, SOUND)
        with pytest.raises(DamagedRecordingError, match="DISPATCHER_FORMER_SECRET_KEYS"):
            RecordingSeal(b"n" * 32).open(ATTEMPT, sealed)
