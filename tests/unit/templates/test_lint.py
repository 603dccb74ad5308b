"""What a notice must not say, and what it must."""

import pytest

from templates.errors import NoticeRuleError
from templates.lint import check_notice
from templates.rendering import TemplateText, compile_template

DEBT = "{{ full_name }}, Ваш долг {{ debt | money }}."


def check(
    text: str, *, name: str = "debt_reminder", language: str = "ru", html=None, subject="Долг", **options
):
    texts = TemplateText(subject, text, html)
    check_notice(name, texts, compile_template(texts, language), **options)


def fault_of(text: str, **options) -> NoticeRuleError:
    with pytest.raises(NoticeRuleError) as caught:
        check(text, **options)
    return caught.value


class TestAdvertising:
    @pytest.mark.parametrize(
        ("language", "words", "named"),
        [
            ("ru", "Подключитесь со скидкой!", "скидкой"),
            ("ru", "Участвуйте в наших акциях.", "акциях"),
            ("ru", "Закажите новый счётчик.", "Закажите"),
            ("ru", "Это выгодный тариф.", "выгодный"),
            ("ru", "Только сегодня: монтаж.", "Только сегодня"),
            ("uk", "Скористайтеся знижкою.", "знижкою"),
            ("uk", "Вигідна пропозиція для Вас.", "Вигідна"),
            ("en", "A special offer for you.", "special offer"),
            ("en", "Get 10 % discount.", "discount"),
        ],
    )
    def test_is_refused_with_the_word_and_its_line(self, language, words, named):
        fault = fault_of(f"{DEBT}\n{words}", language=language)
        assert (fault.rule, fault.part, fault.line) == ("advertising", "text", 2)
        assert f"«{named}»" in fault.message

    def test_is_found_in_the_subject_and_in_html_but_not_in_its_styles(self):
        assert fault_of(DEBT, subject="Скидка и долг").part == "subject"
        html = f"<style>.акция {{ color: red }}</style><p class='скидка'>{DEBT}</p>"
        check(DEBT, html=html)
        assert fault_of(DEBT, html=html + "\n<p>Скидка!</p>").line == 2

    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("ru", "Тарифы на услуги меняются, звонок бесплатный, обсудим рассрочку и льготы."),
            (
                "ru",
                "Акционерное общество направляет предложение об изменении договора и акт сверки.",
            ),
            ("ru", "Призываем Вас не подходить к проводам. Оплатите до срока, выгода тут ни при чём."),
            (
                "uk",
                "Тарифи на послуги змінюються; дзвінок безкоштовний; акт та пропозиція про договір.",
            ),
            (
                "en",
                "The price of the service changes; the call is free; at the point of sale of the company.",
            ),
        ],
    )
    def test_honest_words_pass(self, language, words):
        check(f"{DEBT}\n{words}", language=language)

    def test_an_administrators_word_lets_only_these_words_pass(self):
        check(f"{DEBT} Скидка по закону.", advertising_accepted=True)
        assert fault_of("Скидка по закону.", advertising_accepted=True).rule == "mandatory_item"


class TestLinks:
    @pytest.mark.parametrize(
        "link",
        [
            "https://pay.example/?acc={{ account_number }}",
            "https://pay.example/{{ full_name }}",
            "https://pay.example/?x={{ debt | money }}",
            "https://pay.example/?x={{ Телефон }}",
            "https://pay.example/{% if debt %}?s={{ debt }}{% endif %}",
            "{{ payment_url }}?ls={{ account_number }}",
            "www.pay.example/u/{{ email }}",
            "https://pay.example/?email=anna@example.org",
            "https://pay.example/u/+79001234567",
            "https://pay.example/?account=0012345",
        ],
    )
    def test_with_personal_data_is_refused_in_text_and_html(self, link):
        fault = fault_of(f"{DEBT}\n{link}")
        assert (fault.rule, fault.line) == ("personal_link", 2)
        assert fault_of(DEBT, html=f'<p>{DEBT}</p><a href="{link}">Оплатить</a>').part == "html"

    @pytest.mark.parametrize(
        "link",
        [
            "{{ payment_url }}",
            "{{ unsubscribe_url }}",
            "https://company.example/tariffs/2026?utm_source=letter",
            "https://survey.example/{{ code }}",
            "mailto:office@company.example",
            "tel:{{ company_phone }}",
            "Счёт {{ account_number }}: https://company.example",
        ],
    )
    def test_without_it_passes(self, link):
        check(f"{DEBT}\n{link}", html=f'<p>{DEBT}</p><a href="https://company.example">{link}</a>')


class TestMandatoryItems:
    @pytest.mark.requirement(40, "debt: full name and sum")
    def test_a_debt_text_without_the_sum_is_refused_naming_the_field(self):
        fault = fault_of("{{ full_name }}, заплатите.")
        assert (fault.rule, fault.part) == ("mandatory_item", "text")
        assert "{{ debt }}" in fault.message

    def test_asking_about_a_field_is_not_printing_it(self):
        assert fault_of("{{ full_name }}{% if debt %}, заплатите{% endif %}.").rule == "mandatory_item"

    def test_html_must_say_it_as_well(self):
        assert fault_of(DEBT, html="<p>{{ full_name }}</p>").part == "html"

    @pytest.mark.requirement(37, "an outage text without one of the items is refused")
    def test_an_outage_without_its_reason_is_refused(self):
        text = " ".join(
            f"{{{{ {field} }}}}"
            for field in (
                *("company_name", "work_kind", "event_date", "event_time", "duration"),
                *("responsible_position", "responsible_name", "contact_phone"),
            )
        )
        assert "«Причина»" in fault_of(text, name="planned_outage").message
        check(text + " {{ reason }}", name="planned_outage")

    def test_texts_of_the_staffs_own_names_must_say_nothing_special(self):
        check("Здравствуйте!", name="our_own")
