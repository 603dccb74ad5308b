"""`dispatcher clock`: show the product's time; move it where tests and the sandbox are allowed to."""

from datetime import timedelta
from typing import Annotated

import typer

from dispatcher.cli.console import output
from dispatcher.cli.start import application


def clock(
    shift_seconds: Annotated[
        float | None, typer.Option(help="Shift against real time; only where allow_clock_moves is set.")
    ] = None,
) -> None:
    """Show the one clock that all processes share."""
    with application() as built:
        if shift_seconds is not None:
            shift = timedelta(seconds=shift_seconds)
            built.database.run(lambda session: built.clock.move(session, shift))
        now = built.database.run(lambda session: built.clock.refresh(session, force=True))
        output.print(now.isoformat(), highlight=False)
