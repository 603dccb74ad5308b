"""`dispatcher up`: everything in one go, on the embedded servers unless others are configured."""

import secrets
import socket

import structlog
from sqlalchemy.orm import Session

from dispatcher.bootstrap import Application
from dispatcher.cli.console import output
from dispatcher.cli.household import household_commands, own_household
from dispatcher.cli.start import read_settings
from dispatcher.core.errors import ConfigurationError
from dispatcher.core.settings import Settings
from dispatcher.core.staff import StaffRole, add_staff, list_staff
from dispatcher.embedded.supervisor import Supervisor

log = structlog.get_logger()


def up() -> None:
    """Run everything: servers (embedded unless configured), web, scheduler, workers, bounce listener."""
    settings = read_settings()
    check_port_is_free(settings.web.host, settings.web.port, "DISPATCHER_WEB__PORT")
    check_port_is_free(
        settings.bounce_listener.host, settings.bounce_listener.port, "DISPATCHER_BOUNCE_LISTENER__PORT"
    )
    with own_household(settings) as household:
        application = household.application
        _greet(application, _first_administrator(application))
        Supervisor(
            household_commands(application, application.child_environment()),
            log_path=settings.data_directory / "log" / "dispatcher.log",
            echo=True,
            stop_seconds=_stop_seconds(settings),
            tick=household.keep_servers,
        ).run()


def _stop_seconds(settings: Settings) -> float:
    """Longer than the workers take: calls may end by themselves."""
    delivery = settings.delivery
    calls = delivery.calls.stop_seconds + 10 if settings.voice.is_configured else 0.0
    return max(delivery.stop_seconds, calls) + 5


def check_port_is_free(host: str, port: int, setting: str) -> None:
    """Say at once, and in plain words, that another program has the port; raises `ConfigurationError`."""
    if port == 0:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on {host}:{port} ({error.strerror}): end the other program or set {setting}"
            ) from error


def _first_administrator(application: Application) -> str | None:
    """On the very first start there is nobody who could sign in: make one, and show the password once."""
    password = secrets.token_urlsafe(12)

    def add_first(session: Session) -> str | None:
        if list_staff(session):
            return None
        add_staff(
            session,
            login="admin",
            full_name="Администратор",
            role=StaffRole.ADMINISTRATOR,
            password=password,
            actor="system",
            now=application.clock.refresh(session),
        )
        return password

    return application.database.run(add_first)


def _greet(application: Application, password: str | None) -> None:
    web = application.settings.web
    output.print(f"Dashboard: http://{web.host}:{web.port}/", highlight=False)
    if password is not None:
        output.print(f"First sign-in: admin / {password}  (shown only now)", highlight=False)
    if not application.settings.smtp.host:
        output.print(
            "No mail server is configured, so nothing will be sent: set DISPATCHER_SMTP__HOST, or start"
            " `dispatcher sandbox` and set DISPATCHER_SMTP__HOST=127.0.0.1, DISPATCHER_SMTP__PORT=2525,"
            " DISPATCHER_SMTP__SECURITY=none."
        )
