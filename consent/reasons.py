"""The reason that staff give for a ban, a pause and their end: kept and shown, so short and never empty."""

from typing import Final

from dispatcher.core.errors import DispatcherError

MAX_REASON_CHARS: Final = 500


def stated_reason(said: str, error: type[DispatcherError]) -> str:
    """The reason as one line; raises `error` when there is none, or a longer one than is kept."""
    words = " ".join(said.split())
    if not words:
        raise error("say why", code="lift_reason")
    if len(words) > MAX_REASON_CHARS:
        raise error(
            f"a reason has at most {MAX_REASON_CHARS} characters",
            code="lift_reason_long",
            most=MAX_REASON_CHARS,
        )
    return words
