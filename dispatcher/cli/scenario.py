"""`dispatcher scenario …`: what can be told, and what this company decided about it."""

from typing import Annotated

import typer
from sqlalchemy.orm import Session

from campaigns.catalogue import BUILTIN
from campaigns.lead_time import LeadTime, Strictness
from campaigns.scenario_rules import RuleChange, ScenarioRule, change_rule, rules
from dispatcher.cli.campaign_approval import active_member
from dispatcher.cli.console import output, print_json
from dispatcher.cli.start import application
from reports.words import CHANNELS, PURPOSES, word_for
from templates.notice_fields import field_title

app = typer.Typer(help="What can be told: the catalogue of scenarios.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """Show every scenario: who owns its text, what it must say, by when."""
    with application() as built:
        found = built.database.run(rules)
    if as_json:
        print_json({"scenarios": [_facts(name, rule) for name, rule in found.items()]})
        return
    for name, rule in found.items():
        builtin = BUILTIN[name]
        fields = ", ".join(f"{field} ({field_title(field)})" for field in builtin.mandatory)
        channels = ", ".join(word_for(CHANNELS, channel.value, "ru") for channel in builtin.channels)
        for line in (
            f"{name}: {builtin.title}",
            f"  цель: {word_for(PURPOSES, builtin.purpose, 'ru')}; правила: {builtin.policy_profile};"
            f" каналы: {channels} ({builtin.combination.value}); владелец: {rule.owner}",
            f"  обязательно: {fields or '–'}",
            f"  срок: {_lead_in_words(rule.lead_time)}",
        ):
            output.print(line, highlight=False, markup=False)


@app.command()
def rule(
    scenario: Annotated[str, typer.Argument(help="planned_outage, contract_change, …")],
    login: Annotated[str, typer.Option("--as", help="Login of an administrator.")],
    owner: Annotated[str | None, typer.Option(help="Who answers for the texts.")] = None,
    days: Annotated[int | None, typer.Option(help="Days of the lead time; or the day of the month.")] = None,
    months: Annotated[int | None, typer.Option(help="Months of the lead time.")] = None,
    strictness: Annotated[
        Strictness | None, typer.Option(help="What becomes of a campaign that starts too late.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change who owns a scenario, how long before people must be told, and how strictly."""
    change = RuleChange(owner, days, months, strictness)
    with application() as built:

        def work(session: Session) -> ScenarioRule:
            now = built.clock.refresh(session)
            return change_rule(session, scenario, change, member=active_member(session, login), now=now)

        after = built.database.run(work)
    if as_json:
        print_json(_facts(scenario, after))
    else:
        output.print(
            f"{scenario}: владелец {after.owner}; срок: {_lead_in_words(after.lead_time)}",
            highlight=False,
            markup=False,
        )


def _facts(name: str, rule: ScenarioRule) -> dict[str, object]:
    builtin, lead = BUILTIN[name], rule.lead_time
    return {
        "name": name,
        "title": builtin.title,
        "purpose": builtin.purpose,
        "owner": rule.owner,
        "policy_profile": builtin.policy_profile,
        "priority": builtin.priority,
        "channels": [channel.value for channel in builtin.channels],
        "combination": builtin.combination.value,
        "mandatory_fields": list(builtin.mandatory),
        "lead_time": None
        if lead is None
        else {
            "field": lead.field,
            "counted": lead.counted.value,
            "days": lead.days,
            "months": lead.months,
            "strictness": lead.strictness.value,
        },
    }


def _lead_in_words(lead: LeadTime | None) -> str:
    if lead is None:
        return "нет"
    return (
        f"{lead.field} ({field_title(lead.field)}), {lead.counted.value}:"
        f" месяцев {lead.months}, дней {lead.days}; если поздно: {lead.strictness.value}"
    )
