"""A real browser against the real server. Without Chromium: skipped here, a failure in CI."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from dispatcher.core.db import Database
from dispatcher.web.server import WebServer
from dispatcher.web.services import WebServices
from tests.integration.web.installation import make_services, make_staff
from tests.integration.web.serving import running_server

LIMIT_MILLISECONDS = 90_000  #: a starved machine says nothing about the pages
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture
def services(database: Database, tmp_path: Path) -> WebServices:
    services = make_services(database, tmp_path)
    make_staff(services)
    return services


@pytest.fixture
def server(services: WebServices) -> Iterator[WebServer]:
    with running_server(services) as server:
        yield server


# For this package only: its event loop would be in the way of other tests.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        reason = f"no Chromium at {CHROMIUM}: apt-get install chromium, or name it by CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=LIMIT_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=ARGUMENTS, timeout=2 * LIMIT_MILLISECONDS
        )
        yield browser
        browser.close()


@pytest.fixture
def open_context(browser: Browser, server: WebServer) -> Iterator[Callable[..., BrowserContext]]:
    """Somebody's own browser in Russian, as often as it is called; all are closed afterwards."""
    with ExitStack() as opened:

        def open_one(**options: Any) -> BrowserContext:
            context = browser.new_context(
                base_url=f"http://127.0.0.1:{server.port}", locale="ru-RU", **options
            )
            opened.callback(context.close)
            context.set_default_timeout(LIMIT_MILLISECONDS)
            return context

        yield open_one


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Iterator[Page]:
    """A page in Russian that fails the test on any script error or refused resource."""
    context = open_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: message.type == "error" and problems.append(message.text))
    yield page
    context.close()
    assert problems == []
