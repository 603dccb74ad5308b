"""The report as plain tables: the page, the files and the command line show the same columns and rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from campaigns.catalogue import BUILTIN
from reports.call_words import ENTERED
from reports.management.consents import ACTIONS, STANDINGS
from reports.management.report import ManagementReport, TermsReport
from reports.management.returns import CLASSES
from reports.management.runs import TERMINAL, Cost, Figures
from reports.management.terms import KeptTerms, Term
from reports.management.words import GENERAL_PURPOSE, RUN_KINDS
from reports.words import (
    BAN_REASONS,
    CHANNELS,
    CONSENT_SOURCES,
    LANGUAGES,
    NOTICE_STATES,
    PURPOSES,
    RUN_STATES,
    Language,
    Words,
    reason_word,
    word_for,
)

Value = str | int | Decimal | datetime | None


class Kind(StrEnum):
    """What stands in a column: how its values are said and set."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    SHARE = "share"
    MOMENT = "moment"
    PURPOSE = "purpose"
    STANDING_PURPOSE = "standing_purpose"
    SCENARIO = "scenario"
    CHANNEL = "channel"
    SOURCE = "source"
    NOTICE_STATE = "notice_state"
    RUN_STATE = "run_state"
    RUN_KIND = "run_kind"
    REASON = "reason"
    BAN_REASON = "ban_reason"
    ENTERED = "entered"


