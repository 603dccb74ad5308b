"""`dispatcher policy …`: profiles of hours and caps, and which of them serve which purpose."""

from typing import Annotated

import typer
from sqlalchemy.orm import Session

from consent.errors import PolicyError
from consent.group_policy import ProfileVersion
from consent.hours import DayHours
from consent.policy import profile_to_json
from consent.presets import CUSTOMER_GROUPS
from consent.profile_form import (
    CLOSED,
    LIKE_WORKING,
    OWN_HOURS,
    days_off_of,
    hours_in_words,
    read_cap,
    read_profile,
    read_span,
)
from consent.profiles import (
    all_profiles,
    choose_profiles,
    list_versions,
    purpose_table,
    save_profile,
)
from consent.purposes import Purpose
from dispatcher.cli.campaign_options import AsJson
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import actor, application

app = typer.Typer(help="When and how often each purpose may speak to whom.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the profile.")]


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """Show the profiles in force."""
    with application() as built:
        found = built.database.run(all_profiles)
    if as_json:
        print_json({"profiles": [_as_json(one) for one in found.values()]})
        return
    for one in found.values():
        _print(one)


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a profile with its earlier versions."""
    with application() as built:
        versions = built.database.run(lambda session: list_versions(session, name))
    if as_json:
        print_json({"versions": [{**_as_json(one.found), "saved_by": one.saved_by} for one in versions]})
        return
    for one in versions:
        _print(one.found, f"{one.saved_by or 'поставка'}")


@app.command()
def save(
    name: Name,
    hours: Annotated[str, typer.Option(help="Hours of working days, 08:00-17:00.")],
    days_off: Annotated[
        str, typer.Option(help="Hours of days off, 09:00-20:00; `closed`; `same` as working days.")
    ] = LIKE_WORKING,
    cap: Annotated[
        list[str] | None, typer.Option(help="Cap as text:2:day; text, voice or any; day … quarter.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Purpose group that the caps count in; default: that of the purpose.")
    ] = None,
    short_days: Annotated[bool, typer.Option(help="End an hour earlier on the eve of a holiday.")] = False,
    urgent: Annotated[bool, typer.Option(help="Overtake everything else.")] = False,
    as_json: AsJson = False,
) -> None:
    """Save a new version of a profile, or a new profile; runs that exist keep theirs."""
    opens, closes = read_span(hours)
    off = read_span(days_off) if days_off not in (CLOSED, LIKE_WORKING) else ("", "")
    profile = read_profile(
        name,
        daily_from=opens,
        daily_to=closes,
        days_off=OWN_HOURS if off[0] else days_off,
        off_from=off[0],
        off_to=off[1],
        follows_short_days=short_days,
        caps=[read_cap(one) for one in cap or ()],
        purpose_group=group,
        is_urgent=urgent,
    )
    with application() as built:

        def work(session: Session) -> ProfileVersion:
            known = all_profiles(session).get(name)
            now = built.clock.refresh(session)
            replaces = known.version if known else 0
            return save_profile(session, profile, replaces=replaces, actor=actor(), now=now)

        made = built.database.run(work)
    if as_json:
        print_json(_as_json(made))
    else:
        output.print(f"Профиль сохранён: версия {made.version}. Прежние запуски идут по своей.")


@app.command()
def purposes(as_json: AsJson = False) -> None:
    """Show which profiles serve which purpose for which customer group."""
    with application() as built:
        table = built.database.run(lambda session: purpose_table(session, built.settings.country))
    if as_json:
        print_json(
            {
                "purposes": {
                    purpose.value: {str(group): list(names) for group, names in groups.items()}
                    for purpose, groups in table.items()
                }
            }
        )
        return
    for purpose, groups in table.items():
        for group, names in groups.items():
            output.print(f"{purpose.value:<22} {group}  {' + '.join(names)}", highlight=False)


@app.command()
def choose(
    purpose: Annotated[str, typer.Argument(help="A purpose, as `dispatcher policy purposes` names it.")],
    profile: Annotated[list[str], typer.Option(help="A profile; several hold all at once.")],
    customer_group: Annotated[list[int] | None, typer.Option(help="1, 2 or 3; default: all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let profiles serve a purpose from the next run on."""
    if purpose not in set(Purpose):
        raise PolicyError(f"there is no purpose {purpose!r}; there are: {', '.join(Purpose)}", code="choice")
    wanted = {group: tuple(profile) for group in customer_group or CUSTOMER_GROUPS}
    with application() as built:
        built.database.run(
            lambda session: choose_profiles(
                session,
                Purpose(purpose),
                wanted,
                country=built.settings.country,
                actor=actor(),
                now=built.clock.refresh(session),
            )
        )
    if as_json:
        print_json(
            {"purpose": purpose, "profiles": {str(group): list(names) for group, names in wanted.items()}}
        )
    else:
        output.print("Таблица целей изменена: действует для новых запусков.")


def _as_json(one: ProfileVersion) -> dict[str, object]:
    return {"name": one.profile.name, "version": one.version, **profile_to_json(one.profile)}


def _print(one: ProfileVersion, saved_by: str = "") -> None:
    profile = one.profile
    off = {
        CLOSED: "закрыто",
        LIKE_WORKING: "как в рабочие",
        OWN_HOURS: hours_in_words(profile.days_off or DayHours()),
    }[days_off_of(profile)]
    caps = ", ".join(f"{cap.channel_group}:{cap.limit}:{cap.period}" for cap in profile.caps)
    hours = hours_in_words(DayHours(profile.daily_from, profile.daily_to))
    output.print(
        f"{profile.name:<20} v{one.version:<3} {hours}; выходные: {off}; {caps or 'без пределов'} {saved_by}",
        highlight=False,
        markup=False,
    )
