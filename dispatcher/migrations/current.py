"""Whether a schema is the newest one, without the machinery that changes it: every process asks."""

from functools import cache
from importlib.resources import files

from sqlalchemy import inspect, text
from sqlalchemy.engine import Engine

_REVISION = text("SELECT version_num FROM alembic_version")


@cache
def newest_revision() -> str:
    """The number of the newest migration: files are named `0012_what_it_does.py`, and there is one head."""
    names = (file.name for file in (files("dispatcher") / "migrations" / "versions").iterdir())
    return max(name.partition("_")[0] for name in names if name[:1].isdecimal())


def is_current(engine: Engine) -> bool:
    """Whether every migration has been applied, and none that is newer than this program."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        return list(connection.execute(_REVISION).scalars()) == [newest_revision()]
