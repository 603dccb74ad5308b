"""The report to managers (requirement 56): figures over a period, as JSON or as files. They name nobody."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from consent.purposes import Purpose
from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import MAX_LIMIT, ApiCall, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Language, example
from dispatcher.web.report_file import WORKBOOK_TYPE, report_tables, send_report, terms_tables
from reports.management.asked import MOST_DAYS, ReportAsked
from reports.management.report import read_report, read_terms_report
from reports.management.runs import TERMINAL, Figures, ReportedRun, RunsReport
from reports.management.terms import Term

router = APIRouter(prefix="/reports", tags=["reports"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.REPORTS_READ))]
TableName = Literal["scenarios", "channels", "reasons", "runs", "consents", "standing", "bans", "returns"]
TermsTableName = Literal["terms", "terms_by_run"]
InLanguage = Annotated[Language, Query(description="Of titles and words.")]

_FIGURES: Final = {
    "planned": 1000,
    "notified": 940,
    "partly_notified": 0,
    "failed": 21,
    "blocked": 30,
    "expired": 5,
    "stopped": 0,
    "unknown": 1,
    "going_on": 3,
    "cost": "312.4000",
}
_RUN: Final = {
    "id": "01936f41-0c55-7d20-a0f1-5b9c1d2e3f40",
    "number": 1,
    "kind": "main",
    "state": "running",
    "campaign": "Долги за октябрь",
    "scenario": "debt_reminder",
    "purpose": "debt",
    "began_at": "2026-11-03T05:00:00Z",
    "closed_at": None,
    "figures": _FIGURES,
}
_TERMS: Final = {
    "run_id": _RUN["id"],
    "scenario": "planned_outage",
    "kept": 930,
    "late": 8,
    "untold": 42,
    "ahead": 20,
    "no_date": 0,
}


def _asked(
    call: Reader,
    first: Annotated[
        date, Query(description="The first day, in the company's zone.", examples=["2026-11-01"])
    ],
    last: Annotated[
        date, Query(description=f"The last day; at most {MOST_DAYS} days in all.", examples=["2026-11-30"])
    ],
    purpose: Annotated[Purpose | None, Query(description="Of this purpose only.")] = None,
    scenario: Annotated[
        str | None, Query(pattern=r"^[a-z0-9_]{1,64}$", description="Of this scenario only.")
    ] = None,
    customer_group: Annotated[
        int | None,
        Query(ge=1, le=3, description="Of this customer group only: its notices are counted one by one."),
    ] = None,
) -> ReportAsked:
    """What the report is about; raises `BadReportError`."""
    zone = ZoneInfo(call.services.settings.time_zone)
    return ReportAsked(first, last, zone, purpose, scenario, customer_group)


Asked = Annotated[ReportAsked, Depends(_asked)]


class FiguresOut(BaseModel):
    """planned = the sum of all other counts: the terminal states, and what is still going on."""

    model_config = example(_FIGURES)
    planned: int
    notified: int
    partly_notified: int
    failed: int
    blocked: int
    expired: int
    stopped: int
    unknown: int
    going_on: int
    cost: Decimal | None = Field(description="As far as providers named a price; null: none did.")

    @classmethod
    def of(cls, figures: Figures) -> "FiguresOut":
        """Figures as an answer."""
        return cls(
            planned=figures.planned,
            going_on=figures.going_on,
            cost=figures.cost.amount if figures.cost.priced else None,
            **{state.value: figures.notices[state] for state in TERMINAL},
        )


class ScenarioFiguresOut(BaseModel):
    """The runs of one scenario."""

    model_config = example({"purpose": "debt", "scenario": "debt_reminder", "runs": 2, "figures": _FIGURES})
    purpose: str
    scenario: str
    runs: int
    figures: FiguresOut


class ChannelFiguresOut(BaseModel):
    """Attempts over one channel, and what they cost."""

    model_config = example(
        {
            "channel": "sms",
            "delivered": 400,
            "accepted": 20,
            "failed": 11,
            "unknown": 0,
            "parts": 840,
            "priced": 431,
            "cost": "312.4000",
        }
    )
    channel: str
    delivered: int
    accepted: int
    failed: int
    unknown: int
    parts: int
    priced: int
    cost: Decimal | None


class ReasonCountOut(BaseModel):
    """Notices of one outcome: why, or of those who were told how surely."""

    model_config = example({"state": "blocked", "reason": "no_consent", "count": 30})
    state: str
    reason: str
    count: int


class ReportedRunOut(BaseModel):
    """One run with its figures."""

    model_config = example(_RUN)
    id: UUID
    number: int
    kind: str
    state: str
    campaign: str
    scenario: str
    purpose: str
    began_at: datetime
    closed_at: datetime | None
    figures: FiguresOut

    @classmethod
    def of(cls, run: ReportedRun) -> "ReportedRunOut":
        """A run as an answer."""
        plain = {name: getattr(run, name) for name in cls.model_fields if name != "figures"}
        return cls(**plain, figures=FiguresOut.of(run.figures))


class RunsReportOut(BaseModel):
    """The runs that began in the period."""

    model_config = example(
        {
            "total": _FIGURES,
            "scenarios": [],
            "channels": [],
            "reasons": [],
            "count": 1,
            "newest": [_RUN],
        }
    )
    total: FiguresOut
    scenarios: list[ScenarioFiguresOut]
    channels: list[ChannelFiguresOut]
    reasons: list[ReasonCountOut]
    count: int = Field(description="How many runs.")
    newest: list[ReportedRunOut] = Field(description=f"At most {MAX_LIMIT}; the file has them all.")


class WrittenConsentsOut(BaseModel):
    """Entries of the ledger recorded in the period, by action."""

    model_config = example(
        {"channel": "email", "purpose": "debt", "source": "paper", "actions": {"given": 7}}
    )
    channel: str
    purpose: str
    source: str
    actions: Mapping[str, int]


class StandingConsentsOut(BaseModel):
    """Contacts by what the ledger said at the end of the period, as it was known then."""

    model_config = example(
        {"channel": "email", "purpose": "debt", "permitted": 900, "refused": 41, "expired": 2}
    )
    channel: str
    purpose: str = Field(description="`*`: each purpose that a contact has no word of its own about.")
    permitted: int
    refused: int
    expired: int


class BanFiguresOut(BaseModel):
    """The stop list: changes of the period, and what was in force at its end."""

    model_config = example(
        {"channel": "email", "reason": "hard_bounce", "added": 12, "lifted": 1, "expired": 0, "in_force": 60}
    )
    channel: str
    reason: str
    added: int
    lifted: int
    expired: int
    in_force: int


class ReturnFiguresOut(BaseModel):
    """Refusals and complaints by class."""

    model_config = example({"channel": "email", "domain": "example.org", "classes": {"hard": 12}})
    channel: str
    domain: str = Field(description="Empty for telephones; `…` for all domains with fewer than three.")
    classes: Mapping[str, int]


class ReportOut(BaseModel):
    """What happened in the period."""

    model_config = example(
        {
            "read_at": "2026-11-30T15:00:00Z",
            "runs": {
                "total": _FIGURES,
                "scenarios": [],
                "channels": [],
                "reasons": [],
                "count": 1,
                "newest": [_RUN],
            },
            "consents": [],
            "standing": [],
            "bans": [],
            "returns": [],
        }
    )
    read_at: datetime
    runs: RunsReportOut
    consents: list[WrittenConsentsOut]
    standing: list[StandingConsentsOut]
    bans: list[BanFiguresOut]
    returns: list[ReturnFiguresOut]


class KeptTermsOut(BaseModel):
    """Notices of one run by whether the scenario's term was kept."""

    model_config = example(_TERMS)
    run_id: UUID
    scenario: str
    kept: int = Field(description="Told by the last day that the rule allows.")
    late: int
    untold: int
    ahead: int = Field(description="Not told yet, and there is time.")
    no_date: int = Field(description="The list gives no date to count from.")


