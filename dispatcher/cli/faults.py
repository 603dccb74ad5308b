"""Errors that a person at the command line can act on, in plain words.

Libraries are looked for only where they were loaded: one that was not cannot have raised anything.
"""

import sys

from dispatcher.core.errors import DispatcherError


def in_plain_words(error: Exception) -> str | None:
    """What to tell, or None: then it is a bug, and its trace is worth more."""
    if isinstance(error, DispatcherError):
        return str(error)
    return _of_embedded(error) or _of_settings(error) or _of_database(error)


def _of_embedded(error: Exception) -> str | None:
    if "dispatcher.embedded.errors" not in sys.modules:
        return None
    from dispatcher.embedded.errors import EmbeddedError

    return str(error) if isinstance(error, EmbeddedError) else None


def _of_settings(error: Exception) -> str | None:
    if "pydantic_settings" not in sys.modules:
        return None
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    if isinstance(error, SettingsError):
        return f"the settings cannot be read: {error}"
    if not isinstance(error, ValidationError):
        return None
    faults = [
        f"  DISPATCHER_{'__'.join(str(part) for part in one['loc']).upper()}: {one['msg']}"
        for one in error.errors(include_input=False)
    ]
    return "\n".join(["these settings cannot be used (environment, .env or dispatcher.toml):", *faults])


def _of_database(error: Exception) -> str | None:
    if "sqlalchemy.exc" not in sys.modules:
        return None
    from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

    from dispatcher.core.db import is_database_gone

    if isinstance(error, (ArgumentError, NoSuchModuleError)):
        return (
            "DISPATCHER_DATABASE_URL is not a PostgreSQL address: write postgresql://user:password@host/name"
        )
    if isinstance(error, DBAPIError) and is_database_gone(error):
        return "PostgreSQL cannot be reached or has no room: run `dispatcher doctor` to see what is wrong"
    return None
