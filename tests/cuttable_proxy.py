"""A way to a server that can be cut and mended, to play its outage without touching the server."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Self

CHUNK = 1 << 16


class CuttableProxy:
    """Forwards TCP from a port of its own on loopback. While cut, it ends every connection at once.

    `refused` counts the connections that were turned away; `wait_for_refused` lets a test mend the way
    only after somebody has noticed the outage.
    """

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._is_cut = False
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()
        self.refused = 0
        self._start(self._accept)

    @classmethod
    @contextlib.contextmanager
    def to(cls, host: str, port: int) -> Iterator[Self]:
        proxy = cls(host, port)
        try:
            yield proxy
        finally:
            proxy.close()

    def cut(self) -> None:
        """End every connection and accept none."""
        with self._changed:
            self._is_cut = True
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Forward again."""
        with self._changed:
            self._is_cut = False

    def wait_for_refused(self, count: int, timeout_seconds: float = 60) -> None:
        """Until so many connections have been turned away."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.refused >= count, timeout_seconds)

    def close(self) -> None:
        """End everything and wait for the threads."""
        self.cut()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _start(self, work: object, *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._changed:
                if self._is_cut:
                    self.refused += 1
                    self._changed.notify_all()
                    client.close()
                    continue
                server = socket.create_connection(self._server)
                self._open |= {client, server}
            self._start(self._forward, client, server)
            self._start(self._forward, server, client)

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK):
                target.sendall(chunk)
        with self._changed:
            self._open.discard(source)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        source.close()