class TermsReportOut(BaseModel):
    """Which terms were kept."""

    model_config = example({"read_at": "2026-11-30T15:00:00Z", "items": [_TERMS]})
    read_at: datetime
    items: list[KeptTermsOut]


_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A workbook, or one table as CSV.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in (WORKBOOK_TYPE, "text/csv")
        },
    }
}


@router.get("", responses=answers())
def show_report(call: Reader, asked: Asked) -> ReportOut:
    """Consents, stop list, returns, and what the runs of the period came to."""
    now = call.read(call.services.clock.refresh)
    report = call.read(lambda session: read_report(session, asked, now))
    return ReportOut(
        read_at=report.read_at,
        runs=_runs(report.runs),
        consents=[WrittenConsentsOut.model_validate(one, from_attributes=True) for one in report.consents],
        standing=[StandingConsentsOut.model_validate(one, from_attributes=True) for one in report.standing],
        bans=[BanFiguresOut.model_validate(one, from_attributes=True) for one in report.bans],
        returns=[ReturnFiguresOut.model_validate(one, from_attributes=True) for one in report.returns],
    )


@router.get("/terms", responses=answers())
def show_terms(call: Reader, asked: Asked) -> TermsReportOut:
    """Whether people were told in time; this looks at each notice of the runs that have a term."""
    now = call.read(call.services.clock.refresh)
    report = call.read(lambda session: read_terms_report(session, asked, now))
    items = [
        KeptTermsOut(
            run_id=one.run.id,
            scenario=one.run.scenario,
            **{term.value: one.terms[term] for term in Term},
        )
        for one in report.terms
    ]
    return TermsReportOut(read_at=report.read_at, items=items)


@router.get("/export", response_class=Response, responses={**_FILE, **answers()})
def export(
    call: Reader, asked: Asked, table: TableName | None = None, language: InLanguage = "ru"
) -> Response:
    """The report as a workbook with a sheet for each table, or one table as CSV; on record."""
    return send_report(
        call.services, asked, read=report_tables, table=table, language=language, actor=call.client.actor
    )


@router.get("/terms/export", response_class=Response, responses={**_FILE, **answers()})
def export_terms(
    call: Reader, asked: Asked, table: TermsTableName | None = None, language: InLanguage = "ru"
) -> Response:
    """The terms as a workbook, or one table as CSV; on record."""
    return send_report(
        call.services, asked, read=terms_tables, table=table, language=language, actor=call.client.actor
    )


def _runs(report: RunsReport) -> RunsReportOut:
    return RunsReportOut(
        total=FiguresOut.of(report.total),
        scenarios=[
            ScenarioFiguresOut(purpose=purpose, scenario=scenario, runs=count, figures=FiguresOut.of(figures))
            for purpose, scenario, count, figures in report.by_scenario()
        ],
        channels=[
            ChannelFiguresOut(
                channel=one.channel,
                delivered=one.delivered,
                accepted=one.accepted,
                failed=one.failed,
                unknown=one.unknown,
                parts=one.cost.parts,
                priced=one.cost.priced,
                cost=one.cost.amount if one.cost.priced else None,
            )
            for one in report.by_channel()
        ],
        reasons=[
            ReasonCountOut(state=state, reason=reason, count=count)
            for state, reason, count in report.reasons()
        ],
        count=len(report.runs),
        newest=[ReportedRunOut.of(run) for run in report.runs[:MAX_LIMIT]],
    )
