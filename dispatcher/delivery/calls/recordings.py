"""Recordings of called people, sealed: a dump of the database tells nothing of them.

AES-256-GCM with a key of its own, derived by HKDF-SHA256 (RFC 5869) from the secret key. The attempt is bound
in: a recording put beside another attempt does not open. Only what `voice.records_far_end` switches on is
ever recorded.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.delivery.errors import DeliveryError

NONCE_BYTES: Final = 12  #: NIST SP 800-38D, 8.2.2: random, never the same twice with one key
KEY_BYTES: Final = 32
_INFO: Final = b"dispatcher.call-recording.v1"

_OF_ATTEMPT = text(
    """
    SELECT c.sealed FROM call_recording c
    JOIN attempt a ON a.period = c.period AND a.id = c.attempt_id
    WHERE a.id = :attempt AND a.run_id = :run AND a.period = (SELECT period FROM run WHERE id = :run)
    """
)

_OF_PERSON = text(
    """
    SELECT c.attempt_id, a.run_id, c.recorded_at
    FROM notice n JOIN attempt a ON a.period = n.period AND a.notice_id = n.id
    JOIN call_recording c ON c.period = a.period AND c.attempt_id = a.id
    WHERE n.person_id = :person ORDER BY c.recorded_at DESC LIMIT :most
    """
)


class KeptRecording(NamedTuple):
    """A recording that is kept, without its sound."""

    attempt_id: UUID
    run_id: UUID
    recorded_at: datetime


class DamagedRecordingError(DeliveryError):
    """Raised when a recording does not open: it was changed, or sealed with a key that is not known here."""


@dataclass(frozen=True, slots=True)
class RecordingSeal:
    """Seals with the secret key; what former keys sealed still opens."""

    secret_key: bytes
    former_keys: Sequence[bytes] = ()

    def seal(self, attempt: UUID, recording: bytes) -> bytes:
        """The nonce, then the encrypted recording with its tag."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + _cipher(self.secret_key).encrypt(nonce, recording, attempt.bytes)

    def open(self, attempt: UUID, sealed: bytes) -> bytes:
        """The recording, a WAV file; raises `DamagedRecordingError`."""
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        for key in (self.secret_key, *self.former_keys):
            try:
                return _cipher(key).decrypt(nonce, rest, attempt.bytes)
            except (InvalidTag, ValueError):  # another key, or too short to hold a nonce
                continue
        raise DamagedRecordingError(
            "the recording does not open: it is damaged, or sealed with a key that is not among"
            " DISPATCHER_SECRET_KEY and DISPATCHER_FORMER_SECRET_KEYS"
        )


def find_recording(session: Session, run: UUID, attempt: UUID) -> bytes | None:
    """The sealed recording of an attempt of the run; None where there is none, or none any more."""
    found: bytes | None = session.execute(_OF_ATTEMPT, {"run": run, "attempt": attempt}).scalar_one_or_none()
    return found


def list_recordings(session: Session, person: UUID, *, most: int = 100) -> list[KeptRecording]:
    """The newest recordings of a person."""
    found = session.execute(_OF_PERSON, {"person": person, "most": most})
    return [KeptRecording(*row) for row in found]


def _cipher(secret_key: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=_INFO).derive(secret_key))
