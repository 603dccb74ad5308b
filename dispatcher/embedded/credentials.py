"""Passwords and ports of the embedded servers, kept in the data directory between runs."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from dispatcher.embedded.errors import EmbeddedError
from dispatcher.embedded.private_files import write_private

_FILE_NAME = "credentials.json"
_PASSWORD_BYTES = 24


@dataclass(frozen=True)
class Credentials:
    """What clients need to reach both servers; the ports are those of the last run."""

    postgres_password: str
    valkey_password: str
    postgres_port: int | None = None
    valkey_port: int | None = None

    def __repr__(self) -> str:
        return f"Credentials(postgres_port={self.postgres_port}, valkey_port={self.valkey_port})"

    def with_ports(self, *, postgres: int, valkey: int) -> "Credentials":
        """The same passwords with the ports now in use."""
        return replace(self, postgres_port=postgres, valkey_port=valkey)

    def save(self, data_directory: Path) -> None:
        """Write the file (mode 0600). Raises OSError."""
        os.close(write_private(data_directory / _FILE_NAME, json.dumps(asdict(self))))


def load_credentials(data_directory: Path) -> tuple[Credentials, bool]:
    """The stored credentials, or new ones that are stored at once; and whether they are new.

    A damaged file counts as absent: PostgreSQL's password can be set again by whoever owns its files.
    Raises EmbeddedError when the file may not be read.
    """
    path = data_directory / _FILE_NAME
    try:
        return Credentials(**json.loads(path.read_text())), False
    except FileNotFoundError:
        pass
    except OSError as exc:
        raise EmbeddedError(
            f"{path} cannot be read ({exc.strerror}). Run as the owner of this file."
        ) from exc
    except (ValueError, TypeError):
        pass
    credentials = Credentials(secrets.token_urlsafe(_PASSWORD_BYTES), secrets.token_urlsafe(_PASSWORD_BYTES))
    credentials.save(data_directory)
    return credentials, True
