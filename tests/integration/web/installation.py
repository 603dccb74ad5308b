"""An installation for tests of the pages: servers, a database of one's own, services, staff."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import SecretStr

from consent.unsubscribe import UnsubscribeTokens
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.core.settings import Settings, WebSettings
from dispatcher.core.staff import StaffRole, add_staff
from dispatcher.migrations.migrate import migrate
from dispatcher.web.services import WebServices
from tests.servers import clone_database, create_database, drop_database, running_servers

KEY = b"a key for tests, 32 bytes long.."
PASSWORD = "correct horse battery"
TEMPLATE = "template_web"


@dataclass(frozen=True)
class Template:
    """A migrated database to clone."""

    admin_url: str

    @contextlib.contextmanager
    def clone(self) -> Iterator[Database]:
        url = clone_database(self.admin_url, TEMPLATE)
        database = Database(url, pool_size=3)
        try:
            yield database
        finally:
            database.close()
            drop_database(self.admin_url, url)


@contextlib.contextmanager
def migrated_template() -> Iterator[Template]:
    """Servers with a migrated template. Main thread only; a few seconds."""
    with running_servers() as servers:
        database = Database(create_database(servers.database_url, TEMPLATE))
        migrate(database.engine)
        database.close()
        yield Template(servers.database_url)


def make_services(database: Database, **web: object) -> WebServices:
    """Services over a database, with settings that no file or variable of this machine changes."""
    settings = Settings.model_construct(
        secret_key=SecretStr(KEY.decode()), web=WebSettings.model_validate(web), time_zone="Europe/Moscow"
    )
    return WebServices(database, Clock(), settings, UnsubscribeTokens(KEY), KEY)


def make_staff(services: WebServices, login: str = "operator", role: StaffRole = StaffRole.OPERATOR) -> None:
    """Somebody who may sign in with `PASSWORD`."""
    with services.database.transaction() as session:
        add_staff(
            session,
            login=login,
            full_name="Ольга Петрова",
            role=role,
            password=PASSWORD,
            actor="test",
            now=services.clock.now(),
        )
