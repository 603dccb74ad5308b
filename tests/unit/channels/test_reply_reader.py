"""Replies of a mail server, however the network cuts them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.reply_reader import MAX_REPLY_OCTETS, BrokenReplyError, ReplyReader

TALK = b"250-first\r\n250-\r\n250 last\r\n354 go\r\n421\r\n550 5.1.1 \xd0\xbd\xd0\xb5\xd1\x82\r\n"
REPLIES = [(250, "first\n\nlast"), (354, "go"), (421, ""), (550, "5.1.1 нет")]


class TestReplyReader:
    @given(st.lists(st.integers(0, len(TALK)), max_size=12))
    def test_replies_do_not_depend_on_the_cuts(self, cuts: list[int]) -> None:
        reader, found = ReplyReader(), []
        edges = [0, *sorted(cuts), len(TALK)]
        for begin, end in pairwise(edges):
            found += list(reader.feed(TALK[begin:end]))
        assert found == REPLIES

    @pytest.mark.parametrize("line", [b"hello\r\n", b"99 x\r\n", b"650 x\r\n", b"250x\r\n", b"\r\n"])
    def test_what_is_no_reply_is_told_behind_those_that_came_before(self, line: bytes) -> None:
        found = []
        with pytest.raises(BrokenReplyError):
            found.extend(ReplyReader().feed(b"250 ok\r\n" + line))
        reader = ReplyReader().feed(b"250 ok\r\n" + line)
        assert next(reader) == (250, "ok")

    @pytest.mark.parametrize("piece", [b"2" * 1000, b"250-" + b"x" * 996 + b"\r\n"])
    def test_a_reply_without_end_is_not_kept(self, piece: bytes) -> None:
        reader = ReplyReader()
        for _ in range(MAX_REPLY_OCTETS // 1000):
            assert list(reader.feed(piece)) == []
        with pytest.raises(BrokenReplyError):
            list(reader.feed(piece))
