"""`dispatcher staff …`: who may sign in."""

import secrets
from typing import Annotated

import typer

from dispatcher.cli.console import output
from dispatcher.cli.start import actor, application
from dispatcher.core.staff import StaffRole, add_staff, list_staff, set_active, set_password

app = typer.Typer(help="People of the company who may sign in.", no_args_is_help=True)

Login = Annotated[str, typer.Argument()]


@app.command()
def add(
    login: Login,
    name: Annotated[str, typer.Option(help="Full name.")],
    role: StaffRole = StaffRole.OPERATOR,
) -> None:
    """Add a person; the password is made and shown once."""
    password = secrets.token_urlsafe(12)
    with application() as built:
        built.database.run(
            lambda session: add_staff(
                session,
                login=login,
                full_name=name,
                role=role,
                password=password,
                actor=actor(),
                now=built.clock.refresh(session),
            )
        )
    output.print(f"{login} / {password}", highlight=False, markup=False)


@app.command()
def password(login: Login) -> None:
    """Give a new password; every session of the person ends."""
    fresh = secrets.token_urlsafe(12)
    with application() as built:
        built.database.run(
            lambda session: set_password(
                session, login=login, password=fresh, actor=actor(), now=built.clock.refresh(session)
            )
        )
    output.print(f"{login} / {fresh}", highlight=False, markup=False)


@app.command()
def deactivate(login: Login) -> None:
    """Let a person sign in no longer."""
    with application() as built:
        built.database.run(
            lambda session: set_active(
                session, login=login, is_active=False, actor=actor(), now=built.clock.refresh(session)
            )
        )
    output.print(f"{login}: вход закрыт", highlight=False)


@app.command(name="list")
def list_() -> None:
    """Show who may sign in."""
    with application() as built:
        for member in built.database.run(list_staff):
            state = "" if member.is_active else "  (закрыт)"
            output.print(f"{member.login:<20} {member.role:<14} {member.full_name}{state}", highlight=False)
