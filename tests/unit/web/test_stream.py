"""The event stream's format and its versions."""

import pytest

from dispatcher.web.live.stream import format_event, mark_version


class TestFormatEvent:
    def test_ends_with_an_empty_line(self):
        assert format_event("live", "<p>") == "event: live\ndata: <p>\n\n"

    @pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
    def test_no_line_end_can_begin_another_field(self, end):
        sent = format_event("live", f"a{end}event: forged")
        assert sent == "event: live\ndata: a\ndata: event: forged\n\n"

    def test_an_empty_fragment_is_sent(self):
        assert format_event("link", "") == "event: link\ndata: \n\n"


class TestMarkVersion:
    def test_names_the_content(self):
        assert mark_version("<p>1</p>") == mark_version("<p>1</p>")
        assert mark_version("<p>1</p>")[:40] != mark_version("<p>2</p>")[:40]
        assert "<p>1</p>" in mark_version("<p>1</p>")
