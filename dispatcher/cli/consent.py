"""`dispatcher consent …`: what the ledger says about an address, now or then, and writing into it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.orm import Session

from campaigns.consent_file import import_statements
from consent.confirmations import (
    Confirmation,
    ConfirmationRequest,
    ConfirmationTokens,
    Proof,
    confirm_by_code,
    request_confirmation,
)
from consent.ledger import ConsentEntry
from consent.purposes import Purpose
from dispatcher.bootstrap import Application, require_channel
from dispatcher.cli.campaign_options import AsJson
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import actor, application
from dispatcher.cli.times import read_moment
from dispatcher.delivery.statements import (
    ContactLedger,
    contacts_at,
    give_consent,
    in_flight_of,
    read_ledgers,
    stop_address,
    withdraw_at,
)
from dispatcher.delivery.withdrawal import Withdrawal, stop_person
from reports.statement_words import statement_words
from reports.words import CONSENT_ACTIONS, CONSENT_BASES, CONSENT_SOURCES, PURPOSES, reason_word, word_for

_PROOFS = {
    Proof.CONFIRMED: "Подтверждено.",
    Proof.ALREADY: "Уже подтверждено.",
    Proof.WRONG_CODE: "Код не подходит.",
    Proof.EXPIRED: "Срок кода истёк: попросите новый.",
    Proof.TOO_MANY_TRIES: "Слишком много неверных кодов: попросите новый.",
    Proof.WITHDRAWN_SINCE: "Абонент отозвал согласие после запроса.",
    Proof.NOT_SENT: "Код ещё не отправлен.",
}

app = typer.Typer(help="Consent per address, channel and purpose.", no_args_is_help=True)

Address = Annotated[str, typer.Argument(help="An e-mail address or a telephone number (+7…).")]
Channel = Annotated[str, typer.Option(help="email, sms or voice.")]
PurposeName = Annotated[str, typer.Option(help=f"{', '.join(Purpose)}; * is every purpose.")]
SourceName = Annotated[
    str, typer.Option(help="paper, office, call, personal_account, web_form, staff: how it reached us.")
]
When = Annotated[str | None, typer.Option(help="2026-11-23 17:00, in the company's zone.")]


@app.command()
def show(
    address: Address,
    at: Annotated[str | None, typer.Option(help="What held then: 2026-06-01 09:00.")] = None,
    known_at: Annotated[str | None, typer.Option(help="As it was known then.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show every entry about an address, and what they permit: now, or at a moment."""

    def read(session: Session) -> list[ContactLedger]:
        now = built.clock.refresh(session)
        moment = _moment(built, at, now) or now
        return read_ledgers(
            session, contacts_at(session, address), at=moment, known_at=_moment(built, known_at, now)
        )

    with application() as built:
        ledgers = built.database.run(read)
    if as_json:
        print_json({"contacts": [_plain(one) for one in ledgers]})
        return
    for one in ledgers:
        _show(one)


@app.command()
def withdraw(
    address: Address,
    channel: Channel = "email",
    purpose: PurposeName = "*",
    source: SourceName = "staff",
    reference: Annotated[str | None, typer.Option(help="The document, if there is one.")] = None,
    valid_from: When = None,
    as_json: AsJson = False,
) -> None:
    """Withdraw: from this moment on nothing is sent; says what was in flight."""

    def work(session: Session) -> list[Withdrawal]:
        now = built.clock.refresh(session)
        return withdraw_at(
            session,
            address,
            channel=channel,
            purpose=purpose,
            source=source,
            source_reference=reference,
            recorded_by=actor(),
            valid_from=_moment(built, valid_from, now),
            now=now,
        )

    with application() as built:
        done = built.database.run(work)
    _tell(done, as_json=as_json)


