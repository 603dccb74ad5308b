"""The reading of a dry run: recipients in keyset slices, with what the claim would see of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.delivery.checks import Candidate, RunView
from dispatcher.delivery.states import NoticeState

SLICE: Final = 1000
MEASURED_RUNS: Final = 20
MEASURED_ATTEMPTS: Final = 100  #: shorter runs say nothing about the pace
LEAST_CALLS: Final = 20  #: fewer say nothing about how long people talk
MOST_CALLS: Final = 2000

_SLICE = text(
    """
    SELECT r.position, r.line, r.person_id, r.full_name, r.address AS supply_address, r.time_zone,
           r.language, r.fields, r.customer_group, o.number AS account_number,
           o.has_contract, o.is_zone_known, r.email_contact_id, r.phone_contact_id, e.address AS email,
           p.address AS phone, h.preferred_channel
    FROM recipient r
    JOIN person h ON h.id = r.person_id
    JOIN account o ON o.id = r.account_id
    LEFT JOIN contact_point e ON e.id = r.email_contact_id
    LEFT JOIN contact_point p ON p.id = r.phone_contact_id
    WHERE r.list_id = :list AND r.position > :position ORDER BY r.position LIMIT :slice
    """
)
_RUN = text(
    """
    SELECT id, period, purpose, purpose_group, starts_at, ends_at, hours, caps, policies, step_plan,
           needs_truth, max_per_second, common_fields, state, list_id, recipient_count
    FROM run WHERE id = :run
    """
)
# The best of the recent runs: the others had to wait for hours or were paused. Settling is no sending.
_MEASURED = text(
    """
    SELECT max(sent / greatest(10.0, seconds)) FROM (
        SELECT extract(epoch FROM r.closed_at - r.started_at)
               - (r.step_plan -> 'steps' -> 0 ->> 'settle_seconds')::float8 AS seconds,
               (SELECT sum(p.count) FROM progress p
                WHERE p.run_id = r.id AND p.kind = 'attempt' AND p.channel = :channel
                  AND p.state IN ('accepted', 'delivered', 'failed', 'unknown'))::float8 AS sent
        FROM run r WHERE r.state = 'closed' AND r.started_at IS NOT NULL
        ORDER BY r.closed_at DESC LIMIT :runs
    ) AS recent WHERE sent >= :attempts
    """
)
_CALL_SECONDS = text(
    """
    SELECT CASE WHEN count(*) >= :least THEN avg(seconds) END FROM (
        SELECT c.ring_seconds + c.talk_seconds AS seconds FROM attempt_call c
        WHERE c.run_id IN (
            SELECT r.id FROM run r WHERE r.state = 'closed' AND r.started_at IS NOT NULL
            ORDER BY r.closed_at DESC LIMIT :runs
        ) AND c.ring_seconds + c.talk_seconds > 0 LIMIT :most
    ) AS recent
    """
)
_SUMS: Final = """
    SELECT line, (fields ->> 'debt')::numeric AS debt FROM recipient
    WHERE list_id = :list AND fields ->> 'debt' ~ '^-?[0-9]{1,15}([.][0-9]{1,15})?$'
