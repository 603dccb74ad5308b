"""Every built-in text in every language, with sample data: it says what it must, and politely."""

import re
from datetime import date
from decimal import Decimal
from html import unescape

import pytest

from campaigns.catalogue import BUILTIN
from templates.bundled import builtin_template
from templates.lint import check_notice, missing_items
from templates.notice_fields import NOTICE_FIELDS, typed_value
from templates.notice_kinds import SEVEN_ITEMS
from templates.rendering import Rendered, compile_template

LANGUAGES = ("ru", "uk", "en")
TEXTS = [(name, language) for name in BUILTIN for language in LANGUAGES]


def fields(language: str, **changes):
    place = LANGUAGES.index(language)
    examples = {name: typed_value(name, one.example[place]) for name, one in NOTICE_FIELDS.items()}
    own = {
        "account_number": "0012345",
        "full_name": "Иванова Анна <Петровна>",
        "address": "г. Саранск, ул. Ленина, д. 1",
        "debt": Decimal("1200.50"),
        "due_date": date(2026, 12, 25),
        "company_name": "Пример Энергосбыт",
        "company_phone": "8-800-000-00-00",
        "company_hours": "по рабочим дням с 8:00 до 17:00",
        "unsubscribe_url": "https://notify.example/u/abc",
        "local_hour": 9,
        "payment_url": "https://pay.example/1",
        "payment_qr": "cid:q",
        "payee": None,
    }
    return {**examples, **own, **changes}


def render(name: str, language: str, **changes) -> Rendered:
    template = compile_template(builtin_template(name, language), language)
    return template.render(fields(language, **changes))


class TestEveryText:
    @pytest.mark.parametrize(("name", "language"), TEXTS)
    def test_keeps_the_rules_that_staff_must_keep(self, name, language):
        texts = builtin_template(name, language)
        template = compile_template(texts, language)
        assert missing_items(name, template) == {}
        check_notice(name, texts, template)

    @pytest.mark.requirement(36, "texts say when somebody answers the telephone")
    @pytest.mark.requirement(43, "polite, who writes, greeting, further steps")
    @pytest.mark.parametrize(("name", "language"), TEXTS)
    def test_greets_says_who_writes_and_when_to_call(self, name, language):
        rendered = render(name, language)
        assert "\n\n\n" not in rendered.text
        for part in (rendered.text, rendered.html):
            for expected in (
                *("Пример Энергосбыт", "8-800-000-00-00 (по рабочим дням с 8:00 до 17:00)"),
                *(
                    {"ru": ("Доброе утро", "Вам"), "uk": ("Доброго ранку", "Вам"), "en": ("Good morning",)}[
                        language
                    ]
                ),
                "https://notify.example/u/abc",
            ):
                assert expected in part, expected
            assert not re.search(r"\b(?:вы|вам|вас|ваш\w*|ви)\b", part)

    @pytest.mark.parametrize(("name", "language"), TEXTS)
    def test_every_mandatory_item_stands_in_both_parts(self, name, language):
        plain = fields(language)
        rendered = render(name, language)
        for field in BUILTIN[name].mandatory:
            value = plain[field]
            if isinstance(value, str) and field != "full_name":
                assert value in rendered.text, field
                assert value in unescape(rendered.html), field

    @pytest.mark.parametrize(("name", "language"), TEXTS)
    def test_html_escapes_what_fields_hold_and_loads_nothing(self, name, language):
        html = render(name, language, reason="<script>", change="a & b", answer="<b>").html
        assert "<script>" not in html
        assert "<b>" not in html
        assert 'src="http' not in html
        assert html.count("<table") == html.count("</table>")


