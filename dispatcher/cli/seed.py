"""`dispatcher seed …`: colleagues who receive every campaign's text, with made-up data."""

from typing import Annotated

import typer

from campaigns.seeds import add_seed, list_seeds, remove_seed
from dispatcher.cli.campaign_options import AsJson
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import actor, application

app = typer.Typer(help="Colleagues who receive every campaign's text.", no_args_is_help=True)

Address = Annotated[str, typer.Argument(help="An e-mail address.")]


@app.command()
def add(
    address: Address,
    name: Annotated[str, typer.Option(help="How the text greets the colleague.")],
    zone: Annotated[str | None, typer.Option(help="Time zone; default: the company's.")] = None,
    language: Annotated[str, typer.Option(help="ru, uk or en.")] = "ru",
    as_json: AsJson = False,
) -> None:
    """Add a colleague; the consent is recorded."""
    with application() as built:
        seed = built.database.run(
            lambda session: add_seed(
                session,
                name=name,
                address=address,
                time_zone=zone or built.settings.time_zone,
                language=language,
                actor=actor(),
                now=built.clock.refresh(session),
            )
        )
    if as_json:
        print_json({"seed_id": seed})
    else:
        output.print("Сотрудник добавлен: получит текст каждого задания.")


@app.command()
def remove(address: Address, as_json: AsJson = False) -> None:
    """Send a colleague nothing more."""
    with application() as built:
        built.database.run(
            lambda session: remove_seed(session, address, actor=actor(), now=built.clock.refresh(session))
        )
    if as_json:
        print_json({"removed": True})
    else:
        output.print("Сотрудник убран из списка.")


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """Show who receives every campaign's text."""
    with application() as built:
        seeds = built.database.run(list_seeds)
    if as_json:
        names = ("id", "name", "address", "time_zone", "language")
        print_json({"seeds": [{name: getattr(one, name) for name in names} for one in seeds]})
        return
    for one in seeds:
        output.print(f"{one.address:<32} {one.time_zone:<20} {one.name}", highlight=False, markup=False)
