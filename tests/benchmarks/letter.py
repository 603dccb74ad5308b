"""The letter by which everything is compared: one text for the product, the transport and every peer.

Some 1.5 KB of Russian text, the same words in HTML, six fields (`letter/`). The product gets it as staff
would, as a saved version of the debt reminder's template. Peers get the same files without the product's
filters, since their rows hold sums and dates as they are printed: the letters are the same to the octet.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from dispatcher.core.db import Database
from templates.rendering import TemplateText
from templates.service import save_template

PLACE: Final = Path(__file__).parent / "letter"
TEMPLATE: Final = "debt_reminder"
LANGUAGE: Final = "ru"
FIELDS: Final = ("full_name", "account_number", "address", "debt", "due_date", "unsubscribe_url")
_FILTERS: Final = re.compile(r"\{\{ (\w+) \| \w+ \}\}")


def unit_letter() -> TemplateText:
    """The sources, with the product's filters."""
    subject, text, html = (
        (PLACE / name).read_text(encoding="utf-8") for name in ("subject.txt", "body.txt", "body.html")
    )
    return TemplateText(subject=subject.strip(), text=text, html=html)


def save_unit_letter(database: Database) -> None:
    """Keep it as the newest version of the debt reminder: campaigns made from now on take it."""
    database.run(
        lambda session: save_template(
            session,
            name=TEMPLATE,
            language=LANGUAGE,
            texts=unit_letter(),
            actor="benchmark",
            now=datetime.now(UTC),
        )
    )


def write_for_peers(directory: Path) -> Path:
    """The same files for Jinja2 and Nunjucks, which know none of our filters; where they stand."""
    place = directory / "letter"
    place.mkdir(exist_ok=True)
    for name in ("subject.txt", "body.txt", "body.html"):
        (place / name).write_text(
            without_filters((PLACE / name).read_text(encoding="utf-8")), encoding="utf-8"
        )
    return place


def without_filters(source: str) -> str:
    """The source with `{{ debt | money }}` as `{{ debt }}`."""
    return _FILTERS.sub(r"{{ \1 }}", source)
