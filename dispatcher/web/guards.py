"""Around every request: headers that keep browsers strict, a limit on bodies, and the last catch.

Plain ASGI, so that streams pass through untouched. What is caught here is a bug: it is logged by its kind
and place, never with the path or the data of the request (promise P10).
"""

import re
from collections.abc import Callable
from typing import Final

import structlog
from fastapi import Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES: Final = 64 * 1024  #: our forms and a one-click unsubscription are far smaller

#: Where a list comes in as a stream: signed in or with a key, checked before the first byte is read.
UPLOAD_PATHS: Final = (
    re.compile(r"/lists/upload"),
    re.compile(r"/api/v1/lists/[^/]+/versions"),
    re.compile(r"/contacts/import"),
    re.compile(r"/api/v1/consents/imports"),
    re.compile(r"/stop-list/import"),
    re.compile(r"/api/v1/suppressions/imports"),
    re.compile(r"/prompts"),
    re.compile(r"/api/v1/prompts"),
)

STRICT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: Where a text of notices comes in: its parts have limits of their own, in characters, and may be escaped.
TEXT_PATH: Final = re.compile(r"/api/v1/templates/[^/]+/versions")
MAX_TEXT_BYTES: Final = 4 * 1024 * 1024  #: 300 000 characters of 12 bytes each, and some

_HEADERS: Final = {
    "Content-Security-Policy": STRICT_POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

log = structlog.get_logger(__name__)
ErrorAnswer = Callable[[Request, int], Response]


class _BodyTooLargeError(HTTPException):
    """Raised inside a request whose body grows past the limit.

    Frameworks between here and the reader let an `HTTPException` through; any other they would take for
    a fault in the body.
    """

    def __init__(self) -> None:
        super().__init__(413)


class Guards:
    """The outermost layer of ours."""

    def __init__(self, app: ASGIApp, answer: ErrorAnswer, upload_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._answer = answer
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope)
        exchange = _Exchange(receive, send, limit, is_secret=not scope["path"].startswith("/static/"))
        if _declared_length(scope) > limit:
            await self._answer(Request(scope), 413)(scope, receive, exchange.send)
            return
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except _BodyTooLargeError:
            await self._fail(scope, exchange, 413)
        except Exception:
            log.exception("web.failed", route=getattr(scope.get("route"), "path", None))
            await self._fail(scope, exchange, 500)

    def _limit(self, scope: Scope) -> int:
        """How many bytes of body this request may have."""
        if scope["method"] == "POST" and TEXT_PATH.fullmatch(scope["path"]):
            return MAX_TEXT_BYTES
        return self._upload_bytes if _is_upload(scope) else MAX_BODY_BYTES

    async def _fail(self, scope: Scope, exchange: "_Exchange", status: int) -> None:
        if not exchange.has_begun:
            await self._answer(Request(scope), status)(scope, exchange.receive, exchange.send)


class _Exchange:
    """One request and its answer: counts what comes in, adds headers to what goes out."""

    def __init__(self, receive: Receive, send: Send, limit: int, *, is_secret: bool) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._is_secret = is_secret
        self._received = 0
        self.has_begun = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > self._limit:
            raise _BodyTooLargeError
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if self._is_secret:
                headers.setdefault("Cache-Control", "no-store")
        await self._send(message)


def _is_upload(scope: Scope) -> bool:
    return scope["method"] == "POST" and any(path.fullmatch(scope["path"]) for path in UPLOAD_PATHS)


def _declared_length(scope: Scope) -> int:
    declared = Headers(scope=scope).get("content-length", "0")
    return int(declared) if declared.isdecimal() else 0
