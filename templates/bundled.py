"""The templates that come with the product, read from the installed package."""

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from templates.errors import UnknownBuiltinError
from templates.letter_layout import lay_out
from templates.rendering import TemplateText

_SAFE_NAME = re.compile(r"[a-z][a-z0-9_]*")
#: What follows a scenario's name in that of its text, where a channel needs one of its own.
SMS_SUFFIX: Final = "_sms"
VOICE_SUFFIX: Final = "_voice"
_SUFFIXES: Final = {"sms": SMS_SUFFIX, "voice": VOICE_SUFFIX}


def text_name(scenario: str, channel: str) -> str:
    """The name of the text that a scenario speaks over a channel: `debt_reminder`, `debt_reminder_sms`."""
    return scenario + _SUFFIXES.get(channel, "")


def scenario_of(text: str) -> str:
    """The scenario to which a text belongs, whatever its channel."""
    return text.removesuffix(SMS_SUFFIX).removesuffix(VOICE_SUFFIX)


def channel_of(text: str) -> str:
    """The channel for which a text is written, by its name."""
    return next((channel for channel, suffix in _SUFFIXES.items() if text.endswith(suffix)), "email")


def is_bundled(name: str, language: str = "ru") -> bool:
    """Whether there is a built-in text of this name and language."""
    return (files("templates") / "builtin" / name / language).is_dir()


def builtin_template(name: str, language: str = "ru") -> TemplateText:
    """Return the sources of a bundled template; raises `UnknownBuiltinError`.

    All use the engine's own fields (full_name, company_name, company_phone, company_hours, unsubscribe_url,
    local_hour), those about payment also debt (Decimal), due_date (date), and where they are given period,
    payment_url, payment_qr and payee; the rest are `notice_fields`. A text without an HTML of its own is
    laid out from its plain text.
    """
    folder = files("templates") / "builtin"
    for step in (name, language):
        if not _SAFE_NAME.fullmatch(step) or not (folder := folder / step).is_dir():
            raise UnknownBuiltinError(f"нет встроенного шаблона «{name}» на языке «{language}»")
    text = (folder / "body.txt").read_text("utf-8")
    return TemplateText(
        subject=(folder / "subject.txt").read_text("utf-8").strip(),
        text=text,
        html=_html(folder, text, language) if channel_of(name) == "email" else None,
    )


def _html(folder: Traversable, text: str, language: str) -> str:
    html = folder / "body.html"
    return html.read_text("utf-8") if html.is_file() else lay_out(text, language)
