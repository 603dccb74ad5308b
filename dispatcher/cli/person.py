"""`dispatcher person …` and `dispatcher contact …`: what staff know better than any list."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from campaigns.contact_values import read_contact
from consent.errors import UnknownPersonError
from consent.person_views import PersonView, find_persons
from consent.persons import change_person, confirm_contact
from dispatcher.bootstrap import Application
from dispatcher.cli import personal_data
from dispatcher.cli.campaign_options import AsJson
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import actor, application
from dispatcher.core.audit import record_action
from dispatcher.delivery.contact_correction import Correction, correct_contact
from reports.stale_contacts import (
    LEAST_MONTHS,
    MOST_MONTHS,
    USUAL_MONTHS,
    StaleContact,
    list_stale_contacts,
    write_stale_contacts,
)
from reports.words import CHANNELS, word_for

person_app = typer.Typer(help="Persons, as staff know them.", no_args_is_help=True)
contact_app = typer.Typer(help="Addresses and numbers of persons.", no_args_is_help=True)
personal_data.add_to(person_app)

PersonId = Annotated[UUID, typer.Argument(help="The person's id, as `person show` prints it.")]
ContactId = Annotated[UUID, typer.Argument(help="The contact's id, as `person show` prints it.")]
Result = TypeVar("Result")


@person_app.command()
def show(
    wanted: Annotated[str, typer.Argument(help="Account number, address, +7… number, or an id.")],
    as_json: AsJson = False,
) -> None:
    """Show a person with accounts, addresses and consents; the look is on record."""

    def work(_built: Application, session: Session, now: datetime) -> list[PersonView]:
        found = find_persons(session, wanted)
        if not found:
            raise UnknownPersonError("nobody has this account, address or id: import a list with them first")
        for one in found:
            record_action(
                session,
                at=now,
                actor=actor(),
                action="person.viewed",
                subject_type="person",
                subject_id=one.id,
            )
        return found

    found = _do(work)
    if as_json:
        print_json({"persons": [_plain(one) for one in found]})
        return
    for one in found:
        _show(one)


@person_app.command()
def edit(
    person: PersonId,
    name: Annotated[str | None, typer.Option(help="Full name.")] = None,
    group: Annotated[int | None, typer.Option(help="1 household, 2 utility provider, 3 company.")] = None,
    vulnerable: Annotated[
        bool | None, typer.Option("--vulnerable/--not-vulnerable", help="Needs an approach of their own.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="Preferred: email, sms, voice, or none.")] = None,
    language: Annotated[str | None, typer.Option(help="ru, uk or en.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change a person by hand; from now on no list changes these fields."""
    given: dict[str, Any] = {
        "full_name": name,
        "customer_group": group,
        "is_vulnerable": vulnerable,
        "preferred_channel": channel,
        "language": language,
    }
    changes = {field: value for field, value in given.items() if value is not None}
    if channel == "none":
        changes["preferred_channel"] = None
    _do(lambda _, session, now: change_person(session, person, changes, actor=actor(), now=now))
    if as_json:
        print_json({"person_id": person, "changed": sorted(changes)})
    else:
        output.print("Изменено; списки это больше не изменят.")


@contact_app.command()
def confirm(contact: ContactId, as_json: AsJson = False) -> None:
    """The person confirmed this address; it is preferred over what lists bring."""
    _do(lambda _, session, now: confirm_contact(session, contact, actor=actor(), now=now))
    if as_json:
        print_json({"contact_id": contact, "confirmed": True})
    else:
        output.print("Адрес подтверждён.")


@contact_app.command()
def correct(
    contact: ContactId,
    address: Annotated[str, typer.Argument(help="The right e-mail address or number.")],
    reference: Annotated[
        str | None, typer.Option(help="The document by which the person agreed to the new address.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replace a wrong address; nothing goes to the old one any more."""

    def work(built: Application, session: Session, now: datetime) -> Correction:
        typed = read_contact(address, built.settings.country)
        return correct_contact(session, contact, typed, reference=reference, actor=actor(), now=now)

    made = _do(work)
    if as_json:
        print_json(
            {
                "contact_id": made.contact_point_id,
                "consents": made.consents,
                "in_flight": made.in_flight,
            }
        )
        return
    output.print(
        f"Адрес исправлен и подтверждён: {made.contact_point_id}. Согласий перенесено: {made.consents};"
        f" на старый адрес отправлялось в этот миг: {made.in_flight}.",
        highlight=False,
    )
    if not made.consents:
        output.print("На новый адрес ничего не уйдёт, пока нет согласия: dispatcher consent give")


@contact_app.command()
def stale(
    months: Annotated[int, typer.Option(min=LEAST_MONTHS, max=MOST_MONTHS)] = USUAL_MONTHS,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write all of them to this file.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    as_json: AsJson = False,
) -> None:
    """Contacts that nobody has confirmed for so many months, the longest first; the look is on record."""

    def work(_built: Application, session: Session, now: datetime) -> list[StaleContact]:
        if csv_file is not None:
            write_stale_contacts(session, csv_file, months=months, now=now)
        record_action(
            session,
            at=now,
            actor=actor(),
            action="stale_contacts.viewed" if csv_file is None else "stale_contacts.downloaded",
            subject_type="contact_point",
            subject_id="*",
            after={"months": months},
        )
        return list_stale_contacts(session, months=months, now=now, limit=limit)

    found = _do(work)
    if as_json:
        print_json({"contacts": [asdict(one) for one in found]})
        return
    for one in found:
        since = f"{one.confirmed_at:%d.%m.%Y}" if one.confirmed_at else "никогда"
        output.print(
            f"{one.id}  {one.address}  {one.full_name} ({one.accounts or '—'}): подтверждён {since}",
            highlight=False,
            markup=False,
        )


def _do(work: Callable[[Application, Session, datetime], Result]) -> Result:
    with application() as built:
        return built.database.run(lambda session: work(built, session, built.clock.refresh(session)))


def _show(one: PersonView) -> None:
    marks = [f"группа {one.customer_group}", one.language]
    marks += ["уязвимый абонент"] if one.is_vulnerable else []
    if one.preferred_channel:
        marks.append(f"удобнее: {word_for(CHANNELS, one.preferred_channel, 'ru')}")
    marks += ["изменён сотрудником"] if one.staff_changed_at else []
    lines = [f"{one.id}  {one.full_name} ({', '.join(marks)})"]
    lines += [f"  л/с {each['number']}: {each['address']}" for each in one.accounts]
    for contact in one.contacts:
        said = ", ".join(
            f"{each['channel']} {each['purpose']}: {each['action']}" for each in contact.consents
        )
        mark = " — подтверждён" if contact.confirmed_at else ""
        lines.append(f"  {contact.id}  {contact.address}{mark}  [{said or 'нет согласия'}]")
    for line in lines:
        output.print(line, highlight=False, markup=False)


def _plain(one: PersonView) -> dict[str, Any]:
    contacts = [
        {name: getattr(each, name) for name in ("id", "kind", "address", "confirmed_at", "consents")}
        for each in one.contacts
    ]
    names = ("id", "external_id", "full_name", "customer_group", "language", "is_vulnerable")
    more = ("preferred_channel", "staff_changed_at", "accounts")
    return {**{name: getattr(one, name) for name in (*names, *more)}, "contacts": contacts}