#: Columns of figures stand to the right.
FIGURES: Final = frozenset({Kind.NUMBER, Kind.MONEY, Kind.SHARE})


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name is also the key of its title (`reports.management.words`)."""

    name: str
    kind: Kind = Kind.NUMBER
    is_minor: bool = False  #: for files alone: on a screen there is no room for it


@dataclass(frozen=True, slots=True)
class Table:
    """A section of the report; the name is also the key of its title."""

    name: str
    columns: tuple[Column, ...]
    rows: Iterable[tuple[Value, ...]]  #: for a file alone they may come slice by slice, once
    ids: Sequence[str] = ()  #: of the runs of the rows, for links


_FIGURES: Final = (
    Column("planned"),
    Column("notified"),
    Column("notified_share", Kind.SHARE),
    *(Column(state.value) for state in TERMINAL[1:]),
    Column("going_on"),
    Column("cost", Kind.MONEY),
)


def tables_of(report: ManagementReport) -> list[Table]:
    """Every section in the order in which it is read."""
    return [
        *_of_runs(report),
        Table(
            "consents",
            (
                Column("channel", Kind.CHANNEL),
                Column("purpose", Kind.PURPOSE),
                Column("source", Kind.SOURCE),
                *(Column(f"consent_{action}") for action in ACTIONS),
            ),
            [
                (one.channel, one.purpose, one.source, *(one.actions[action] for action in ACTIONS))
                for one in report.consents
            ],
        ),
        Table(
            "standing",
            (
                Column("channel", Kind.CHANNEL),
                Column("purpose", Kind.STANDING_PURPOSE),
                *(Column(f"standing_{name}") for name in STANDINGS),
            ),
            [(one.channel, one.purpose, one.permitted, one.refused, one.expired) for one in report.standing],
        ),
        Table(
            "bans",
            (
                Column("channel", Kind.CHANNEL),
                Column("ban_reason", Kind.BAN_REASON),
                *(Column(f"bans_{name}") for name in ("added", "lifted", "expired", "in_force")),
            ),
            [
                (one.channel, one.reason, one.added, one.lifted, one.expired, one.in_force)
                for one in report.bans
            ],
        ),
        Table(
            "returns",
            (
                Column("channel", Kind.CHANNEL),
                Column("domain", Kind.TEXT),
                *(Column(f"class_{name}") for name in CLASSES),
            ),
            [(one.channel, one.domain, *(one.classes[name] for name in CLASSES)) for one in report.returns],
        ),
    ]


def _of_runs(report: ManagementReport) -> list[Table]:
    runs = report.runs
    return [
        Table(
            "scenarios",
            (Column("purpose", Kind.PURPOSE), Column("scenario", Kind.SCENARIO), Column("runs"), *_FIGURES),
            [
                (purpose, scenario, count, *_figures(figures))
                for purpose, scenario, count, figures in runs.by_scenario()
            ],
        ),
        Table(
            "channels",
            (
                Column("channel", Kind.CHANNEL),
                *(Column(f"attempts_{name}") for name in ("delivered", "accepted", "failed", "unknown")),
                Column("parts"),
                Column("priced"),
                Column("cost", Kind.MONEY),
            ),
            [
                (
                    *(one.channel, one.delivered, one.accepted, one.failed, one.unknown),
                    *(one.cost.parts, one.cost.priced, _money(one.cost)),
                )
                for one in runs.by_channel()
            ],
        ),
        Table(
            "reasons",
            (Column("state", Kind.NOTICE_STATE), Column("reason", Kind.REASON), Column("notices")),
            runs.reasons(),
        ),
        Table(
            "runs",
            (
                Column("campaign", Kind.TEXT),
                Column("run_number"),
                Column("run_kind", Kind.RUN_KIND, is_minor=True),
                Column("scenario", Kind.SCENARIO, is_minor=True),
                Column("began_at", Kind.MOMENT),
                Column("run_state", Kind.RUN_STATE, is_minor=True),
                *_FIGURES,
            ),
            [
                (
                    *(one.campaign, one.number, one.kind, one.scenario, one.began_at, one.state),
                    *_figures(one.figures),
                )
                for one in runs.runs
            ],
            [str(one.id) for one in runs.runs],
        ),
    ]


def tables_of_terms(report: TermsReport) -> list[Table]:
    """Terms by scenario, and by run."""
    by_scenario: dict[str, list[KeptTerms]] = {}
    for one in report.terms:
        by_scenario.setdefault(one.run.scenario, []).append(one)
    columns = (*(Column(f"term_{term}") for term in Term), Column("kept_share", Kind.SHARE))
    return [
        Table(
            "terms",
            (Column("scenario", Kind.SCENARIO), Column("runs"), *columns),
            [(scenario, len(found), *_terms(found)) for scenario, found in sorted(by_scenario.items())],
        ),
        Table(
            "terms_by_run",
            (
                Column("campaign", Kind.TEXT),
                Column("run_number"),
                Column("scenario", Kind.SCENARIO),
                Column("began_at", Kind.MOMENT),
                *columns,
            ),
            [
                (one.run.campaign, one.run.number, one.run.scenario, one.run.began_at, *_terms([one]))
                for one in report.terms
            ],
            [str(one.run.id) for one in report.terms],
        ),
    ]


def say(kind: Kind, value: Value, language: Language) -> Value:
    """A value as a person reads it; figures and moments stay what they are."""
    if kind not in _SAID or not isinstance(value, str):
        return value
    return _SAID[kind](value, language)


def _scenario(name: str, language: Language) -> str:
    known = BUILTIN.get(name)
    return name if known is None else known.titles[LANGUAGES.index(language)]


def _word(words: Words) -> Callable[[str, Language], str]:
    return lambda code, language: word_for(words, code, language)


_SAID: Final[Mapping[Kind, Callable[[str, Language], str]]] = MappingProxyType(
    {
        Kind.PURPOSE: _word(PURPOSES),
        Kind.STANDING_PURPOSE: _word({**PURPOSES, **GENERAL_PURPOSE}),
        Kind.SCENARIO: _scenario,
        Kind.CHANNEL: _word(CHANNELS),
        Kind.SOURCE: _word(CONSENT_SOURCES),
        Kind.NOTICE_STATE: _word(NOTICE_STATES),
        Kind.RUN_STATE: _word(RUN_STATES),
        Kind.RUN_KIND: _word(RUN_KINDS),
        Kind.REASON: reason_word,
        Kind.BAN_REASON: _word(BAN_REASONS),
        Kind.ENTERED: _word(ENTERED),
    }
)


def _figures(figures: Figures) -> tuple[Value, ...]:
    notified = figures.notices["notified"]
    return (
        figures.planned,
        notified,
        _share(notified, figures.planned),
        *(figures.notices[state] for state in TERMINAL[1:]),
        figures.going_on,
        _money(figures.cost),
    )


def _money(cost: Cost) -> Decimal | None:
    """Nothing rather than nought where no price is known: e-mail has none."""
    return cost.amount if cost.priced else None


def _terms(found: Sequence[KeptTerms]) -> tuple[Value, ...]:
    counts = [sum(one.terms[term] for one in found) for term in Term]
    decided = sum(counts[:3])
    return (*counts, _share(counts[0], decided))


def _share(part: int, whole: int) -> Decimal | None:
    """Rounded down: all is said of all alone."""
    return Decimal(part * 1000 // whole) / 1000 if whole else None
