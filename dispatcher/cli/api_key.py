"""`dispatcher api-key …`: keys of other systems for `/api/v1`."""

from datetime import timedelta
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from dispatcher.cli.campaign_approval import member_named
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import actor, application
from dispatcher.core.api_keys import Scope, create_api_key, list_api_keys, revoke_api_key

app = typer.Typer(help="Keys of other systems for the API.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Who will use it: billing, crm, …")]


@app.command()
def create(
    name: Name,
    scope: Annotated[list[Scope], typer.Option(help="What it may do; repeat for several.")],
    approver: Annotated[
        str | None, typer.Option(help="With campaigns:approve: login of the person who approves by it.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="After how many days it expires.")] = 365,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Make a key; it is shown once and kept nowhere."""
    with application() as built:

        def make(session: Session) -> str:
            now = built.clock.refresh(session)
            return create_api_key(
                session,
                name=name,
                scopes=set(scope),
                expires_at=now + timedelta(days=days),
                actor=actor(),
                now=now,
                approver=None if approver is None else member_named(session, approver),
            )

        token = built.database.run(make)
    if as_json:
        print_json({"name": name, "token": token})
    else:
        output.print(token, highlight=False, markup=False)


@app.command(name="list")
def list_() -> None:
    """Show every key: its name, scopes and until when it holds."""
    with application() as built:
        for key in built.database.run(list_api_keys):
            until = f"{key.expires_at:%Y-%m-%d}" if key.expires_at else "—"
            state = "отозван" if key.revoked_at else f"до {until}"
            person = f"  ({key.approver})" if key.approver else ""
            output.print(
                f"{key.name:<24} {state:<14} {' '.join(key.scopes)}{person}", highlight=False, markup=False
            )


@app.command()
def revoke(name: Name) -> None:
    """Let nobody in by this key from now on."""
    with application() as built:
        built.database.run(
            lambda session: revoke_api_key(
                session, name=name, actor=actor(), now=built.clock.refresh(session)
            )
        )
    output.print(f"{name}: ключ отозван", highlight=False, markup=False)
