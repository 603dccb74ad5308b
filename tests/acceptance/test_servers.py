"""Servers that we did not start from wheels: Debian's PostgreSQL 15 and Redis 7, by their addresses alone.

`migrate`, `web`, `scheduler`, `worker` and `bounces` run singly, as they do under systemd.
"""

import contextlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import psutil
import pytest

from tests.acceptance.product import LIMIT_SECONDS, SECRET_KEY, Product, end, installation, wait_until
from tests.peers import need
from tests.ports import reserve_port
from tests.servers import open_directory

POSTGRES: Final = Path("/usr/lib/postgresql/15/bin")
NOBODY: Final = 65534


@pytest.fixture
def directory() -> Iterator[Path]:
    with open_directory() as directory:
        yield directory


@pytest.fixture
def postgres_url(directory: Path) -> Iterator[str]:
    need((POSTGRES / "initdb").exists(), "PostgreSQL 15 (apt-get install postgresql-15)")
    home, port, password = directory / "pg", reserve_port(), secrets.token_hex(8)
    home.mkdir()
    (home / "password").write_text(password)
    _give_to_nobody(home)
    make = [POSTGRES / "initdb", "-D", home / "data", "-U", "dispatcher", "-E", "UTF8", "--locale=C.UTF-8"]
    _as_nobody([*make, "-A", "scram-sha-256", "--pwfile", home / "password"], home)
    server = _start_as_nobody(
        [POSTGRES / "postgres", "-D", home / "data", "-p", str(port), "-k", home, "-h", "127.0.0.1"], home
    )
    try:
        url = f"postgresql://dispatcher:{password}@127.0.0.1:{port}"
        create = [POSTGRES / "createdb", "--maintenance-db", f"{url}/postgres", "notices"]
        wait_until(
            lambda: subprocess.run(create, capture_output=True, check=False).returncode == 0, "PostgreSQL"
        )
        yield f"{url}/notices"
    finally:
        _end_tree(server)


@pytest.fixture
def redis_url(directory: Path) -> Iterator[str]:
    program = shutil.which("redis-server")
    need(program is not None, "Redis 7 (apt-get install redis-server)")
    assert program is not None
    port, password = reserve_port(), secrets.token_hex(8)
    home = directory / "redis"
    home.mkdir()
    _give_to_nobody(home)
    arguments = ["--port", str(port), "--bind", "127.0.0.1", "--requirepass", password, "--dir", home]
    server = _start_as_nobody([program, *arguments, "--save", ""], home)
    try:
        yield f"redis://:{password}@127.0.0.1:{port}/0"
    finally:
        _end_tree(server)


@pytest.fixture
def product(postgres_url: str, redis_url: str) -> Iterator[Product]:
    environment = {
        "DISPATCHER_DATABASE_URL": postgres_url,
        "DISPATCHER_REDIS_URL": redis_url,
        "DISPATCHER_SECRET_KEY": SECRET_KEY,
    }
    with installation(**environment) as product:
        yield product


class TestConfiguredServers:
    def test_a_campaign_goes_over_servers_of_other_makers_with_every_process_started_singly(
        self, product: Product
    ) -> None:
        refused = product.run_installed("campaign", "list")
        assert refused.returncode == 1
        assert "dispatcher migrate" in refused.stderr
        assert product.run_installed("migrate").returncode == 0
        assert product.run_installed("campaign", "list").returncode == 0
        with product.mail_server(), ExitStack() as running:
            for arguments in (
                ("web",),
                ("scheduler",),
                ("bounces",),
                ("worker", "--lane", "email-bulk"),
            ):
                running.callback(end, product.start(*arguments))
            wait_until(product.is_healthy, "/health answers")
            run = product.start_campaign(recipients=200)
            status = product.wait_for(run, "closed")
        assert status["is_balanced"]
        assert status["notices"]["notified"] > 0
        assert not (product.directory / "data" / "servers").exists()
        received = product.received()
        assert len(received) == len(set(received))


def _give_to_nobody(home: Path) -> None:
    if os.getuid() == 0:
        for path in (home, *home.iterdir()):
            os.chown(path, NOBODY, NOBODY)


def _identity() -> dict[str, object]:
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}


def _as_nobody(command: list[object], home: Path) -> None:
    subprocess.run(
        [str(part) for part in command], cwd=home, check=True, stdout=subprocess.DEVNULL, **_identity()
    )


def _start_as_nobody(command: list[object], home: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [str(part) for part in command],
        cwd=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        **_identity(),
    )


def _end_tree(server: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(server.pid).children(recursive=True):
            child.terminate()
    server.terminate()
    server.wait(timeout=LIMIT_SECONDS)
