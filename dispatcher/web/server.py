"""Serving the application: one process of uvicorn that stops within seconds, open pages or not."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from signal import SIGINT, SIGTERM, getsignal, signal
from typing import Final

import structlog
import uvicorn
from fastapi import FastAPI

from dispatcher.core.errors import ConfigurationError
from dispatcher.web.app import create_app
from dispatcher.web.live.hub import LiveHub
from dispatcher.web.services import WebServices

#: What a request may still take after a stop; streams end at once.
GRACE_SECONDS: Final = 4
_BACKLOG: Final = 256

log = structlog.get_logger(__name__)


class PortTakenError(ConfigurationError):
    """Raised when the address to listen on cannot be had."""


class WebServer:
    """Owns the listening socket from the start, so that a taken port is an error before anything runs."""

    def __init__(self, services: WebServices, host: str, port: int) -> None:
        self._socket = _listen(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._server = _Server(create_app(services))

    def run(self) -> None:
        """Serve until SIGTERM, SIGINT or `stop`; returns when everything is closed."""
        log.info("web.started", port=self.port)
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()
        log.info("web.stopped")

    def stop(self) -> None:
        """Make `run` return; for tests and for whoever runs the server in a thread."""
        self._server.should_exit = True


def serve(services: WebServices, host: str, port: int) -> None:
    """Serve until told to stop; raises `PortTakenError`. Port 0 takes any free one."""
    WebServer(services, host, port).run()


class _Server(uvicorn.Server):
    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,  # ours is set up already
                access_log=False,  # paths carry unsubscribe tokens (promise P10)
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._live: LiveHub = app.state.live

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams first: uvicorn waits for open connections before anybody else is told."""
        self._live.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT and return; uvicorn would kill the process by the same signal."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        earlier = {number: getsignal(number) for number in (SIGINT, SIGTERM)}
        for number in earlier:
            signal(number, self.handle_exit)
        try:
            yield
        finally:
            for number, handler in earlier.items():
                signal(number, handler)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise PortTakenError(
            f"cannot listen on {host}:{port} ({error.strerror}): stop what uses it, "
            "or choose another port with DISPATCHER_WEB__PORT"
        ) from error
    return listening
