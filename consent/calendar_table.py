"""The administrator's table of days: official calendar corrected by what staff declared."""

import time
from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from consent.calendar import WorkingCalendar

REREAD_SECONDS: Final = 30.0

_READ = text("SELECT day, is_working FROM calendar_day WHERE country = :country")
_SET = text(
    """
    INSERT INTO calendar_day (country, day, is_working, note) VALUES (:country, :day, :working, :note)
    ON CONFLICT (country, day) DO UPDATE SET is_working = excluded.is_working, note = excluded.note
    """
)


class CalendarTable:
    """Reads the table at most every half minute: a claim must not pay for it."""

    def __init__(self, country: str) -> None:
        self._country = country
        self._calendar = WorkingCalendar(country)
        self._read_at = float("-inf")

    def read(self, session: Session) -> WorkingCalendar:
        """The calendar in force."""
        if time.monotonic() - self._read_at > REREAD_SECONDS:
            overrides: dict[date, bool] = {
                row.day: row.is_working for row in session.execute(_READ, {"country": self._country})
            }
            self._calendar = WorkingCalendar(self._country, overrides)
            self._read_at = time.monotonic()
        return self._calendar


def declare_day(session: Session, country: str, day: date, *, is_working: bool, note: str) -> None:
    """Declare a day working or off; processes follow within half a minute."""
    session.execute(_SET, {"country": country, "day": day, "working": is_working, "note": note})