@app.command()
def stop(
    address: Annotated[str | None, typer.Argument(help="Everybody who has this address.")] = None,
    person: Annotated[UUID | None, typer.Option(help="Every address of this person.")] = None,
    source: SourceName = "staff",
    reference: Annotated[str | None, typer.Option(help="The document, if there is one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Stop everything: every purpose over every channel, for an address or for a person."""
    if (address is None) == (person is None):
        raise typer.BadParameter("name either an address or --person")

    def work(session: Session) -> list[Withdrawal]:
        now, by = built.clock.refresh(session), actor()
        if person is not None:
            return stop_person(
                session, person, source=source, source_reference=reference, recorded_by=by, now=now
            )
        return stop_address(
            session, str(address), source=source, source_reference=reference, recorded_by=by, now=now
        )

    with application() as built:
        done = built.database.run(work)
    _tell(done, as_json=as_json)


@app.command()
def give(
    address: Address,
    reference: Annotated[
        str, typer.Option(help="The document that proves it: number of the paper, recording.")
    ],
    channel: Channel = "email",
    purpose: PurposeName = "debt",
    source: SourceName = "staff",
    basis: Annotated[str, typer.Option(help="consent, contract or legal_duty.")] = "consent",
    text_version: Annotated[str | None, typer.Option("--text", help="Which wording was agreed to.")] = None,
    valid_from: When = None,
    valid_until: When = None,
    confirmed: Annotated[bool, typer.Option("--confirmed", help="Agreed before, confirmed now.")] = False,
) -> None:
    """Record that a person agreed."""

    def work(session: Session) -> int:
        now = built.clock.refresh(session)
        entry = ConsentEntry(
            channel,
            purpose,
            "confirmed" if confirmed else "given",
            source=source,
            recorded_by=actor(),
            basis=basis,
            source_reference=reference,
            text_version=text_version,
            valid_from=_moment(built, valid_from, now),
            valid_until=_moment(built, valid_until, now),
        )
        return give_consent(session, address, entry, now=now)

    with application() as built:
        built.database.run(work)
    output.print("Согласие записано.")


@app.command()
def ask(
    contact: Annotated[UUID, typer.Argument(help="The contact's id, as `person show` prints it.")],
    purpose: Annotated[list[str], typer.Option(help="debt, …; several are possible.")],
    reference: Annotated[str, typer.Option(help="The document by which the wish was heard.")],
    channel: Channel = "email",
    source: SourceName = "staff",
    as_json: AsJson = False,
) -> None:
    """Ask a person to prove an address: a link by e-mail, a code by SMS. It permits nothing before that."""

    def work(session: Session) -> Confirmation:
        require_channel(built.settings, channel)
        wanted = ConfirmationRequest(contact, channel, purpose, source, reference, actor())
        return request_confirmation(session, wanted, built.clock.refresh(session))

    with application() as built:
        made = built.database.run(work)
    if as_json:
        print_json({"confirmation_id": made.id, "state": made.state, "expires_at": made.expires_at})
    else:
        output.print(f"Сообщение отправляется: {made.id}", highlight=False)


@app.command()
def code(
    confirmation: Annotated[UUID, typer.Argument(help="As `consent ask` prints it.")],
    told: Annotated[str, typer.Argument(help="The six digits that the person told.")],
) -> None:
    """Check the code of an SMS; five tries."""
    with application() as built:
        tokens = ConfirmationTokens(built.secret_key)
        proof = built.database.run(
            lambda session: confirm_by_code(
                session,
                tokens,
                confirmation,
                told,
                recorded_by=actor(),
                now=built.clock.refresh(session),
            )
        )
    output.print(_PROOFS[proof])
    if proof not in {Proof.CONFIRMED, Proof.ALREADY}:
        raise typer.Exit(1)


@app.command("import")
def import_file(
    path: Annotated[Path, typer.Argument(help="CSV or a workbook; one statement a row.")],
    rejected: Annotated[Path | None, typer.Option(help="Where to write the bad rows.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Default: found out.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Of a workbook.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take statements out of a file: good rows are taken, bad ones reported by line and reason."""
    with application() as built:
        zone = ZoneInfo(built.settings.time_zone)
        done = import_statements(
            built.database,
            built.clock,
            path,
            country=built.settings.country,
            zone=zone,
            actor=actor(),
            words=statement_words(),
            encoding=encoding,
            sheet=sheet,
        )
    if rejected is not None and done.rejected:
        rejected.write_text(done.rejected_csv(), encoding="utf-8-sig", newline="")
    if as_json:
        counts = {name: getattr(done, name) for name in ("taken", "unchanged", "in_flight")}
        problems = [asdict(one) for one in done.problems]
        print_json({**counts, "rejected": done.rejected_count, "problems": problems})
        return
    for one in done.problems:
        place = f", столбец «{one.column}»" if one.column else ""
        output.print(f"строка {one.line}{place}: {one.message}", highlight=False, markup=False)
    output.print(
        f"Взято: {done.taken}, было и раньше: {done.unchanged}, не взято: {done.rejected_count};"
        f" отправлялось в этот миг: {done.in_flight}.",
        highlight=False,
    )


def _moment(built: Application, typed: str | None, now: datetime) -> datetime | None:
    return None if typed is None else read_moment(typed, built.settings.time_zone, now)


def _tell(done: Sequence[Withdrawal], *, as_json: bool) -> None:
    if as_json:
        attempts = [attempt for one in done for attempt in one.attempts]
        print_json({"in_flight": len(attempts), "attempts": attempts})
        return
    output.print(f"Согласие отозвано. Отправлялось в этот миг: {in_flight_of(done)}.", highlight=False)


def _show(ledger: ContactLedger) -> None:
    output.print(f"Контакт {ledger.contact_point_id}, абонент {ledger.person_id}", highlight=False)
    for entry in ledger.entries:
        until = f" до {entry.valid_until:%d.%m.%Y %H:%M}" if entry.valid_until else ""
        words = (
            f"  {entry.recorded_at:%d.%m.%Y %H:%M}  {entry.channel}"
            f" {word_for(PURPOSES, entry.purpose, 'ru')}: {word_for(CONSENT_ACTIONS, entry.action, 'ru')}"
            f" с {entry.valid_from:%d.%m.%Y %H:%M}{until} UTC ({word_for(CONSENT_BASES, entry.basis, 'ru')},"
            f" {word_for(CONSENT_SOURCES, entry.source, 'ru')}"
            f"{': ' + entry.source_reference if entry.source_reference else ''}, {entry.recorded_by})"
        )
        output.print(words, highlight=False, markup=False)
    for one in ledger.standings:
        if one.entry is not None:
            verdict = "можно" if one.reason is None else reason_word(one.reason, "ru")
            purpose = word_for(PURPOSES, one.purpose, "ru")
            output.print(f"  → {one.channel} {purpose}: {verdict}", highlight=False, markup=False)


def _plain(ledger: ContactLedger) -> dict[str, Any]:
    return {
        "contact_id": ledger.contact_point_id,
        "person_id": ledger.person_id,
        "entries": [asdict(one) for one in ledger.entries],
        "standings": [
            {
                "channel": one.channel,
                "purpose": one.purpose,
                "is_permitted": one.is_permitted,
                "reason": one.reason,
                "decided_by": None if one.entry is None else one.entry.sequence,
            }
            for one in ledger.standings
        ],
    }
