"""`dispatcher campaign bills` as staff use it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from dispatcher.bootstrap import Application, build_bill_worker, open_application
from dispatcher.core.settings import AttachmentSettings, Settings
from dispatcher.delivery.bills.worker import BillWorker
from tests.conftest import SECRET_KEY
from tests.engine import Engine
from tests.integration.delivery.bill_server import BillServer, bill
from tests.integration.delivery.test_bills import FETCH_SECONDS, start

COMMAND_SECONDS = 100


@pytest.fixture
def server() -> Iterator[BillServer]:
    with BillServer.running() as server:
        yield server


@pytest.fixture
def settings(settings: Settings, server: BillServer) -> Settings:
    settings.attachments = AttachmentSettings(internal_hosts=[server.host])
    return settings


@pytest.fixture
def application(settings: Settings) -> Iterator[Application]:
    with open_application(settings, check_schema=False) as application:
        yield application


@pytest.fixture
def bills(application: Application) -> Iterator[BillWorker]:
    worker = build_bill_worker(application)
    yield worker
    worker.close()


def command(application: Application, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "DISPATCHER_DATABASE_URL": application.addresses.database_url,
        "DISPATCHER_REDIS_URL": application.addresses.redis_url,
        "DISPATCHER_SECRET_KEY": SECRET_KEY,
        "DISPATCHER_ALLOW_CLOCK_MOVES": "true",
    }
    return subprocess.run(
        [sys.executable, "-m", "dispatcher", "campaign", "bills", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )


class TestBills:
    def test_what_is_missing_is_said_in_words_and_asked_for_again(
        self, engine: Engine, server: BillServer, bills: BillWorker
    ) -> None:
        run = start(engine, server.answer("/1.pdf", bill()), server.url("/none.pdf"))
        bills.work(FETCH_SECONDS)
        told = command(engine.application, str(run))
        assert told.returncode == 0, told.stderr
        assert "загружены 1" in told.stdout
        assert "файла нет на сервере: 1 (строки 3)" in told.stdout
        assert "none.pdf" not in told.stdout
        again = json.loads(command(engine.application, str(run), "--retry", "--json").stdout)
        assert (again["retried"], again["by_state"]) == (1, {"ready": 1, "waiting": 1})

    def test_an_unknown_run_is_said_plainly(self, application: Application) -> None:
        told = command(application, "00000000-0000-0000-0000-000000000000")
        assert told.returncode == 1
        assert "there is no such run" in told.stderr
        assert "Traceback" not in told.stderr
