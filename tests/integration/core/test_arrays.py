"""Arrays as text: what PostgreSQL reads back is what was written."""

from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from dispatcher.core.arrays import BytesArray, bytes_array, number_array, text_array, time_array, uuid_array
from dispatcher.core.db import Database

SAME_DATABASE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC))


def read_back(database: Database, kind: str, array: str | BytesArray) -> list[object]:
    with database.transaction() as session:
        found = session.execute(text(f"SELECT CAST(:array AS {kind}[])"), {"array": array}).scalar_one()
    return list(found)


class TestArrays:
    @SAME_DATABASE
    @given(st.lists(TEXTS | st.none() | st.sampled_from(["NULL", "null", "", "{}", '"', "\\", "a,b"])))
    def test_texts(self, database: Database, values: list[str | None]) -> None:
        assert read_back(database, "text", text_array(values)) == values

    @SAME_DATABASE
    @given(st.lists(st.binary() | st.none()))
    def test_bytes(self, database: Database, values: list[bytes | None]) -> None:
        assert read_back(database, "bytea", bytes_array(values)) == values

    @SAME_DATABASE
    @given(st.lists(st.uuids() | st.none()))
    def test_ids(self, database: Database, values: list[UUID | None]) -> None:
        assert read_back(database, "uuid", uuid_array(values)) == values

    @SAME_DATABASE
    @given(st.lists(MOMENTS | st.none()), st.lists(st.dates(date(1, 1, 1)) | st.none()))
    def test_moments_and_days(
        self, database: Database, moments: list[datetime | None], days: list[date | None]
    ) -> None:
        assert read_back(database, "timestamptz", time_array(moments)) == moments
        assert read_back(database, "date", time_array(days)) == days

    def test_the_two_hours_of_an_autumn_night_are_two(self, database: Database) -> None:
        first = datetime(2026, 10, 25, 3, 30, tzinfo=ZoneInfo("Europe/Kyiv"))
        second = first.replace(fold=1)
        moments = [first, first, second]
        assert read_back(database, "timestamptz", time_array(moments)) == [
            moment.astimezone(UTC) for moment in moments
        ]

    @SAME_DATABASE
    @given(st.lists(st.integers(-(2**31), 2**31 - 1)))
    def test_numbers(self, database: Database, values: list[int]) -> None:
        assert read_back(database, "integer", number_array(values)) == values
