"""Services for tests of the pages, and staff who may sign in."""

from pathlib import Path

from argon2 import PasswordHasher
from pydantic import SecretStr
from sqlalchemy import text

from consent.unsubscribe import UnsubscribeTokens
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.core.ids import new_id
from dispatcher.core.settings import Settings, WebSettings
from dispatcher.core.staff import StaffRole
from dispatcher.web.services import WebServices

KEY = b"a key for tests, 32 bytes long.."
PASSWORD = "correct horse battery"
#: Cheap on purpose: what a hash costs is tested elsewhere.
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

_ADD = text(
    """
    INSERT INTO staff (id, login, full_name, role, password_hash, created_at)
    VALUES (:id, :login, 'Ольга Петрова', :role, :hash, clock_timestamp())
    """
)


def make_services(database: Database, data_directory: Path, **web: object) -> WebServices:
    """Services over a database, with settings that no file or variable of this machine changes."""
    settings = Settings.model_construct(
        secret_key=SecretStr(KEY.decode()),
        web=WebSettings.model_validate(web),
        time_zone="Europe/Moscow",
        data_directory=data_directory,
    )
    return WebServices(database, Clock(), settings, UnsubscribeTokens(KEY), KEY)


def make_staff(services: WebServices, login: str = "operator", role: StaffRole = StaffRole.OPERATOR) -> None:
    """Somebody who may sign in with `PASSWORD`."""
    with services.database.transaction() as session:
        session.execute(_ADD, {"id": new_id(), "login": login, "role": role.value, "hash": _HASH})
