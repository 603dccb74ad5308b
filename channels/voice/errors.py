"""Errors of the voice channel."""

from channels.voice.reasons import CallReason
from dispatcher.core.errors import DispatcherError


class SpeechError(DispatcherError):
    """Raised when a phrase cannot be made audible: nothing came out, or less than its length demands."""


class BadSoundFileError(DispatcherError):
    """Raised when a file holds no sound that can be used; the message says what to change."""


class NotDialledError(DispatcherError):
    """Raised when a call has certainly not left the house: no trunk, no free line, told to stop."""

    def __init__(self, problem: str, reason: CallReason) -> None:
        super().__init__(problem)
        self.reason = reason
