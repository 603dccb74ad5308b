"""What is wrong outside is said in words that tell what to do, with exit code 1, and nothing is half done."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dispatcher.embedded.ownership import ServerAddresses
from tests.acceptance.product import DELIVERY, Product, end, installation, wait_until
from tests.acceptance.singles import use_servers
from tests.servers import create_database, drop_database

pytestmark = pytest.mark.timeout(600)  # a starved machine says nothing about the product


@pytest.fixture(scope="module")
def product(servers: ServerAddresses, migrated_template: str) -> Iterator[Product]:
    """An installation on configured servers."""
    with installation() as product, use_servers(product, servers, migrated_template):
        yield product


def said(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    """The command failed with these words and without a traceback."""
    said_all = done.stdout + done.stderr
    assert done.returncode == 1, said_all
    assert "Traceback" not in said_all
    for word in words:
        assert word in said_all, said_all


class TestServers:
    def test_only_one_address_is_set(self, product: Product) -> None:
        del_redis = {
            name: value for name, value in product.environment.items() if name != "DISPATCHER_REDIS_URL"
        }
        other = Product(product.directory)
        other.environment = del_redis
        for command in (["campaign", "list"], ["doctor"], ["web"], ["up"]):
            said(other.run(*command), "DISPATCHER_DATABASE_URL", "DISPATCHER_REDIS_URL")

    def test_a_schema_that_is_out_of_date(self, product: Product, servers: ServerAddresses) -> None:
        url = create_database(servers.database_url, "never_migrated")
        try:
            for command in (["campaign", "list"], ["doctor"], ["scheduler"], ["worker"]):
                said(product.run(*command, DISPATCHER_DATABASE_URL=url), "dispatcher migrate")
            assert product.run("migrate", DISPATCHER_DATABASE_URL=url).returncode == 0
            assert product.run("campaign", "list", DISPATCHER_DATABASE_URL=url).returncode == 0
        finally:
            drop_database(servers.database_url, url)

    def test_postgres_cannot_be_reached(self, product: Product) -> None:
        url = "postgresql://nobody:secret-word@127.0.0.1:1/nothing"
        for command in (["campaign", "list"], ["doctor"], ["migrate"], ["worker"]):
            done = product.run(*command, DISPATCHER_DATABASE_URL=url)
            said(done, "cannot be reached")
            assert "secret-word" not in done.stdout + done.stderr

    def test_redis_cannot_be_reached(self, product: Product) -> None:
        said(product.run("doctor", DISPATCHER_REDIS_URL="redis://127.0.0.1:1/0"), "DISPATCHER_REDIS_URL")

    def test_an_address_that_is_none(self, product: Product) -> None:
        said(product.run("campaign", "list", DISPATCHER_DATABASE_URL="not an address"), "postgresql://")

    def test_no_secret_key(self, product: Product) -> None:
        environment = {n: v for n, v in product.environment.items() if n != "DISPATCHER_SECRET_KEY"}
        other = Product(product.directory)
        other.environment = environment
        said(other.run("campaign", "list"), "DISPATCHER_SECRET_KEY")

    def test_a_setting_that_cannot_be_used(self, product: Product) -> None:
        done = product.run("campaign", "list", DISPATCHER_SMTP__PORT="many")
        said(done, "DISPATCHER_SMTP__PORT")

    def test_the_web_port_is_taken(self, product: Product) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            said(product.run("web", DISPATCHER_WEB__PORT=port), port, "DISPATCHER_WEB__PORT")


class TestMailServer:
    def test_none_is_configured(self, product: Product) -> None:
        for command in (["worker"], ["doctor"]):
            said(product.run(*command, DISPATCHER_SMTP__HOST=""), "DISPATCHER_SMTP__HOST")

    def test_the_doctor_names_a_closed_port_a_wrong_password_and_refused_tls(self, product: Product) -> None:
        said(product.run("doctor"), "mail server", str(product.smtp_port))
        with product.mail_server(username="us", password="right"):
            login = {"DISPATCHER_SMTP__USERNAME": "us", "DISPATCHER_SMTP__PASSWORD": "wrong-word"}
            done = product.run("doctor", **login)
            said(done, "refused the user name or password")
            assert "wrong-word" not in done.stdout + done.stderr
            login["DISPATCHER_SMTP__PASSWORD"] = "right"
            assert "mail server: takes our connection" in product.run("doctor", **login).stdout
        with product.mail_server():
            said(product.run("doctor", DISPATCHER_SMTP__SECURITY="starttls"), "smtp.security")

    @pytest.mark.parametrize(
        ("environment", "options", "reason"),
        [
            (
                {"DISPATCHER_SMTP__USERNAME": "us", "DISPATCHER_SMTP__PASSWORD": "wrong"},
                {"username": "us", "password": "right"},
                "smtp_login_refused",
            ),
            ({"DISPATCHER_SMTP__SECURITY": "starttls"}, {}, "smtp_tls_refused"),
        ],
    )
    def test_a_run_waits_while_the_mail_server_refuses_us_and_goes_on_once_it_is_mended(
        self, product: Product, environment: dict[str, str], options: dict[str, str], reason: str
    ) -> None:
        with (
            product.mail_server(**options),
            singles(product, "scheduler", ("worker", environment)) as started,
        ):
            run = product.start_campaign(recipients=30)
            status = product.wait_status(run, lambda status: status["channel_pauses"], "waiting")
            assert status["channel_pauses"][0]["reason"] == reason
            assert set(status["notices"]) <= {"open", "blocked"}

            end(started[1])
            mended = (
                {"DISPATCHER_SMTP__USERNAME": "us", "DISPATCHER_SMTP__PASSWORD": "right"} if options else {}
            )
            with singles(product, ("worker", mended)):
                status = product.wait_for(run, "closed")
            assert status["is_balanced"]
            assert status["notices"]["notified"] > 20


class TestSingles:
    def test_web_worker_scheduler_and_bounces_run_singly_and_stop_clean(self, product: Product) -> None:
        with product.mail_server(), singles(product, "web", "scheduler", "worker", "bounces") as started:
            wait_until(product.is_healthy, "the pages answer")
            run = product.start_campaign(recipients=100)
            status = product.wait_for(run, "closed")
            assert status["is_balanced"]
            assert status["notices"]["notified"] > 80
            assert [end(process) for process in started] == [0, 0, 0, 0]

    def test_a_worker_that_waits_for_a_silent_provider_still_ends_in_time(self, product: Product) -> None:
        slow = {
            "DISPATCHER_SMTP__TIMEOUT_SECONDS": "60",
            "DISPATCHER_DELIVERY": json.dumps(DELIVERY | {"stop_seconds": 2.0}),
        }
        with product.mail_server(), singles(product, "scheduler", ("worker", slow)) as started:
            run = product.start_campaign(recipients=20, fates=("hang", "hang"))
            product.wait_status(run, _is_down_to_two, "down to two letters that wait for their answer")

            assert end(started[1]) == 0
            # What may still have become due meanwhile needs somebody to do it.
            with singles(product, ("worker", slow)):
                status = product.wait_for(run, "closed")
            assert status["is_balanced"]
            reasons = {(one["state"], one["reason"]): one["count"] for one in status["notice_reasons"]}
            assert reasons["unknown", "worker_stopped"] == 2


def _is_down_to_two(status: dict[str, Any]) -> bool:
    """Everybody else is told or refused, retries included."""
    return bool(status["fanned_out"] == status["planned"] and status["in_flight"] == status["open"] == 2)


class TestDirectory:
    def test_a_database_of_another_version_is_not_touched(self) -> None:
        with installation() as product:
            with product.up():
                pass
            [version] = [
                path for path in _whole_home(product).rglob("PG_VERSION") if path.parent.name == "data"
            ]
            version.write_text("13\n")
            for command in (["up"], ["campaign", "list"], ["doctor"]):
                said(product.run(*command), "13")
            assert version.read_text() == "13\n"

    def test_a_full_disk_is_said_and_nothing_is_started_on_it(self) -> None:
        with installation() as product, _small_disk(product.directory / "data", "64m") as disk:
            _fill(disk / "ballast")
            done = product.run("up")
            said(done, "disk")
            assert not product.processes()

    def test_a_run_waits_while_the_disk_is_full_and_goes_on_once_there_is_room(self) -> None:
        with installation() as product, _small_disk(product.directory / "data", "256m") as disk:
            with product.mail_server(), product.up():
                run = product.start_campaign(recipients=1200, **{"max-per-second": "40"})
                wait_until(lambda: len(product.received()) > 40, "letters arrive")
                _fill(disk / "ballast")
                # Whoever first needs room says so: a worker, or the scheduler where Valkey was first.
                wait_until(lambda: "database_away" in product.output_of("up"), "it waits for room")
                assert len(product.received()) < 1000
                (disk / "ballast").unlink()
                status = product.wait_for(run, "closed")
            assert status["is_balanced"]
            received = product.received()
            assert len(received) == len(set(received))
            assert len(received) > 900


def _whole_home(product: Product) -> Path:
    note = product.directory / "data" / "servers-directory.txt"
    return Path(note.read_text().strip()) if note.exists() else product.directory / "data"


@contextmanager
def singles(
    product: Product, *commands: "str | tuple[str, dict[str, str]]"
) -> "Iterator[list[subprocess.Popen[bytes]]]":
    """Processes of the product, started one by one; ended behind the block."""
    started = []
    try:
        for command in commands:
            name, environment = (command, {}) if isinstance(command, str) else command
            started.append(product.start(name, **environment))
        yield started
    finally:
        for process in started:
            end(process)


@contextmanager
def _small_disk(directory: Path, size: str) -> Iterator[Path]:
    """A file system of its own, where the machine allows it."""
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "tmpfs", str(directory)]
    mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0
    if not mounted:
        pytest.skip("no file system may be mounted here")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=True)


def _fill(path: Path) -> None:
    with path.open("wb") as file:
        try:
            while True:
                file.write(bytes(1 << 20))
        except OSError:
            return
