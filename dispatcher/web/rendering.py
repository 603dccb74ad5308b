"""Pages from templates: escaped by default, in the reader's language, times in the company's zone."""

import hashlib
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property, partial
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, format_percent
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from dispatcher.web.cron_words import cron_words
from dispatcher.web.dry_run_words import warning_words
from dispatcher.web.languages import choose_language, remember_language
from dispatcher.web.list_words import LIST_FILTERS
from dispatcher.web.live_words import LIVE_FILTERS
from dispatcher.web.masking import MASKING_FILTERS
from dispatcher.web.report_words import REPORT_FILTERS
from dispatcher.web.texts import CATALOGUE
from reports.words import CHANNELS, LANGUAGES, Language, word_for
from templates.bundled import channel_of, scenario_of

STATIC: Final = files("dispatcher.web") / "static"
#: What every page may ask for, where nobody is signed in.
_NOBODY: Final = {"member": None, "csrf_token": "", "flash": None, "flash_words": "", "alarms": None}
#: Path and text of each part of the workplace.
_PLACES: Final = (
    ("/runs", "runs"),
    ("/repeats", "repeats"),
    ("/reports", "reports"),
    ("/lists", "lists"),
    ("/scenarios", "scenario_catalogue"),
    ("/templates", "letters"),
    ("/prompts", "prompts"),
    ("/seeds", "seeds"),
    ("/contacts", "contacts"),
    ("/manual", "manual"),
    ("/policies", "policies"),
    ("/incoming", "incoming"),
    ("/stop-list", "stop_list"),
)
_MOMENT: Final = "d MMM y, HH:mm"
_STYLES: Final = re.compile(r"<style\b.*?</style\s*>", re.DOTALL | re.IGNORECASE)
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LANGUAGE_NAMES: Final = {"ru": "Русский", "uk": "Українська", "en": "English"}


