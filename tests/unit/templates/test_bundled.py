"""The bundled texts."""

import re
from datetime import date
from decimal import Decimal

import pytest

from channels.sms.parts import measure
from templates.bundled import builtin_template, is_bundled, scenario_of, text_name
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
    "company_hours": "по рабочим дням с 8:00 до 17:00",
    "unsubscribe_url": "https://notify.example/u/abc?a=1&b=2",
    "local_hour": 9,
}


SHORT = [
    f"{scenario}_sms"
    for scenario in (
        *("debt_reminder", "payment_due", "correction", "planned_outage", "emergency_outage"),
        *("restriction_warning", "meter_readings", "contract_prolongation"),
    )
]


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

    @pytest.mark.parametrize("name", ["debt_reminder", "payment_due"])
    @pytest.mark.parametrize("language", ["ru", "uk", "en"])
    def test_every_language_says_the_same_facts_in_both_parts(self, name, language):
        template = compile_template(builtin_template(name, language), language)
        assert template.required_fields() == FIELDS.keys()
        assert template.optional_fields() == {"period", "payment_url", "payment_qr", "payee"}
        payee = {
            **{"name": "Пример Энергосбыт", "account": "4" * 20, "bank": "Банк", "bic": "044525225"},
            "correspondent_account": "3" * 20,
        }
        more = {
            "period": "11.2026",
            "payment_url": "https://pay.example/1",
            "payment_qr": "cid:q",
            "payee": payee,
        }
        rendered = template.render({**FIELDS, "full_name": "Иваненко Петро", **more})
        for part in (rendered.text, rendered.html):
            for fact in (
                "0012345",
                "Иваненко Петро",
                "11.2026",
                "1",
                "2026",
                "8-800-000-00-00",
                "https://pay.example/1",
            ):
                assert fact in part
            assert "4" * 20 in part
            assert "\n\n\n" not in part
        assert 'src="cid:q"' in rendered.html
        assert "cid:" not in rendered.text

    def test_payment_due_cannot_go_out_without_its_term(self):
        template = compile_template(builtin_template("payment_due"))
        assert "due_date" in template.fields_to_fill()
        assert "due_date" not in compile_template(builtin_template("debt_reminder")).fields_to_fill()

    def test_a_ukrainian_letter_speaks_to_the_person_in_the_vocative(self):
        template = compile_template(builtin_template("debt_reminder", "uk"), "uk")
        text = template.render({**FIELDS, "full_name": "Коваль Олег Якович"}).text
        assert text.startswith("Доброго ранку, Олегу Яковичу!")

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


class TestShortTexts:
    @pytest.mark.parametrize("name", SHORT)
    @pytest.mark.parametrize("language", ["ru", "uk", "en"])
    def test_say_who_writes_where_to_call_and_how_to_refuse_in_three_parts_at_most(self, name, language):
        template = compile_template(builtin_template(name, language), language)
        more = {
            "event_date": date(2026, 12, 22),
            "event_time": "9:00-17:00",
            "reason": "износ опор",
            "restore_time": "18:00",
            "contact_phone": "8-800-000-00-01",
            "submit_by": date(2026, 12, 25),
            "contract_number": "123/45",
            "contract_end": date(2026, 12, 31),
        }
        made = template.render({**FIELDS, **more}).text.strip()
        assert made.startswith("Пример Энергосбыт: ")
        assert "8-800-000-00-0" in made
        assert made.endswith("STOP" if language == "en" else "СТОП")
        assert "\n" not in made
        assert measure(made).parts <= 3

    def test_belong_to_a_scenario(self):
        assert (text_name("debt_reminder", "sms"), text_name("debt_reminder", "email")) == (
            "debt_reminder_sms",
            "debt_reminder",
        )
        assert scenario_of("debt_reminder_sms") == scenario_of("debt_reminder") == "debt_reminder"
        assert not is_bundled("nothing_sms")