"""
_MEDIAN = text(
    f"""
    SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY debt) FROM ({_SUMS}) AS sums
    """  # noqa: S608 - our own text
)
_ABNORMAL = text(
    f"""
    SELECT count(*) FILTER (WHERE debt > :high) AS large, count(*) FILTER (WHERE debt < :low) AS small,
           count(*) FILTER (WHERE debt <= 0) AS not_positive,
           (array_agg(line ORDER BY line) FILTER (WHERE debt > :high OR debt < :low OR debt <= 0))[1 : :shown]
               AS lines
    FROM ({_SUMS}) AS sums
    """  # noqa: S608 - our own text
)
_NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class ListedRecipient:
    """One recipient with everything that is needed to judge and to render any step."""

    values: Mapping[str, Any]

    @property
    def person_id(self) -> UUID:
        """Whose caps count."""
        found: UUID = self.values["person_id"]
        return found

    @property
    def time_zone(self) -> str:
        """On whose wall the hours are read."""
        return str(self.values["time_zone"])

    @property
    def is_zone_known(self) -> bool:
        """Whether the zone comes from the address and not from the company's default."""
        return bool(self.values["is_zone_known"])

    @property
    def preferred_channel(self) -> str | None:
        """By which channel the person wants to hear."""
        found: str | None = self.values["preferred_channel"]
        return found

    @property
    def has_contract(self) -> bool:
        """Whether the account has a contract."""
        return bool(self.values["has_contract"])

    @property
    def email_contact_id(self) -> UUID | None:
        """Where e-mail goes."""
        return self.contact_over("email")

    @property
    def phone_contact_id(self) -> UUID | None:
        """Where SMS and calls go."""
        return self.contact_over("sms")

    def contact_over(self, channel: str) -> UUID | None:
        """The contact point that the channel would use."""
        found: UUID | None = self.values["email_contact_id" if channel == "email" else "phone_contact_id"]
        return found

    def candidate(self, run: RunView, step: int) -> Candidate:
        """As the claim would see the recipient's first attempt of a step; the ids mean nothing."""
        values, channel = self.values, run.plan.steps[step].channel.value
        return Candidate(
            period=run.period,
            attempt_id=_NOBODY,
            notice_id=_NOBODY,
            person_id=self.person_id,
            contact_point_id=self.contact_over(channel),
            channel=channel,
            step=step,
            truth_until=None,
            notice_state=NoticeState.OPEN,
            address=values["email" if channel == "email" else "phone"],
            full_name=values["full_name"],
            supply_address=values["supply_address"],
            time_zone=self.time_zone,
            language=values["language"],
            fields=values["fields"],
            account_number=values["account_number"],
            has_contract=values["has_contract"],
            customer_group=values["customer_group"],
        )


def read_slices(session: Session, list_id: UUID) -> Iterator[Sequence[ListedRecipient]]:
    """The recipients of a list in order, `SLICE` at a time: memory does not grow with the list."""
    position = 0
    while True:
        rows = session.execute(_SLICE, {"list": list_id, "position": position, "slice": SLICE}).mappings()
        found = [ListedRecipient(dict(row)) for row in rows]
        if not found:
            return
        yield found
        position = found[-1].values["position"]


def contacts_of(recipients: Sequence[ListedRecipient], channel: str) -> list[UUID]:
    """The contact points that a channel would use."""
    found = (one.contact_over(channel) for one in recipients)
    return [contact for contact in found if contact is not None]


def get_run(session: Session, run: UUID) -> Mapping[str, Any] | None:
    """The columns of a run, as the claim reads them, with its state and list."""
    row = session.execute(_RUN, {"run": run}).mappings().first()
    return None if row is None else dict(row)


def measured_rate(session: Session, channel: str) -> float | None:
    """Attempts per second in the quickest of the recent runs over a channel; None: no run to go by."""
    found = session.execute(
        _MEASURED, {"channel": channel, "runs": MEASURED_RUNS, "attempts": MEASURED_ATTEMPTS}
    ).scalar_one()
    return None if found is None else float(found)


def seconds_of_a_call(session: Session) -> float | None:
    """How long a line was taken by a call in recent runs, on average; None: too few calls to go by."""
    found = session.execute(
        _CALL_SECONDS, {"runs": MEASURED_RUNS, "least": LEAST_CALLS, "most": MOST_CALLS}
    ).scalar_one()
    return None if found is None else float(found)


def middle_sum(session: Session, list_id: UUID) -> tuple[int, Decimal | None]:
    """How many recipients of a list have a sum, and the median of the sums."""
    count, median = session.execute(_MEDIAN, {"list": list_id}).one()
    return count, median


def abnormal_sums(session: Session, list_id: UUID, *, above: Decimal, below: Decimal, shown: int) -> Any:
    """`large`, `small`, `not_positive` and the first `lines` of the file with such sums."""
    values = {"list": list_id, "high": above, "low": below, "shown": shown}
    return session.execute(_ABNORMAL, values).one()