class Renderer:
    """Renders templates. One per application; thread-safe."""

    def __init__(self, *, company_name: str, company_phone: str, time_zone: str) -> None:
        self._zone = ZoneInfo(time_zone)
        self._environment = Environment(
            loader=PackageLoader("dispatcher.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            company_name=company_name,
            company_phone=company_phone,
            phone_link=re.sub(r"[^\d+]", "", company_phone),
            time_zone=time_zone,
            places=_PLACES,
            asset_version=self.asset_version,
            languages=[(language, _LANGUAGE_NAMES[language]) for language in LANGUAGES],
            t=_translate,
        )
        self._environment.filters.update(
            moment=pass_context(partial(_moment, zone=self._zone)),
            moment_near=pass_context(partial(_moment_near, zone=self._zone)),
            number=_number,
            percent=_percent,
            is_id=_is_id,
            sum_words=_sum_words,
            date_words=_date_words,
            value_kind=_value_kind,
            warning_words=warning_words,
            cron_words=cron_words,
            letter_name=_letter_name,
            day_words=_day_words,
            fault_word=_fault_word,
            rate=_rate,
            framed=_framed,
            **LIVE_FILTERS,
            **LIST_FILTERS,
            **REPORT_FILTERS,
            **MASKING_FILTERS,
        )

    @cached_property
    def asset_version(self) -> str:
        """Changes with any of our static files, so that browsers may keep them for long."""
        digest = hashlib.sha256()
        for file in sorted(STATIC.iterdir(), key=lambda file: file.name):
            if file.is_file():
                digest.update(file.read_bytes())
        return digest.hexdigest()[:12]

    def page(
        self,
        request: Request,
        template: str,
        values: Mapping[str, Any],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        remembers_language: bool = True,
    ) -> HTMLResponse:
        """A whole page in the language that the request asks for.

        Public pages set no cookie: `remembers_language` is false there.
        """
        language = choose_language(request)
        html = self.fragment(template, language, {**_NOBODY, **_where(request), **values})
        response = HTMLResponse(html, status, dict(headers or {}))
        response.headers["Content-Language"] = language
        response.headers["Vary"] = "Accept-Language, Cookie"
        if remembers_language:
            remember_language(request, response)
        return response

    def fragment(self, template: str, language: Language, values: Mapping[str, Any]) -> str:
        """A template rendered in a language."""
        return self._environment.get_template(template).render(language=language, **values)

    def text(self, key: str, language: Language, **values: object) -> str:
        """One text of the catalogue."""
        return CATALOGUE[language][key].format(**values)


def _where(request: Request) -> dict[str, Any]:
    """Where the page is: its part of the workplace, and what a link to another language has to repeat.

    The answer to a form has no address of its own to come back to: `is_answer`.
    """
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return {
        "place": f"/{request.url.path.split('/')[1]}",
        "asked": f"{urlencode(asked)}&" if asked else "",
        "is_answer": request.method != "GET",
    }


@pass_context
def _translate(context: Context, key: str, **values: object) -> str:
    return CATALOGUE[context["language"]][key].format(**values)


def _moment(context: Context, at: datetime, *, zone: ZoneInfo) -> str:
    return format_datetime(at, _MOMENT, tzinfo=zone, locale=context["language"])


def _moment_near(context: Context, at: datetime, now: datetime, *, zone: ZoneInfo) -> str:
    """Without the day when it is today."""
    if at.astimezone(zone).date() == now.astimezone(zone).date():
        return format_time(at, "HH:mm", tzinfo=zone, locale=context["language"])
    return _moment(context, at, zone=zone)


@pass_context
def _day_words(context: Context, day: date) -> str:
    return format_date(day, "EEEEEE, d MMMM", locale=context["language"])


@pass_context
def _fault_word(context: Context, code: str, reason: str) -> str:
    """Why a row was not taken; the facts of the reason stand in its Russian words."""
    words = CATALOGUE[context["language"]].get(f"fault_{code}", reason)
    return reason if "{" in words else words


@pass_context
def _number(context: Context, value: float) -> str:
    return format_decimal(value, format="#,##0", locale=context["language"])


def _is_id(reference: str | None) -> bool:
    """Whether a reference is an id of ours: then there is a page of it."""
    return reference is not None and _ID.fullmatch(reference) is not None


@pass_context
def _sum_words(context: Context, kept: str | None) -> str:
    """A sum of a list as it is kept (`1250.40`), as people write it."""
    try:
        return format_decimal(Decimal(kept or ""), format="#,##0.00", locale=context["language"])
    except InvalidOperation:
        return kept or "—"


@pass_context
def _date_words(context: Context, kept: str) -> str:
    """A date of a list as it is kept (`2026-12-25`), as people write it."""
    try:
        return format_date(date.fromisoformat(kept), "d MMMM y", locale=context["language"])
    except ValueError:
        return kept


@pass_context
def _percent(context: Context, part: float, whole: float) -> str:
    # Rounded down: 100 % is shown only when it is all.
    share = int(part * 1000 / whole) / 1000 if whole else 0.0
    return format_percent(share, format="#,##0.#%", locale=context["language"])


@pass_context
def _value_kind(context: Context, kind: str) -> str:
    """A kind of value of a list's report; one that has no words yet is shown as it is."""
    key = f"kind_{re.sub('[ -]', '_', kind)}"
    return CATALOGUE[context["language"]].get(key, kind)


@pass_context
def _rate(context: Context, value: float) -> str:
    return format_decimal(value, format="#,##0.##", locale=context["language"])


@pass_context
def _letter_name(context: Context, name: str) -> str:
    """The words of a text that comes with the product; one of the staff's own is shown by its name."""
    scenario = scenario_of(name)
    words = CATALOGUE[context["language"]].get(f"scenario_{scenario}")
    if words is None:
        return name
    return (
        words
        if scenario == name
        else f"{words} · {word_for(CHANNELS, channel_of(name), context['language'])}"
    )


def _framed(html: str) -> str:
    """A letter for a frame: its styles stand in its tags already, and sheets of its own are not permitted."""
    return _STYLES.sub("", html)