class TestKinds:
    @pytest.mark.requirement(2, "changes of price policy and of services")
    @pytest.mark.requirement(18, "message: tariffs or rules changed")
    def test_a_tariff_change_says_what_and_from_when(self):
        text = render("tariff_change", "ru").text
        assert "Что меняется: цена одного киловатт-часа будет 5,38 рубля" in text
        assert "Действует с: 22 декабря 2026" in text

    @pytest.mark.requirement(37, "planned outage: seven items")
    @pytest.mark.requirement(38, "meter reading: the same seven items")
    @pytest.mark.parametrize("name", ["planned_outage", "meter_visit"])
    def test_works_and_visits_name_all_seven_items(self, name):
        text = render(name, "ru").text
        for item in (
            *("Пример Энергосбыт", "ремонт линии 0,4 кВ", "износ опор", "22 декабря 2026", "с 9:00 до 17:00"),
            *("8 часов, один день", "главный инженер участка Сидоров Илья Петрович", "8-800-000-00-01"),
        ):
            assert item in text
        assert len(SEVEN_ITEMS) == 9  # date and time, and position and name, are two fields each

    @pytest.mark.requirement(5, "warning of a suspension for non-payment")
    @pytest.mark.requirement(20, "warning of a restriction and notice of it")
    def test_a_restriction_is_warned_of_with_sum_term_and_day_and_then_told(self):
        warning, notice = render("restriction_warning", "ru"), render("restriction_notice", "ru")
        for expected in ("1\xa0200,50\xa0₽", "Оплатить до: 25 декабря 2026", "22 декабря 2026"):
            assert expected in warning.text
        assert "Ограничение вводится: 22 декабря 2026" in notice.text
        assert 'href="https://pay.example/1"' in warning.html

    @pytest.mark.requirement(4, "reminder of a measure to be carried out")
    @pytest.mark.requirement(21, "meter reading: visit and reminder")
    def test_readings_are_asked_for_by_a_day(self):
        assert "Передать до: 25 декабря 2026" in render("meter_readings", "ru").text

    @pytest.mark.requirement(22, "contract: prolongation and changes")
    @pytest.mark.requirement(41, "changes and refusals: reasons")
    def test_a_proposal_and_a_refusal_give_their_reason(self):
        assert "28 февраля 2027" in render("contract_prolongation", "ru").text
        assert "Причина: износ опор" in render("contract_change", "ru").text
        assert "Причина отказа: износ опор" in render("application_refused", "ru").text

    @pytest.mark.requirement(23, "application: accepted, documents, refusal")
    def test_an_application_is_told_where_it_stands(self):
        for name in ("application_accepted", "application_documents", "application_refused"):
            assert "Номер заявки: З-2026-311" in render(name, "ru").text
        assert "Не хватает: выписка из реестра прав" in render("application_documents", "ru").text

    @pytest.mark.requirement(24, "complaint: progress, and a late answer with its new date")
    @pytest.mark.requirement(42, "complaint answers: appeal, executor")
    def test_a_complaint_names_executor_and_appeal_and_a_late_answer_its_day(self):
        for name in ("complaint_progress", "complaint_delay", "complaint_answer"):
            text = render(name, "ru").text
            assert "Исполнитель: Орлова Мария Ивановна" in text
            assert "Телефон исполнителя: 8-800-000-00-02" in text
            assert "государственную жилищную инспекцию" in text
        assert "Новый срок ответа: 18 декабря 2026" in render("complaint_delay", "ru").text

    @pytest.mark.requirement(25, "bill, reconciliation, tariff menu")
    @pytest.mark.requirement(39, "volume, calculation, period, term and contact")
    def test_a_bill_says_for_what_how_much_and_until_when(self):
        text = render("bill_issued", "ru").text
        for expected in ("120 кВт·ч", "по показаниям, пени нет", "30 ноября 2026", "25 декабря 2026"):
            assert expected in text
        assert "ул. Тихая, 5, кабинет 3" in render("reconciliation", "ru").text
        assert "Тарифное меню на 2027 год" in render("tariff_menu", "ru").subject

    @pytest.mark.requirement(26, "satisfaction survey")
    def test_a_survey_has_a_link_and_says_that_it_is_voluntary(self):
        found = render("satisfaction_survey", "ru")
        assert 'href="https://survey.example.org/2026"' in found.html
        assert "Участвовать не обязательно" in found.text
