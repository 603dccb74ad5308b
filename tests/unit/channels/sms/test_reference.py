"""Names of attempts at providers."""

import re
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.port import AttemptReference
from channels.sms.reference import message_name, read_name

ATTEMPT = AttemptReference(date(2026, 11, 1), UUID("01931a2b-3c4d-7e5f-8a9b-0c1d2e3f4a5b"))


class TestNames:
    def test_a_name_is_what_smsc_takes(self) -> None:
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,40}", message_name(ATTEMPT))

    @given(st.uuids(), st.dates(date(2000, 1, 1), date(9999, 12, 31)))
    def test_a_name_leads_back_to_its_attempt(self, attempt: UUID, day: date) -> None:
        reference = AttemptReference(day.replace(day=1), attempt)
        assert read_name(message_name(reference)) == reference

    @pytest.mark.parametrize(
        "name", ["", "1", "n202613-" + "0" * 32, "n000001-" + "0" * 32, "n202611-xyz", "123456"]
    )
    def test_a_strange_name_is_nobody(self, name: str) -> None:
        assert read_name(name) is None
