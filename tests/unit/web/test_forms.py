"""Tokens of forms, and the one-time answer."""

import pytest
from starlette.requests import Request
from starlette.responses import Response

from dispatcher.web.auth import form_token, is_form_token
from dispatcher.web.flash import Flash, forget_flash, keep_flash, read_flash

KEY = b"k" * 32
PAGE = "/runs/5"


class TestFormToken:
    def test_fits_only_what_it_was_made_for(self):
        token = form_token(KEY, b"session:1")
        assert is_form_token(token, KEY, b"session:1")
        assert not is_form_token(token, KEY, b"session:2")
        assert not is_form_token(token, b"another key", b"session:1")

    @pytest.mark.parametrize("token", ["", "x", "я" * 64, "0" * 64])
    def test_a_made_up_one_does_not_fit(self, token):
        assert not is_form_token(token, KEY, b"session:1")


def after(response: Response) -> Request:
    """The next request of the same browser."""
    cookie = response.headers.get("set-cookie", "").split(";")[0]
    return Request({"type": "http", "headers": [(b"cookie", cookie.encode())], "path": "/"})


class TestFlash:
    def test_is_read_on_its_page(self):
        response = Response()
        keep_flash(response, KEY, PAGE, Flash("paused", 1, 2, 3))
        assert f"Path={PAGE}" in response.headers["set-cookie"]
        assert read_flash(after(response), KEY, PAGE) == Flash("paused", 1, 2, 3)
        assert read_flash(after(response), KEY, "/runs/6") is None

    def test_cannot_be_made_up(self):
        response = Response()
        keep_flash(response, b"another key", PAGE, Flash("paused"))
        assert read_flash(after(response), KEY, PAGE) is None

    def test_is_forgotten_once_shown(self):
        response, shown = Response(), Response()
        keep_flash(response, KEY, PAGE, Flash("paused"))
        forget_flash(after(response), shown, PAGE)
        assert "Max-Age=0" in shown.headers["set-cookie"]

    def test_nothing_is_forgotten_where_nothing_is(self):
        shown = Response()
        forget_flash(after(Response()), shown, PAGE)
        assert "set-cookie" not in shown.headers
