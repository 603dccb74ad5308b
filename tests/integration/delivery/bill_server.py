"""A billing system's web server as it may be: good, slow, huge, lying, broken.

with BillServer.running() as server:
    server.answer("/1.pdf", bill(), status(500))     # the last answer stays
    server.url("/1.pdf")                             # http://127.0.0.1:…/1.pdf
"""

import ssl
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BILL = b"%PDF-1.7\n" + b"bill " * 100 + b"\n%%EOF\n"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"x" * 50 + b"IEND\xaeB`\x82"

Answer = Callable[["_Handler"], None]


class BillServer:
    """Answers by path; remembers what was asked."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._answers: dict[str, deque[Answer]] = defaultdict(deque)
        self._lock = threading.Lock()
        self.headers: list[Any] = []
        self.asked: Counter[str] = Counter()
        self.most_at_once = 0
        self._now = 0
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        self.scheme = "http"
        if context is not None:
            self.scheme = "https"
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    @classmethod
    @contextmanager
    def running(cls, certificate: tuple[Path, Path] | None = None) -> Iterator["BillServer"]:
        """A server on a free port, with TLS when a certificate and its key are given."""
        context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
        server = cls(context)
        thread = threading.Thread(target=server._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server._server.shutdown()
            thread.join()
            server._server.server_close()

    @property
    def host(self) -> str:
        """As the settings name it."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def answer(self, path: str, *answers: Answer) -> str:
        """What the next requests for a path end with; the last one stays. Returns the URL."""
        self._answers[path] = deque(answers)
        return self.url(path)

    def serve(self, handler: "_Handler") -> None:
        with self._lock:
            self.asked[handler.path] += 1
            self.headers.append(handler.headers)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            answers = self._answers[handler.path]
            chosen = status(404) if not answers else answers[0]
            if len(answers) > 1:
                answers.popleft()
        try:
            chosen(handler)
        finally:
            with self._lock:
                self._now -= 1


def bill(content: bytes = BILL, content_type: str = "application/pdf") -> Answer:
    """A whole file."""

    def answer(handler: "_Handler") -> None:
        handler.begin(200, {"Content-Type": content_type, "Content-Length": str(len(content))})
        handler.wfile.write(content)

    return answer


def status(code: int, **headers: str) -> Answer:
    """A plain answer without a bill."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.begin(code, {"Content-Length": "0", **named})


def redirect(to: str, code: int = 302) -> Answer:
    return status(code, Location=to)


def endless(begin: bytes = b"%PDF-1.7\n") -> Answer:
    """Goes on for ever without saying how long it is."""

    def answer(handler: "_Handler") -> None:
        handler.begin(200, {"Content-Type": "application/pdf"})
        handler.wfile.write(begin)
        while True:
            handler.wfile.write(b"x" * 65536)

    return answer


def broken_off(*, says_length: bool) -> Answer:
    """Hangs up in the middle."""

    def answer(handler: "_Handler") -> None:
        handler.begin(200, {"Content-Length": str(len(BILL))} if says_length else {})
        handler.wfile.write(BILL[:50])

    return answer


def drop(handler: "_Handler") -> None:
    """Hangs up without a word."""


def silent(released: threading.Event) -> Answer:
    """Says nothing until it is released."""
    return lambda handler: _wait(released)


def dripping(released: threading.Event) -> Answer:
    """A byte of the bill now and then: never idle, never done."""

    def answer(handler: "_Handler") -> None:
        handler.begin(200, {"Content-Length": str(len(BILL))})
        for byte in BILL:
            handler.wfile.write(bytes([byte]))
            if released.wait(0.02):
                return

    return answer


def after(released: threading.Event, then: Answer) -> Answer:
    """Answers once it is released."""

    def answer(handler: "_Handler") -> None:
        _wait(released)
        then(handler)

    return answer


def _wait(released: threading.Event) -> None:
    assert released.wait(100)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def begin(self, code: int, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Tests need no log of it."""


def _handler_of(server: BillServer) -> type[_Handler]:
    class Handler(_Handler):
        def do_GET(self) -> None:
            self.close_connection = True
            server.serve(self)

    return Handler
