"""`dispatcher consent …`: what the ledger says about an address, and writing into it."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from consent.errors import UnknownContactError
from consent.ledger import ConsentEntry, find_contacts, list_history, record_consent
from dispatcher.cli.console import output
from dispatcher.cli.start import actor, application
from dispatcher.core.audit import record_action
from dispatcher.delivery.withdrawal import withdraw_consent

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
                entry for contact in _contacts(session, address) for entry in list_history(session, contact)
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
            now = built.clock.refresh(session)
            return sum(
                withdraw_consent(
                    session,
                    contact,
                    channel=channel,
                    purpose=purpose,
                    source="staff",
                    recorded_by=actor(),
                    now=now,
                ).in_flight
                for contact in _contacts(session, address)
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
            now = built.clock.refresh(session)
            for contact in _contacts(session, address):
                record_consent(session, contact, entry, now)
                record_action(
                    session,
                    at=now,
                    actor=actor(),
                    action="consent.given",
                    subject_type="contact_point",
                    subject_id=contact,
                    after={"channel": channel, "purpose": purpose, "reference": reference},
                )

        built.database.run(work)
    output.print("Согласие записано.")


def _contacts(session: Session, address: str) -> Sequence[UUID]:
    kind = "email" if "@" in address else "phone"
    found = find_contacts(session, kind=kind, address=address.strip())
    if not found:
        raise UnknownContactError("nobody in the database has this address: import a list with it first")
    return found
