"""Base32 as mail addresses carry it: the library is the judge."""

from base64 import b32encode

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.base32 import base32_lower


class TestBase32Lower:
    @given(st.binary(max_size=40))
    def test_it_writes_what_the_library_writes(self, octets: bytes) -> None:
        assert base32_lower(octets) == b32encode(octets).decode("ascii").rstrip("=").lower()
