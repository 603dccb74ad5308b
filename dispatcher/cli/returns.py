"""`dispatcher stop-list …`, `domain …`, `letter …`: what came back, and what staff decide about it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from campaigns.contact_values import read_contact
from campaigns.stop_list_file import import_stop_list
from dispatcher.cli.campaign_options import AsJson
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import actor, application
from dispatcher.cli.times import read_moment
from dispatcher.core.audit import record_action
from dispatcher.delivery.returns.letters import handle_letter
from dispatcher.delivery.returns.review import Review, lift_pause, pause_by_staff, review_pause
from dispatcher.delivery.returns.stop_list import ban_by_staff, lift_at
from reports.returns import list_bans, list_letters, list_pauses
from reports.stop_list_file import write_stop_list

stop_list_app = typer.Typer(help="Addresses that are not written to.", no_args_is_help=True)
domain_app = typer.Typer(help="Recipient domains that wait.", no_args_is_help=True)
letter_app = typer.Typer(help="Letters of people.", no_args_is_help=True)

Address = Annotated[str, typer.Argument(help="An e-mail address or a telephone number (+7…).")]
Channel = Annotated[str, typer.Option(help="email, sms or voice.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it is kept and on record.")]
Pause = Annotated[UUID, typer.Argument(help="The pause, as `domain list` shows it.")]
LIMIT = 1000


@stop_list_app.command()
def add(
    address: Address,
    reason: Why,
    channel: Channel = "email",
    code: Annotated[str, typer.Option(help="staff, wrong_number, wrong_person, …")] = "staff",
    until: Annotated[str | None, typer.Option(help="The ban ends then; default: never.")] = None,
) -> None:
    """Send nothing to an address from now on."""
    with application() as built:
        ends = read_moment(until, built.settings.time_zone, built.clock.now()) if until else None
        contact = read_contact(address, built.settings.country)
        built.database.run(
            lambda session: ban_by_staff(
                session,
                contact,
                channel=channel,
                reason=code,
                note=reason,
                expires_at=ends,
                actor=actor(),
                now=built.clock.refresh(session),
            )
        )
    output.print("Адрес в стоп-листе: больше ничего не отправляется.")


@stop_list_app.command()
def lift(address: Address, reason: Why, channel: Channel = "email") -> None:
    """Use an address again; consent is still asked."""
    with application() as built:
        contact = read_contact(address, built.settings.country)
        built.database.run(
            lambda session: lift_at(
                session,
                contact,
                channel=channel,
                reason=reason,
                actor=actor(),
                now=built.clock.refresh(session),
            )
        )
    output.print("Адрес снова используется.")


@stop_list_app.command(name="list")
def list_(
    address: Annotated[str | None, typer.Argument(help="Only this address, with its past.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the newest bans in force, or all about one address."""
    with application() as built:
        contact = read_contact(address, built.settings.country) if address else None
        bans = built.database.run(
            lambda session: list_bans(
                session,
                now=built.clock.refresh(session),
                limit=LIMIT,
                address=contact,
                is_past=contact is not None,
            )
        )
    if as_json:
        print_json({"bans": [asdict(ban) for ban in bans]})
        return
    for ban in bans:
        ends = f" по {ban.expires_at}" if ban.expires_at else ""
        lifted = f", снят {ban.lifted_at}: {ban.lift_reason}" if ban.lifted_at else ""
        line = f"{ban.created_at}  {ban.channel:<5} {ban.address:<36} {ban.reason}{ends}{lifted}"
        output.print(line, highlight=False, markup=False)


