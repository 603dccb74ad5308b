"""The product and its peers send the same letter, and it is the size that is promised."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, meta, select_autoescape

from templates.rendering import compile_template
from tests.benchmarks.letter import FIELDS, unit_letter, write_for_peers

LINK = "http://127.0.0.1:8080/u/" + "a" * 60
COMMON = {
    "full_name": "Берёзкин Алексей Борисович",
    "account_number": "0000000007",
    "address": "430000, Республика Мордовия, г. Саранск, ул. Примерная, д. 7, кв. 19",
    "unsubscribe_url": LINK,
}


class TestLetter:
    def test_the_same_words_leave_from_the_product_and_from_its_peers(self, tmp_path: Path) -> None:
        ours = compile_template(unit_letter()).render(
            {**COMMON, "debt": Decimal("12250.40"), "due_date": date(2026, 12, 25)}
        )
        theirs = Environment(
            loader=FileSystemLoader(write_for_peers(tmp_path)), autoescape=select_autoescape(["html"])
        )
        printed = {**COMMON, "debt": "12\u00a0250,40\u00a0₽", "due_date": "25 декабря 2026\u00a0г."}
        subject, text, html = (
            theirs.get_template(name).render(printed) for name in ("subject.txt", "body.txt", "body.html")
        )
        assert (subject, text.rstrip(), html.rstrip()) == (
            ours.subject,
            ours.text.rstrip(),
            (ours.html or "").rstrip(),
        )
        assert 1_300 < len(text.encode()) < 1_700
        assert 1_300 < len(html.encode()) < 1_900

    def test_it_has_six_fields(self) -> None:
        letter = unit_letter()
        bare = Environment(autoescape=True)
        bare.filters |= dict.fromkeys(("money", "date_long"), str)
        used = {
            name
            for part in (letter.subject, letter.text, letter.html or "")
            for name in meta.find_undeclared_variables(bare.parse(part))
        }
        assert used == set(FIELDS)
        assert len(used) == 6
