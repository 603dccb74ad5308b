"""A cron schedule in the reader's language; unusual ones are shown as they are."""

import re
from typing import Final

from babel.dates import get_day_names
from jinja2 import pass_context
from jinja2.runtime import Context

from dispatcher.web.texts import CATALOGUE

#: minute, hour, days of the month, any month, days of the week
_USUAL: Final = re.compile(r"(\d{1,2}) (\d{1,2}) (\*|\d{1,2}(?:,\d{1,2})*) \* (\*|1-5|\d(?:,\d)*)")


@pass_context
def cron_words(context: Context, cron: str) -> str:
    """«1,15 числа в 09:00»."""
    texts = CATALOGUE[context["language"]]
    found = _USUAL.fullmatch(cron)
    # Days of the month and of the week together mean "or", which no short word says.
    if found is None or "*" not in (found[3], found[4]):
        return texts["cron_other"].format(cron=cron)
    time = f"{int(found[2]):02d}:{int(found[1]):02d}"
    if found[3] != "*":
        return texts["cron_month_days"].format(days=found[3].replace(",", ", "), time=time)
    if found[4] == "*":
        return texts["cron_daily"].format(time=time)
    if found[4] == "1-5":
        return texts["cron_workdays"].format(time=time)
    names = get_day_names("abbreviated", locale=context["language"])
    days = ", ".join(names[(int(day) - 1) % 7] for day in found[4].split(","))
    return texts["cron_weekdays"].format(days=days, time=time)
