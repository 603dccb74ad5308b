"""Filters of the report to managers: what a cell says, and which columns have anything to say."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent
from jinja2 import pass_context
from jinja2.runtime import Context

from dispatcher.delivery.states import NoticeState
from dispatcher.web.live_words import STATE_ORDER, Segment, drawn
from reports.management.runs import Figures
from reports.management.tables import FIGURES, Column, Kind, Table, Value, say
from reports.management.words import NOTES

_MOMENT: Final = "d MMM y, HH:mm"
#: Shown also where they are nought: their absence would be read as a gap.
_ALWAYS: Final = frozenset({"planned", "notified", "attempts_delivered", "attempts_accepted"})


@pass_context
def _cell(context: Context, value: Value, kind: str) -> str:
    language = context["language"]
    said = say(Kind(kind), value, language)
    if said is None:
        return "—"
    if isinstance(said, datetime):
        return format_datetime(said, _MOMENT, tzinfo=ZoneInfo(context["time_zone"]), locale=language)
    if kind == Kind.SHARE:
        return format_percent(said, format="#,##0.#%", locale=language)
    if isinstance(said, Decimal):
        return format_decimal(said, format="#,##0.00", locale=language)
    return format_decimal(said, format="#,##0", locale=language) if isinstance(said, int) else str(said)


def _columns(table: Table) -> list[tuple[int, Column]]:
    """The columns with their places in a row, without minor ones and figures that are nought in every row."""
    return [
        (place, column)
        for place, column in enumerate(table.columns)
        if not column.is_minor
        and (column.kind not in FIGURES or column.name in _ALWAYS or any(row[place] for row in table.rows))
    ]


def _segments(total: Figures) -> list[Segment]:
    """The bar over all runs; what goes on stands as open."""
    return drawn(
        [
            (state, total.going_on if state == NoticeState.OPEN else total.notices[state])
            for state in STATE_ORDER
        ]
    )


@pass_context
def _day_short(context: Context, day: date) -> str:
    return format_date(day, "d MMMM y", locale=context["language"])


REPORT_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "report_cell": _cell,
    "report_columns": _columns,
    "report_segments": _segments,
    "has_note": lambda table: table.name in NOTES,
    "is_figure": lambda kind: kind in FIGURES,
    "day_short": _day_short,
}
