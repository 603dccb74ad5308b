"""What a dry run says, as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from campaigns.dry_run_sms import AsksPrices, SmsEstimate, with_provider_prices
from campaigns.dry_run_texts import Sample
from campaigns.expected_finish import Rate
from campaigns.findings import Finding
from campaigns.sums import SumCheck
from channels.voice.errors import SpeechError
from channels.voice.script import CallScript


@dataclass(frozen=True, slots=True)
class DryRunWarning:
    """Something staff should know before they start; `message` is for people."""

    code: str
    count: int
    message: str
    facts: Mapping[str, object] = field(default_factory=dict)  #: what stands in the message, for pages


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would happen. Everybody on the list is in `going` or in one reason of `not_going`.

    With a plan of several required channels one recipient counts in `by_channel` for each of them.
    """

    list_id: UUID
    list_version: int
    passed_over_version: int | None  #: a newer version of the list that is not complete
    recipients: int
    going: int
    by_channel: Mapping[str, int]  #: channel → attempts
    not_going: Mapping[str, int]  #: reason → recipients
    #: recipients of a mandatory run who would become manual tasks: nobody of `not_going` vanishes, nor who
    #: can be reached over some of the required channels alone; who is late at the end comes on top
    by_hand: int
    later: Mapping[str, int]  #: of those going: why some have to wait
    missing_fields: Mapping[str, int]
    samples: Sequence[Sample]
    starts_at: datetime
    ends_at: datetime
    rates: Mapping[str, Rate]
    expected_finish: datetime | None
    unsent_at_end: int
    zone_unknown: int
    sums: SumCheck
    #: `to_fetch`: recipients whose bill is named by a link; of a run that began also its bills by state
    bills: Mapping[str, int]
    warnings: Sequence[DryRunWarning]
    refusals: Sequence[DryRunWarning] = ()  #: why it would not be made; empty: it would
    sms: SmsEstimate | None = None  #: None: no short message goes
    #: of those whom earlier steps may reach: what their short messages come to if all earlier steps fail
    sms_later: SmsEstimate | None = None
    calls: Sequence[CallScript] = field(default=(), repr=False)  #: some, to be tried by voice

    def to_json(self) -> dict[str, Any]:
        """Plain values; `samples` hold personal data."""
        return asdict(replace(self, calls=()))


def priced(result: DryRun, asker: AsksPrices | None) -> DryRun:
    """The result with what providers say its short messages cost. Call it with no transaction open."""
    if asker is None:
        return result
    return replace(
        result,
        sms=None if result.sms is None else with_provider_prices(result.sms, asker),
        sms_later=None if result.sms_later is None else with_provider_prices(result.sms_later, asker),
    )


class TriesPhrases(Protocol):
    """Makes calls audible without calling anybody."""

    def first_fault(self, scripts: Sequence[CallScript]) -> SpeechError | None:
        """Why the first phrase that cannot be heard cannot; None: all can."""
        ...


def sounded(result: DryRun, reader: TriesPhrases) -> DryRun:
    """The result, refused where a phrase of its calls yields no sound. Call it with no transaction open."""
    fault = reader.first_fault(result.calls) if result.calls else None
    if fault is None:
        return result
    words = f"фразу звонка не произнести: {fault}"
    refusal = DryRunWarning("phrase_not_audible", 1, words, {"reason": str(fault)})
    return replace(result, refusals=(*result.refusals, refusal))


def warnings_of(result: DryRun) -> list[DryRunWarning]:
    """What to say aloud, the gravest first."""
    found = [
        DryRunWarning(
            "newer_list_incomplete",
            1,
            f"версия {result.passed_over_version} списка не загружена целиком: взята версия"
            f" {result.list_version}; загрузите список снова, если нужна новая",
        )
        if result.passed_over_version is not None
        else None,
        DryRunWarning("nobody_goes", result.recipients, "не уйдёт никому: посмотрите причины")
        if result.going == 0
        else None,
        DryRunWarning(
            "by_hand",
            result.by_hand,
            f"придётся уведомить вручную: {result.by_hand}; основание — договор или закон,"
            " поэтому никто не пропадёт: они попадут в список «Уведомить вручную»",
        )
        if result.by_hand
        else None,
        DryRunWarning(
            "finish_after_end",
            result.unsent_at_end,
            f"до окончания не успеют уйти: {result.unsent_at_end}; продлите срок или начните раньше",
        )
        if result.unsent_at_end
        else None,
        DryRunWarning(
            "missing_fields",
            sum(result.missing_fields.values()),
            "не заполнены поля шаблона: "
            + ", ".join(f"{name} — у {count}" for name, count in sorted(result.missing_fields.items())),
        )
        if result.missing_fields
        else None,
        DryRunWarning(
            "bills_to_fetch",
            result.bills["to_fetch"],
            f"счета по ссылкам загружаются после начала: {result.bills['to_fetch']};"
            " каждое письмо ждёт своего",
        )
        if result.bills["to_fetch"]
        else None,
        DryRunWarning(
            "abnormal_sums",
            result.sums.abnormal,
            f"необычно большие ({result.sums.large}) или малые ({result.sums.small}) суммы:"
            " проверьте их до отправки",
        )
        if result.sums.abnormal
        else None,
        DryRunWarning(
            "zone_unknown",
            result.zone_unknown,
            f"часовой пояс не определён у {result.zone_unknown}: взят пояс компании",
        )
        if result.zone_unknown
        else None,
    ]
    return [one for one in found if one is not None]


def with_findings(result: DryRun, findings: Sequence[Finding]) -> DryRun:
    """The result with what stands against the campaign, and what should be known first."""
    said = [
        (one.refuses, DryRunWarning(one.code, one.count, one.message, dict(one.facts))) for one in findings
    ]
    return replace(
        result,
        refusals=tuple(warning for refuses, warning in said if refuses),
        warnings=(*(warning for refuses, warning in said if not refuses), *result.warnings),
    )
