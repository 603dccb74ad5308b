"""Tokens of unsubscribe links and addresses: signed, without personal data, read after a change of keys."""

import pytest

from consent.purposes import RENAMED, Purpose
from consent.unsubscribe import BadLinkError, UnsubscribeLink, UnsubscribeTokens
from dispatcher.core.ids import new_id

OLD, NEW = b"the key of the year before", b"the key of this year, so far"
LINK = UnsubscribeLink(new_id(), "email", "debt")


class TestKeys:
    def test_the_first_signs_and_all_are_read(self) -> None:
        rotated = UnsubscribeTokens(NEW, [OLD])
        assert rotated.read(UnsubscribeTokens(OLD).make(LINK)) == LINK
        assert UnsubscribeTokens(NEW).read(rotated.make(LINK)) == LINK
        with pytest.raises(BadLinkError):
            UnsubscribeTokens(OLD).read(rotated.make(LINK))

    def test_the_same_holds_for_addresses(self) -> None:
        rotated = UnsubscribeTokens(NEW, [OLD])
        assert rotated.read_local_part(UnsubscribeTokens(OLD).make_local_part(LINK) or "") == LINK
        assert UnsubscribeTokens(OLD).read_local_part(rotated.make_local_part(LINK) or "") is None


class TestRenamedPurposes:
    @pytest.mark.parametrize(("was", "now"), RENAMED.items())
    def test_a_link_of_before_withdraws_what_its_purpose_is_called_today(self, was: str, now: str) -> None:
        tokens = UnsubscribeTokens(NEW)
        contact = new_id()
        token = tokens.make(UnsubscribeLink(contact, "email", was))
        assert tokens.read(token) == UnsubscribeLink(contact, "email", now)


class TestLocalPart:
    @pytest.mark.parametrize("purpose", [*Purpose, "*"])
    @pytest.mark.parametrize("channel", ["email", "sms", "voice"])
    def test_says_the_same_as_the_link_and_fits(self, purpose: str, channel: str) -> None:
        link = UnsubscribeLink(new_id(), channel, purpose)
        made = UnsubscribeTokens(NEW).make_local_part(link)
        assert made is not None
        assert len(made) <= 64  # RFC 5321 4.5.3.1.1
        assert UnsubscribeTokens(NEW).read_local_part(made.upper()) == link

    def test_a_purpose_without_letters_has_none(self) -> None:
        assert UnsubscribeTokens(NEW).make_local_part(UnsubscribeLink(new_id(), "email", "meter")) is None

    def test_a_forged_one_is_nothing(self) -> None:
        made = UnsubscribeTokens(NEW).make_local_part(LINK) or ""
        other = UnsubscribeTokens(NEW).make_local_part(UnsubscribeLink(new_id(), "email", "debt")) or ""
        forged = other[:-16] + made[-16:]
        for bad in (forged, made[:-1], made + "a", "u-", "", "b-202603-" + "0" * 32 + "-" + "a" * 16):
            assert UnsubscribeTokens(NEW).read_local_part(bad) is None
