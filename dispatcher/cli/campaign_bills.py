"""`dispatcher campaign bills`: what became of the bills that a list names by link."""

from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.orm import Session

from dispatcher.cli import campaign_options as options
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import actor, application
from dispatcher.delivery.bills.service import retry_bills
from reports.bills import BillFaultCount, RunBills, read_run_bills
from reports.words import BILL_STATES, bill_fault_word, word_for


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(bills)


def bills(
    run: Annotated[UUID, typer.Argument(help="The run's id, as `campaign list` prints it.")],
    retry: Annotated[
        bool, typer.Option("--retry", help="Ask again at once for all that has not come.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Show how many bills by link are there, still to come or given up: why, and in which lines."""
    with application() as built:

        def work(session: Session) -> tuple[int | None, RunBills]:
            now = built.clock.refresh(session)
            retried = retry_bills(session, run, actor=actor(), now=now) if retry else None
            return retried, read_run_bills(session, run)

        retried, found = built.database.run(work)
        zone = ZoneInfo(built.settings.time_zone)
    if as_json:
        print_json({"run_id": run, "retried": retried, **found.to_json()})
        return
    for line in _lines(retried, found, zone):
        output.print(line, highlight=False, markup=False)


def _lines(retried: int | None, found: RunBills, zone: ZoneInfo) -> list[str]:
    lines = [] if retried is None else [f"Спрошены снова: {retried}"]
    if not found.by_state:
        return [*lines, "В списке этого запуска нет счетов по ссылкам."]
    words = [f"{word_for(BILL_STATES, state, 'ru')} {count}" for state, count in found.by_state.items()]
    lines.append(f"Счета по ссылкам: {', '.join(words)}")
    if found.next_try_at is not None:
        lines.append(f"Следующая попытка: {found.next_try_at.astimezone(zone):%d.%m.%Y %H:%M:%S}")
    lines += [_fault_line(fault) for fault in found.faults]
    if found.by_state.get("failed"):
        lines.append("Кому уже отказано, тем отправьте снова: dispatcher campaign resend")
    return lines


def _fault_line(fault: BillFaultCount) -> str:
    state = word_for(BILL_STATES, fault.state, "ru")
    more = ", …" if fault.count > len(fault.lines) else ""
    lines = ", ".join(str(line) for line in fault.lines)
    return f"  {state} — {bill_fault_word(fault.fault, 'ru')}: {fault.count} (строки {lines}{more})"
