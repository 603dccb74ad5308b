"""How every command begins: read the settings, set up the log, build the application."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dispatcher.core.logging import configure_logging, log_last_words
from dispatcher.core.settings import Settings

if TYPE_CHECKING:
    from dispatcher.bootstrap import Application


def read_settings(*, quiet: bool = False) -> Settings:
    """The settings, with the log set up; `quiet` keeps the log of short commands to warnings."""
    settings = Settings()
    log_last_words()
    configure_logging("warning" if quiet and settings.log_level == "info" else settings.log_level)
    return settings


@contextmanager
def application(*, quiet: bool = True, check_schema: bool = True) -> Iterator["Application"]:
    """The application of a command."""
    from dispatcher.bootstrap import open_application

    with open_application(read_settings(quiet=quiet), check_schema=check_schema) as built:
        yield built


def actor() -> str:
    """Who is at the command line, for the audit."""
    return f"cli:{os.environ.get('SUDO_USER') or os.environ.get('USER') or os.getuid()}"
