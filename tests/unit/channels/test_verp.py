"""Names of attempts inside addresses."""

import base64
import hashlib
import hmac
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email import verp
from channels.port import AttemptReference

KEY = b"secret"
ATTEMPT = AttemptReference(date(2026, 11, 1), UUID("019aab11-2233-7445-8566-778899aabbcc"))
ATTEMPTS = st.builds(
    AttemptReference, st.dates(min_value=date(1000, 1, 1)).map(lambda day: day.replace(day=1)), st.uuids()
)


class TestEncode:
    def test_the_local_part_holds_period_id_and_mac(self) -> None:
        local_part, _, domain = verp.encode(ATTEMPT, KEY, "bounces.example").partition("@")
        assert local_part.startswith("b-202611-019aab112233744585667788" + "99aabbcc-")
        assert domain == "bounces.example"

    @given(ATTEMPTS)
    def test_it_fits_into_a_local_part(self, attempt: AttemptReference) -> None:
        local_part = verp.encode(attempt, KEY, "b.example").partition("@")[0]
        assert len(local_part) <= 64
        assert local_part == local_part.lower()

    @given(ATTEMPTS, st.binary(min_size=1, max_size=200))
    def test_its_mac_is_the_base32_of_an_hmac_so_that_addresses_that_are_out_stay_good(
        self, attempt: AttemptReference, key: bytes
    ) -> None:
        name = f"{attempt.period:%Y%m}-{attempt.attempt_id.hex}"
        digest = hmac.new(key, b"verp:" + name.encode("ascii"), hashlib.sha256).digest()
        mac = base64.b32encode(digest)[:16].decode("ascii").lower()
        assert verp.encode(attempt, key, "b.example") == f"b-{name}-{mac}@b.example"


class TestDecode:
    @given(ATTEMPTS, st.binary(min_size=1))
    def test_it_reads_what_encode_wrote_in_any_case(self, attempt: AttemptReference, key: bytes) -> None:
        address = verp.encode(attempt, key, "b.example")
        assert verp.decode(address, key) == attempt
        assert verp.decode(f"<{address.upper()}>", key) == attempt

    def test_another_key_names_nobody(self) -> None:
        assert verp.decode(verp.encode(ATTEMPT, b"other", "b.example"), KEY) is None

    @pytest.mark.parametrize("position", [4, 12, 30, 45])
    def test_a_changed_character_names_nobody(self, position: int) -> None:
        address = verp.encode(ATTEMPT, KEY, "b.example")
        changed = "2" if address[position] != "2" else "3"
        assert verp.decode(address[:position] + changed + address[position + 1 :], KEY) is None

    @given(st.text())
    def test_any_other_text_names_nobody(self, text: str) -> None:
        assert verp.decode(text, KEY) is None
        assert verp.read_unchecked(text) is None


class TestReadUnchecked:
    def test_it_needs_no_key(self) -> None:
        assert verp.read_unchecked(verp.encode(ATTEMPT, KEY, "b.example")) == ATTEMPT

    def test_a_month_that_does_not_exist_names_nobody(self) -> None:
        address = verp.encode(ATTEMPT, KEY, "b.example").replace("202611", "202613")
        assert verp.read_unchecked(address) is None


class TestEnvelopeId:
    @given(ATTEMPTS)
    def test_it_comes_back(self, attempt: AttemptReference) -> None:
        assert verp.parse_envelope_id(f" {verp.envelope_id(attempt)} ") == attempt

    @given(st.text())
    def test_any_other_text_names_nobody(self, text: str) -> None:
        assert verp.parse_envelope_id(text) is None
