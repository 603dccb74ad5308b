"""`dispatcher person export | erase | erased | reapply | prove` and `dispatcher retention`."""

import os
from pathlib import Path
from typing import Annotated, TextIO
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from campaigns.contact_values import read_contact
from consent.erased import find_erased
from consent.ledger import list_history
from dispatcher.bootstrap import Application
from dispatcher.cli.campaign_options import AsJson
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import actor, application
from dispatcher.core.audit import record_action
from dispatcher.privacy.again import erase_again, erase_person, read_erased, write_erased
from dispatcher.privacy.erasure import list_erased
from dispatcher.privacy.errors import PrivacyError
from dispatcher.privacy.export import kept_for, write_html, write_json
from dispatcher.privacy.kinds import RULES, in_words
from dispatcher.privacy.retention import purge_slice

retention_app = typer.Typer(help="How long personal data are kept, and purging what is too old.")

PersonId = Annotated[UUID, typer.Argument(help="The person's id, as `person show` prints it.")]
Output = Annotated[Path, typer.Option(help="The file to write; must not exist.")]


def add_to(person_app: typer.Typer) -> None:
    """Register the commands of single persons."""
    for command in (export, erase, erased, reapply, prove):
        person_app.command()(command)


def export(
    person: PersonId,
    file: Output,
    readable: Annotated[bool, typer.Option("--html", help="A page to read instead of JSON.")] = False,
) -> None:
    """Write everything held about a person, with the purpose of each field; the export is on record."""
    with application() as built:

        def work(session: Session) -> int:
            now = built.clock.refresh(session)
            record_action(
                session,
                at=now,
                actor=actor(),
                action="person.exported",
                subject_type="person",
                subject_id=person,
                after={"format": "html" if readable else "json"},
            )
            retention = built.settings.retention
            with _private_file(file) as out:
                if readable:
                    return write_html(session, person, out, retention, language="ru", now=now)
                return write_json(session, person, out, retention, now=now)

        rows = built.database.run(work)
    output.print(f"Выгружено записей: {rows}. Файл: {file}", highlight=False, markup=False)


def erase(
    person: PersonId,
    reason: Annotated[str, typer.Option(help="Why, and by which document; without personal data.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: this cannot be undone.")] = False,
) -> None:
    """Erase a person; the evidence that the law needs stays, without name and address."""
    if not yes:
        typer.confirm("Удалить персональные данные? Вернуть их будет нельзя.", abort=True)
    with application() as built:
        done = erase_person(built.database, person, reason=reason, actor=actor(), now=built.clock.now)
    output.print("Удалено." if done.is_new else "Уже было удалено раньше.")


def erased(file: Annotated[Path, typer.Option(help="Where to keep the list; replaced at once.")]) -> None:
    """Write the list of erased people, to be kept apart from backups; it holds ids only."""
    with application() as built:
        people = built.database.run(list_erased)
    write_erased(people, file)
    output.print(f"Записано: {len(people)}.")


def reapply(file: Annotated[Path, typer.Argument(help="A list that `person erased` wrote.")]) -> None:
    """After a restore: erase again everybody who had been erased."""
    people = read_erased(file)
    with application() as built:
        done = erase_again(built.database, people, built.clock.now)
    output.print(
        f"Удалено снова: {done.erased}; были удалены и в копии: {done.were_erased};"
        f" в копии нет: {done.unknown}."
    )
    if done.refused:
        raise PrivacyError(
            f"{len(done.refused)} are needed by runs that are not closed: stop these runs, then do it again"
        )


def prove(
    address: Annotated[str, typer.Argument(help="An e-mail address or a number that may have been erased.")],
) -> None:
    """Show the consent history of an address that was erased; the look is on record."""
    with application() as built:
        for line in built.database.run(lambda session: _proof(built, session, address)):
            output.print(line, highlight=False, markup=False)


@retention_app.command("show")
def show_retention(as_json: AsJson = False) -> None:
    """What is kept for what purpose, on what ground and how long."""
    with application() as built:
        retention = built.settings.retention
    rows = [
        {
            "kind": kind.value,
            "title": in_words(rule.title, "ru"),
            "purpose": in_words(rule.purpose, "ru"),
            "ground": in_words(rule.ground, "ru"),
            "kept": kept_for(kind, retention, "ru"),
        }
        for kind, rule in RULES.items()
    ]
    if as_json:
        print_json({"kinds": rows})
        return
    for row in rows:
        output.print(
            f"{row['title']}: {row['purpose']}; {row['ground']}; {row['kept']}", highlight=False, markup=False
        )


@retention_app.command("run")
def run_retention() -> None:
    """Purge now what is too old, without waiting for the night; what went is counted and on record."""
    with application() as built:
        slices = 0
        while built.database.run(
            lambda session: purge_slice(
                session, built.clock.refresh(session), settings=built.settings.retention
            )
        ):
            slices += 1
    output.print(f"Готово, шагов: {slices}.")


def _proof(built: Application, session: Session, address: str) -> list[str]:
    typed = read_contact(address, built.settings.country)
    found = find_erased(session, "email" if "@" in typed else "phone", typed)
    if not found:
        raise PrivacyError("this address was never erased here: see `consent show`")
    lines = []
    for one in found:
        record_action(
            session,
            at=built.clock.refresh(session),
            actor=actor(),
            action="consent.proven",
            subject_type="contact_point",
            subject_id=one.contact_point_id,
        )
        lines.append(str(one.contact_point_id))
        lines += [
            f"  {entry.recorded_at}  {entry.channel} {entry.purpose}: {entry.action} ({entry.source})"
            for entry in list_history(session, one.contact_point_id)
        ]
    return lines


def _private_file(path: Path) -> TextIO:
    """A new file for nobody else's eyes; raises `PrivacyError` when there is one of that name."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise PrivacyError("the file is there already, or cannot be written: name another") from error
    return os.fdopen(descriptor, "w", encoding="utf-8")
