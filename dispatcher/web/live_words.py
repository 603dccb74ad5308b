"""Filters that put codes into words, and the segments of the bar over a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context

from consent.profile_form import hours_in_words
from reports.call_words import ANSWERED_BY, ENTERED, REACHED
from reports.live import LiveRun
from reports.sms_words import sms_words
from reports.words import (
    ATTEMPT_STATES,
    BAN_REASONS,
    CHANNELS,
    CONSENT_ACTIONS,
    CONSENT_BASES,
    CONSENT_SOURCES,
    HAND_WAYS,
    LETTER_CERTAINTIES,
    LETTER_HANDLINGS,
    LIFT_REASONS,
    LIST_FAILURES,
    MANUAL_TASK_STATES,
    NOTICE_STATES,
    OCCURRENCES,
    PAUSE_REASONS,
    POLICY_PROFILES,
    PURPOSES,
    REFUSAL_ANSWERS,
    RUN_REASONS,
    RUN_STATES,
    Words,
    reason_word,
    word_for,
)

BAR_WIDTH: Final = 1000  #: units of the drawing
#: The order in which the states stand in the bar and in the sum.
STATE_ORDER: Final = (
    "notified",
    "partly_notified",
    "failed",
    "blocked",
    "expired",
    "stopped",
    "unknown",
    "open",
)
NOT_FANNED_OUT: Final = "not_fanned_out"


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of the bar: `code` is a state or `not_fanned_out`; x and width are in drawing units."""

    code: str
    count: int
    x: float
    width: float


def segments(live: LiveRun) -> list[Segment]:
    """The parts whose counts add up to planned."""
    counts = [(state, live.notices_by_state.get(state, 0)) for state in STATE_ORDER]
    return drawn([*counts, (NOT_FANNED_OUT, live.not_fanned_out)])


def drawn(counts: Sequence[tuple[str, int]]) -> list[Segment]:
    """Counts as parts of one bar, side by side; empty ones are left out."""
    total = max(sum(count for _, count in counts), 1)
    parts, x = [], 0.0
    for code, count in counts:
        if not count:
            continue
        width = BAR_WIDTH * count / total
        parts.append(Segment(code, count, round(x, 2), round(width, 2)))
        x += width
    return parts


def _filter_of(words: Words) -> Callable[[Context, str], str]:
    @pass_context
    def in_words(context: Context, code: str) -> str:
        return word_for(words, code, context["language"])

    return in_words


@pass_context
def _reason(context: Context, code: str) -> str:
    return reason_word(code, context["language"])


def _server_code(reason: str) -> str:
    """The code itself where it tells staff more than its word: what a mail server said, in its own digits."""
    is_telling = any(sign.isdigit() for sign in reason) and sms_words(reason) is None
    return reason if is_telling else ""


LIVE_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "run_state": _filter_of(RUN_STATES),
    "run_reason": _filter_of(RUN_REASONS),
    "list_failure": _filter_of(LIST_FAILURES),
    "occurrence": _filter_of(OCCURRENCES),
    "consent_action": _filter_of(CONSENT_ACTIONS),
    "consent_basis": _filter_of(CONSENT_BASES),
    "consent_source": _filter_of(CONSENT_SOURCES),
    "hand_way": _filter_of(HAND_WAYS),
    "manual_task_state": _filter_of(MANUAL_TASK_STATES),
    "notice_state": _filter_of(NOTICE_STATES),
    "attempt_state": _filter_of(ATTEMPT_STATES),
    "channel": _filter_of(CHANNELS),
    "ban_reason": _filter_of(BAN_REASONS),
    "pause_reason": _filter_of(PAUSE_REASONS),
    "lift_reason": _filter_of(LIFT_REASONS),
    "letter_handling": _filter_of(LETTER_HANDLINGS),
    "refusal_answer": _filter_of(REFUSAL_ANSWERS),
    "letter_certainty": _filter_of(LETTER_CERTAINTIES),
    "call_answered_by": _filter_of(ANSWERED_BY),
    "call_entered": _filter_of(ENTERED),
    "call_reached": _filter_of(REACHED),
    "purpose": _filter_of(PURPOSES),
    "policy_profile": _filter_of(POLICY_PROFILES),
    "day_hours": hours_in_words,
    "reason": _reason,
    "segments": segments,
    "server_code": _server_code,
}