@stop_list_app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or a workbook.")],
    rejected: Annotated[Path | None, typer.Option(help="Write the bad rows with their reasons here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ban the addresses of a file; bad rows are reported by line and reason."""
    with application() as built:
        built.database.run(built.clock.refresh)
        done = import_stop_list(
            built.database,
            built.clock,
            file,
            country=built.settings.country,
            zone=ZoneInfo(built.settings.time_zone),
            actor=actor(),
        )
    if rejected is not None and done.rejected:
        rejected.write_text(done.rejected_csv(), encoding="utf-8-sig")
    if as_json:
        problems = [asdict(one) for one in done.problems]
        counts = {"added": done.added, "known": done.known, "rejected": done.rejected_count}
        print_json({**counts, "problems": problems})
        return
    output.print(
        f"Добавлено: {done.added}, уже были: {done.known}, отклонено: {done.rejected_count}.", highlight=False
    )
    for one in done.problems:
        output.print(f"  строка {one.line}, {one.column}: {one.message}", highlight=False, markup=False)


@stop_list_app.command()
def export(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where the CSV goes; it holds addresses.")],
) -> None:
    """Write every ban in force as CSV, which `import` reads."""
    with application() as built, built.database.transaction() as session:
        zone, now = ZoneInfo(built.settings.time_zone), built.clock.refresh(session)
        count = write_stop_list(session, file, zone=zone, actor=actor(), now=now)
    output.print(f"Выгружено: {count}.", highlight=False)


@domain_app.command(name="list")
def list_domains(
    past: Annotated[bool, typer.Option("--past", help="With those that go on.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show which domains wait, and why."""
    with application() as built:
        pauses = built.database.run(lambda session: list_pauses(session, is_past=past))
    if as_json:
        print_json({"pauses": [asdict(one) for one in pauses]})
        return
    for one in pauses:
        held = f", ждут решения: {one.held}" if one.held else ""
        state = f", возобновлён {one.lifted_at}" if one.lifted_at else ""
        line = f"{one.id}  {one.domain:<28} {one.reason} с {one.since}{held}{state}"
        output.print(line, highlight=False, markup=False)


@domain_app.command()
def pause(domain: Annotated[str, typer.Argument(help="mail.ru, …")], reason: Why) -> None:
    """Send nothing to a domain until it is resumed."""
    with application() as built:
        built.database.run(
            lambda session: pause_by_staff(
                session, domain, note=reason, actor=actor(), now=built.clock.refresh(session)
            )
        )
    output.print("Рассылка на домен остановлена.")


@domain_app.command()
def resume(pause_id: Pause, reason: Why) -> None:
    """Send to a domain again; what waited is due at once."""
    with application() as built:
        built.database.run(
            lambda session: lift_pause(
                session, pause_id, reason=reason, actor=actor(), now=built.clock.refresh(session)
            )
        )
    output.print("Рассылка на домен возобновлена.")


@domain_app.command()
def confirm(pause_id: Pause, reason: Why) -> None:
    """The held refusals are true: ban their addresses and go on."""
    _review(pause_id, Review.CONFIRMED, reason)


@domain_app.command()
def reject(pause_id: Pause, reason: Why) -> None:
    """The provider was wrong: the addresses stay usable; send again by `campaign resend`."""
    _review(pause_id, Review.REJECTED, reason)


@letter_app.command(name="list")
def list_of_letters(
    handled: Annotated[bool, typer.Option("--all", help="With those that were dealt with.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show letters of people, the newest first."""
    with application() as built, built.database.transaction() as session:
        letters = list_letters(session, limit=LIMIT, is_handled=handled)
        record_action(
            session,
            at=built.clock.refresh(session),
            actor=actor(),
            action="letters.viewed",
            subject_type="incoming_letter",
            subject_id="*",
            after={"count": len(letters)},
        )
    if as_json:
        print_json({"letters": [asdict(one) for one in letters]})
        return
    for one in letters:
        output.print(f"{one.id}  {one.received_at}  {one.sender}", highlight=False, markup=False)
        output.print(f"    {one.subject}\n    {one.text[:300]}", highlight=False, markup=False)


@letter_app.command()
def handle(
    letter: Annotated[UUID, typer.Argument(help="The letter.")],
    what: Annotated[str, typer.Option("--what", help="What was done about it.")],
) -> None:
    """Say what was done about a letter."""
    with application() as built:
        built.database.run(
            lambda session: handle_letter(
                session, letter, handling=what, actor=actor(), now=built.clock.refresh(session)
            )
        )
    output.print("Отмечено.")


def _review(pause_id: UUID, verdict: Review, reason: str) -> None:
    with application() as built:
        done = built.database.run(
            lambda session: review_pause(
                session, pause_id, verdict, reason=reason, actor=actor(), now=built.clock.refresh(session)
            )
        )
    output.print(f"В стоп-листе: {done.banned}, остались в работе: {done.kept}.", highlight=False)
