"""The warnings of a dry run in the reader's language."""

from typing import Final

from jinja2 import pass_context
from jinja2.runtime import Context

from campaigns.dry_run_result import DryRun, DryRunWarning
from dispatcher.web.faults import said
from dispatcher.web.texts import CATALOGUE

_KEY: Final = "warning_{code}"


@pass_context
def warning_words(context: Context, warning: DryRunWarning, result: DryRun) -> str:
    """A warning with its figures; one that has no words yet is shown as it came."""
    words = CATALOGUE[context["language"]].get(_KEY.format(code=warning.code))
    if words is None:
        return warning.message
    fields = ", ".join(f"{name} — {count}" for name, count in sorted(result.missing_fields.items()))
    facts = {name: said(value, context["language"]) for name, value in warning.facts.items()}
    values: dict[str, object] = {
        "count": warning.count,
        "fields": fields,
        "large": result.sums.large,
        "small": result.sums.small,
        "version": result.list_version,
        "passed_over": result.passed_over_version,
    }
    return words.format(**{**values, **facts})
