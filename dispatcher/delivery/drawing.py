"""Draws the transition table for people: `python -m dispatcher.delivery.drawing > docs/states.md`.

The drawing is made from the one table the engine works by, so it cannot say anything else; a test fails
when the file is out of date.
"""

import inspect
import re
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from dispatcher.delivery.run_states import OVER, RUN_TRANSITIONS, RunAction, RunState
from dispatcher.delivery.states import (
    ATTEMPT_TRANSITIONS,
    NOTICE_TRANSITIONS,
    AttemptState,
    NoticeState,
    Strength,
    Trigger,
)

_MEANING: Final = re.compile(r"#: (.+)\n\s+([A-Z_]+) =")
_HEAD: Final = """\
# States of an attempt, of a notice and of a run

Made from `states.py` and `run_states.py` by `python -m dispatcher.delivery.drawing > docs/states.md`;
do not edit it by hand. A pair of state and trigger that is not drawn changes nothing: that is how late,
repeated and reordered receipts are harmless.
"""


def draw() -> str:
    """The page: two drawings in Mermaid and what every word means."""
    return "\n".join(
        [
            _HEAD,
            "## An attempt: one try over one channel\n",
            _diagram(AttemptState.PLANNED, _attempt_arrows(), _without_way_out(AttemptState)),
            _meanings("State", AttemptState),
            _meanings("Trigger", Trigger),
            "## A notice: what one recipient must learn\n",
            "The arrows from `open` close it; the others amend a closed one by what was learned late.\n",
            _diagram(NoticeState.OPEN, _notice_arrows(), ()),
            _meanings("State", NoticeState),
            "How surely a notified person was told, the weakest first:\n",
            _meanings("Strength", Strength),
            "## A run: one going of a campaign over one list\n",
            "A rejected run never began: nobody was planned, so nobody can be lost (promise P1).\n",
            _diagram(RunState.DRAFT, _run_arrows(), sorted(OVER)),
            _meanings("State", RunState),
            _meanings("Action", RunAction),
        ]
    )


def _attempt_arrows() -> Mapping[tuple[str, str], list[str]]:
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, trigger), after in ATTEMPT_TRANSITIONS.items():
        arrows.setdefault((state, after), []).append(trigger)
    return arrows


def _notice_arrows() -> Mapping[tuple[str, str], list[str]]:
    return {
        (state, after): []
        for state, wanted in NOTICE_TRANSITIONS.items()
        for after in NoticeState
        if after in wanted and after is not state
    }


def _run_arrows() -> Mapping[tuple[str, str], list[str]]:
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, action), after in RUN_TRANSITIONS.items():
        arrows.setdefault((state, after), []).append(action)
    return arrows


def _without_way_out(states: type[AttemptState]) -> Iterable[str]:
    leaving = {state for state, _ in ATTEMPT_TRANSITIONS}
    return [state for state in states if state not in leaving]


def _diagram(first: str, arrows: Mapping[tuple[str, str], list[str]], last: Iterable[str]) -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {first}"]
    for (state, after), labels in arrows.items():
        label = f": {', '.join(labels)}" if labels else ""
        lines.append(f"    {state} --> {after}{label}")
    lines += [f"    {state} --> [*]" for state in last]
    return "\n".join([*lines, "```", ""])


def _meanings(title: str, words: type[StrEnum]) -> str:
    told = {name: meaning for meaning, name in _MEANING.findall(inspect.getsource(words))}
    rows = [f"| `{word.value}` | {told[word.name]} |" for word in words]
    return "\n".join([f"| {title} | Meaning |", "|---|---|", *rows, ""])


if __name__ == "__main__":
    sys.stdout.write(draw())
