"""Live figures over a real server: one poller, only changes, a database that goes away, a quick stop."""

import contextlib
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from uuid import uuid4

import pytest
from sqlalchemy import text

from dispatcher.core.sign_in import Guess
from dispatcher.web.live import hub as hub_module
from dispatcher.web.server import PortTakenError, WebServer
from tests.integration.web.installation import PASSWORD
from tests.integration.web.rows import add_run, count_attempts, count_notices
from tests.integration.web.serving import Stream, running_server, wait_until


@pytest.fixture
def run(services):
    with services.database.transaction() as session:
        run = add_run(session, planned=100)
        count_notices(session, run, "open", 100)
        count_attempts(session, run, "planned", 100)
        return run


@pytest.fixture
def server(services):
    with running_server(services) as server:
        yield server


@pytest.fixture
def cookie(services):
    token = services.sign_in.sign_in(Guess("operator", PASSWORD, "127.0.0.1"))
    return f"dispatcher_session={token}"


@pytest.fixture
def stream(server, cookie, run):
    stream = Stream(server.port, f"/runs/{run}/events?lang=ru", cookie)
    yield stream
    stream.close()


def notify(services, run, number: int) -> None:
    with services.database.transaction() as session:
        count_notices(session, run, "open", -number, shard=3)
        count_notices(session, run, "notified", number, "accepted", shard=3)


class TestStream:
    def test_begins_with_the_whole_view(self, stream):
        assert stream.response.status == 200
        assert stream.response.getheader("content-type").startswith("text/event-stream")
        events = stream.events()
        names = [next(events).name for _ in range(4)]
        assert names == ["link", "head", "live", "controls"]

    def test_sends_what_changes_and_only_that(self, stream, services, run):
        stream.wait_for("live", 'id="count-open">100<')
        notify(services, run, 30)
        events = stream.events()
        names = []
        for event in events:
            names.append(event.name)
            if 'id="count-notified">30<' in event.data:
                break
        assert set(names) <= {"live", "controls"}

    def test_tells_of_a_new_state_with_new_buttons(self, stream, services, run):
        stream.wait_for("live", "")
        with services.database.transaction() as session:
            session.execute(text("UPDATE run SET state = 'paused', state_reason = 'staff'"))
        stream.wait_for("head", "на паузе")
        stream.wait_for("controls", "Продолжить")

    def test_one_poller_serves_all_viewers_and_ends_with_the_last(self, server, cookie, run):
        live = server._server._live
        streams = [Stream(server.port, f"/runs/{run}/events", cookie) for _ in range(5)]
        for stream in streams:
            stream.wait_for("live", "")
        assert live.poller_count == 1
        for stream in streams:
            stream.close()
        wait_until(lambda: live.poller_count == 0)

    def test_survives_the_database_being_away(self, stream, services, run):
        stream.wait_for("live", "")
        with _refusing_connections(services):
            stream.wait_for("link", "Нет связи с базой, ждём")
        notify(services, run, 7)
        stream.wait_for("live", 'id="count-notified">7<')

    def test_there_is_none_for_a_run_that_does_not_exist(self, server, cookie):
        stream = Stream(server.port, f"/runs/{uuid4()}/events", cookie)
        assert stream.response.status == 404
        stream.close()

    def test_is_for_staff_only(self, server, run):
        stream = Stream(server.port, f"/runs/{run}/events", "")
        assert stream.response.status == 401
        stream.close()

    def test_ends_with_its_session(self, server, cookie, run, services, monkeypatch):
        monkeypatch.setattr(hub_module, "HEARTBEAT_SECONDS", 0.2)
        stream = Stream(server.port, f"/runs/{run}/events", cookie)
        stream.wait_for("live", "")
        with services.database.transaction() as session:
            session.execute(text("UPDATE staff_session SET revoked_at = created_at"))
            session.execute(text("UPDATE run SET state = 'paused'"))
        list(stream.events())
        stream.close()


class TestServer:
    def test_stops_while_pages_are_open(self, services, cookie, run):
        ended = threading.Event()
        with running_server(services) as server:
            stream = Stream(server.port, f"/runs/{run}/events", cookie)
            stream.wait_for("live", "")
            reader = threading.Thread(target=lambda: (list(stream.events()), ended.set()))
            reader.start()
        assert ended.wait(100)
        reader.join()
        stream.close()

    def test_a_taken_port_is_a_plain_error(self, server, services):
        with pytest.raises(PortTakenError, match="DISPATCHER_WEB__PORT"):
            WebServer(services, "127.0.0.1", server.port)

    def test_a_signal_ends_it_with_success(self, services, run):
        program = subprocess.Popen(
            [
                sys.executable,
                "-c",
                SERVE,
                services.database.engine.url.render_as_string(False),
                str(services.settings.data_directory),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            port = int(program.stdout.readline())
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=100) as answer:
                assert json.load(answer) == {"status": "ok"}
            program.terminate()
            assert program.wait(100) == 0
        finally:
            program.kill()
            program.wait()
            program.stdout.close()


class TestHealth:
    def test_is_unavailable_without_the_database(self, services, client):
        assert client.get("/health").json() == {"status": "ok"}
        with _refusing_connections(services):
            answer = client.get("/health")
        assert (answer.status_code, answer.json()) == (503, {"status": "unavailable"})

    def test_is_unavailable_with_an_older_schema(self, services, client):
        with services.database.transaction() as session:
            session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        assert client.get("/health").status_code == 503


class TestDatabaseAway:
    def test_pages_say_so_and_nothing_more(self, client, services):
        client.cookies.set("dispatcher_session", "x")
        with _refusing_connections(services):
            answer = client.get("/runs")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert "Нет связи с базой" in answer.text
        assert services.database.engine.url.database not in answer.text


@contextlib.contextmanager
def _refusing_connections(services):
    """The database closes every connection and takes no new one."""
    import psycopg
    from psycopg import sql

    from tests.servers import plain_url, with_database

    url = services.database.engine.url
    admin = with_database(plain_url(url.render_as_string(False)), "postgres")
    name = sql.Identifier(url.database)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [url.database]
        )
        try:
            yield
        finally:
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))


SERVE = """
import sys
from pathlib import Path
from dispatcher.core.db import Database
from dispatcher.web.server import WebServer
from tests.integration.web.installation import make_services
server = WebServer(make_services(Database(sys.argv[1]), Path(sys.argv[2])), "127.0.0.1", 0)
print(server.port, flush=True)
server.run()
"""
