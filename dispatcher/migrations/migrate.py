"""Bring a database to the newest schema."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine

# Two processes that start together migrate one after the other.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('dispatcher.migrate'))")


def migrate(engine: Engine) -> None:
    """Apply every migration that is still missing; safe to call from several processes at once."""
    with engine.begin() as connection:
        connection.execute(_ONE_AT_A_TIME)
        command.upgrade(_configuration(connection), "head")


def _configuration(connection: Connection | None = None) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(files("dispatcher") / "migrations"))
    configuration.attributes["connection"] = connection
    return configuration
