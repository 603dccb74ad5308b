"""The real server in a thread, and a reader of its event streams that is no library of ours."""

import contextlib
import http.client
import threading
import time
from collections.abc import Iterator

from dispatcher.web.server import WebServer
from dispatcher.web.services import WebServices


class Event:
    """One server-sent event."""

    def __init__(self, name: str, data: str) -> None:
        self.name = name
        self.data = data


class Stream:
    """An open event stream, read line by line."""

    def __init__(self, port: int, path: str, cookie: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=100)
        self._connection.request("GET", path, headers={"Cookie": cookie, "Accept": "text/event-stream"})
        self.response = self._connection.getresponse()

    def events(self) -> Iterator[Event]:
        """Events until the server ends the stream."""
        name, lines = "", []
        for raw in self.response:
            line = raw.decode().rstrip("\n")
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                lines.append(value)
            elif not line and name:
                yield Event(name, "\n".join(lines))
                name, lines = "", []

    def wait_for(self, name: str, words: str) -> Event:
        """The next event of that name that holds these words."""
        for event in self.events():
            if event.name == name and words in event.data:
                return event
        raise AssertionError(f"the stream ended without {words!r} in {name}")

    def close(self) -> None:
        self.response.close()
        self._connection.close()


@contextlib.contextmanager
def running_server(services: WebServices) -> Iterator[WebServer]:
    """A server on a free port; stopped and waited for at the end."""
    server = WebServer(services, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server._server.started)
        yield server
    finally:
        server.stop()
        thread.join(100)
        assert not thread.is_alive()


def wait_until(condition, seconds: float = 100.0) -> None:
    """Wait for something that another thread does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
