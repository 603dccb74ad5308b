"""The stop list on its way out: all bans in force as CSV, which the import of the stop list reads."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from campaigns.stop_list_file import stop_list_csv
from dispatcher.core.audit import record_action
from reports.returns import each_ban


def write_stop_list(session: Session, path: Path, *, zone: ZoneInfo, actor: str, now: datetime) -> int:
    """Write every ban in force, readable by its owner alone; the export is on record. Returns how many."""
    rows = list(_rows(session, zone, now))
    path.touch(mode=0o600)
    path.write_text(stop_list_csv(rows), encoding="utf-8-sig")
    record_action(
        session,
        at=now,
        actor=actor,
        action="suppressions.exported",
        subject_type="suppression",
        subject_id="*",
        after={"count": len(rows)},
    )
    return len(rows)


def _rows(session: Session, zone: ZoneInfo, now: datetime) -> Iterator[tuple[str, ...]]:
    for ban in each_ban(session, now=now):
        # A date includes its day, so a ban that ends at midnight ends with the day before.
        last = ban.expires_at and (ban.expires_at - timedelta(seconds=1)).astimezone(zone)
        yield (
            ban.address,
            ban.channel,
            ban.reason,
            f"{last:%d.%m.%Y}" if last else "",
            ban.note or "",
            f"{ban.created_at.astimezone(zone):%d.%m.%Y}",
        )
