"""The bundled debt reminder."""

import re
from datetime import date
from decimal import Decimal

import pytest

from templates.bundled import builtin_template
from templates.errors import UnknownBuiltinError
from templates.rendering import compile_template

FIELDS = {
    "account_number": "0012345",
    "full_name": "Иванова Анна <Петровна>",
    "address": "Республика Мордовия, г. Саранск, ул. Ленина, д. 1",
    "debt": Decimal("1200.50"),
    "due_date": date(2026, 12, 25),
    "company_name": "Пример Энергосбыт",
    "company_phone": "8-800-000-00-00",
    "unsubscribe_url": "https://notify.example/u/abc?a=1&b=2",
    "local_hour": 9,
}


def render(**changes):
    return compile_template(builtin_template("debt_reminder", "ru")).render({**FIELDS, **changes})


class TestBuiltinTemplate:
    @pytest.mark.parametrize(
        ("name", "language"), [("nothing", "ru"), ("debt_reminder", "tlh"), ("..", "ru")]
    )
    def test_an_unknown_name_is_refused(self, name, language):
        with pytest.raises(UnknownBuiltinError):
            builtin_template(name, language)

    def test_the_debt_reminder_needs_just_the_fields_of_the_engine(self):
        template = compile_template(builtin_template("debt_reminder"))
        assert template.required_fields() == FIELDS.keys()

    @pytest.mark.parametrize("part", ["text", "html"])
    def test_both_parts_carry_all_that_the_customer_must_know(self, part):
        text = getattr(render(), part)
        for expected in (
            *("Доброе утро", "0012345", "ул. Ленина, д. 1", "1\xa0200,50\xa0₽", "25 декабря 2026\xa0г."),
            *("Пример Энергосбыт", "8-800-000-00-00", "автоматическое сообщение", "Как оплатить"),
        ):
            assert expected in text

    def test_the_link_to_unsubscribe_is_whole_in_both_parts(self):
        rendered = render()
        assert "https://notify.example/u/abc?a=1&b=2" in rendered.text
        assert 'href="https://notify.example/u/abc?a=1&amp;b=2"' in rendered.html

    def test_the_name_is_escaped_in_html(self):
        rendered = render()
        assert "Анна <Петровна>" in rendered.text
        assert "Анна &lt;Петровна&gt;" in rendered.html

    @pytest.mark.parametrize("part", ["text", "html"])
    def test_without_due_date_and_address_their_lines_vanish(self, part):
        text = getattr(render(due_date=None, address=""), part)
        assert "Срок оплаты" not in text
        assert "Адрес" not in text
        assert "\n\n\n" not in text

    def test_the_customer_is_addressed_politely(self):
        words = re.findall(r"\b[Вв]ы\b|\b[Вв]а[мс]\b|\b[Вв]аш\w*\b", render().text)
        assert words
        assert all(word[0] == "В" for word in words)

    def test_the_html_reads_on_a_phone_in_light_and_dark_and_loads_nothing(self):
        html = render().html
        assert 'name="viewport"' in html
        assert "prefers-color-scheme: dark" in html
        assert not re.search(r"<img|<script|<link|url\(", html)
