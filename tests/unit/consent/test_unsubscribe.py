"""Links that let a person withdraw: those that went out years ago must stay good."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from consent.unsubscribe import BadLinkError, UnsubscribeLink, UnsubscribeTokens

KEY = b"0123456789abcdef0123456789abcdef"
LINKS = st.builds(UnsubscribeLink, st.uuids(), st.text(max_size=10), st.text(max_size=10))


class TestUnsubscribeTokens:
    @given(LINKS, st.binary(min_size=1, max_size=100))
    def test_it_reads_what_it_made(self, link: UnsubscribeLink, key: bytes) -> None:
        assert UnsubscribeTokens(key).read(UnsubscribeTokens(key).make(link)) == link

    @given(LINKS)
    def test_the_serializer_that_made_the_links_that_are_out_understands_it(
        self, link: UnsubscribeLink
    ) -> None:
        serializer = URLSafeSerializer(KEY, salt="unsubscribe.v1")
        payload = [link.contact_point_id.hex, link.channel, link.purpose]
        assert serializer.loads(UnsubscribeTokens(KEY).make(link)) == payload
        assert UnsubscribeTokens(KEY).read(str(serializer.dumps(payload))) == link

    def test_a_link_of_today_is_the_link_of_every_year(self) -> None:
        link = UnsubscribeLink(UUID(int=7), "email", "debt")
        made = UnsubscribeTokens(KEY).make(link)
        payload = "WyIwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwNyIsImVtYWlsIiwiZGVidCJd"
        assert made == f"{payload}.HnjdP3-fphDKSBZ9Svmql4uHth0"

    def test_a_changed_link_withdraws_nothing(self) -> None:
        made = UnsubscribeTokens(KEY).make(UnsubscribeLink(UUID(int=7), "email", "debt"))
        with pytest.raises(BadLinkError):
            UnsubscribeTokens(KEY).read(made[:-2] + ("AA" if not made.endswith("AA") else "BB"))
