"""Choosing the language of a page."""

import pytest
from starlette.requests import Request
from starlette.responses import Response

from dispatcher.web.languages import choose_language, remember_language


def request(query: str = "", cookie: str = "", accept: str = "") -> Request:
    headers = [(b"cookie", cookie.encode()), (b"accept-language", accept.encode())]
    return Request({"type": "http", "query_string": query.encode(), "headers": headers, "path": "/"})


class TestChooseLanguage:
    @pytest.mark.parametrize(
        ("accept", "language"),
        [
            ("", "ru"),
            ("uk-UA,uk;q=0.9,en;q=0.8", "uk"),
            ("en-US,en", "en"),
            ("de,fr;q=0.9", "ru"),
            ("de,en;q=0.2,uk;q=0.7", "uk"),
            ("en;q=0,uk;q=0.1", "uk"),
            ("*", "ru"),
            ("en;q=rubbish", "ru"),
            (";;;,,,=", "ru"),
        ],
    )
    def test_hears_the_browser(self, accept, language):
        assert choose_language(request(accept=accept)) == language

    def test_an_earlier_choice_is_stronger(self):
        assert choose_language(request(cookie="lang=uk", accept="en")) == "uk"

    def test_the_link_is_strongest(self):
        assert choose_language(request("lang=en", "lang=uk", "ru")) == "en"

    def test_an_unknown_one_is_not_heard(self):
        assert choose_language(request("lang=../../etc", "lang=xx", "uk")) == "uk"


class TestRememberLanguage:
    def test_keeps_what_the_link_said(self):
        response = Response()
        remember_language(request("lang=en"), response)
        assert "lang=en" in response.headers["set-cookie"]

    @pytest.mark.parametrize("query", ["", "lang=xx"])
    def test_keeps_nothing_else(self, query):
        response = Response()
        remember_language(request(query, accept="en"), response)
        assert "set-cookie" not in response.headers
