"""`dispatcher consent …`: what the ledger says about an address, and writing into it."""

from collections.abc import Sequence
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from consent.ledger import ConsentEntry, list_history
from dispatcher.cli.console import output
from dispatcher.cli.start import actor, application
from dispatcher.delivery.statements import contacts_at, give_consent, withdraw_at

app = typer.Typer(help="Consent per address, channel and purpose.", no_args_is_help=True)

Address = Annotated[str, typer.Argument(help="An e-mail address or a telephone number (+7…).")]
Channel = Annotated[str, typer.Option(help="email, sms or voice.")]
Purpose = Annotated[str, typer.Option(help="debt, …; * is every purpose.")]


@app.command()
def show(address: Address) -> None:
    """Show every entry about an address."""
    with application() as built:

        def read(session: Session) -> list[Sequence[object]]:
            return [
                entry for contact in contacts_at(session, address) for entry in list_history(session, contact)
            ]

        for channel, purpose, action, basis, source, _, recorded_by, at in built.database.run(read):
            output.print(
                f"{at}  {channel} {purpose}: {action} ({basis}, {source}, {recorded_by})", highlight=False
            )


@app.command()
def withdraw(address: Address, channel: Channel = "email", purpose: Purpose = "*") -> None:
    """Withdraw: from this moment on nothing is sent; says what was in flight."""
    with application() as built:

        def work(session: Session) -> int:
            return withdraw_at(
                session,
                address,
                channel=channel,
                purpose=purpose,
                source="staff",
                recorded_by=actor(),
                now=built.clock.refresh(session),
            )

        in_flight = built.database.run(work)
    output.print(f"Согласие отозвано. Отправлялось в этот миг: {in_flight}.", highlight=False)


@app.command()
def give(
    address: Address,
    reference: Annotated[
        str, typer.Option(help="The document that proves it: number of the paper, recording.")
    ],
    channel: Channel = "email",
    purpose: Purpose = "debt",
) -> None:
    """Record that a person agreed."""
    entry = ConsentEntry(
        channel, purpose, "given", source="staff", recorded_by=actor(), source_reference=reference
    )
    with application() as built:

        def work(session: Session) -> None:
            give_consent(session, address, entry, now=built.clock.refresh(session))

        built.database.run(work)
    output.print("Согласие записано.")
