"""What a call must say, and what strangers must not hear (requirements 43, 52; 126-FZ)."""

import pytest

from templates.call_errors import CallRuleError
from templates.errors import NoticeRuleError
from templates.lint import check_notice, missing_items
from templates.rendering import TemplateText, compile_template

OPENING = "[приветствие]\nЭто {{ company_name }}, автоматическое сообщение.\n"
WHO = "[кто у телефона]\n1 = это я\n3 = не тот человек\n{{ full_name }}, это Вы?\n"
FACTS = "[сведения]\nК оплате {{ debt | money }}.\n"
QUESTION = "[вопрос]\n1 = подтвердить\n9 = больше не звонить\nНажмите один.\n"
WHOLE = OPENING + WHO + FACTS + QUESTION


def check(source, name="debt_reminder_voice"):
    texts = TemplateText("Звонок", source)
    check_notice(name, texts, compile_template(texts))


def refusal(source, name="my_voice"):
    with pytest.raises(NoticeRuleError) as refused:
        check(source, name)
    return refused.value


class TestIdentityFirst:
    def test_a_sum_behind_the_question_passes(self):
        check(WHOLE)

    @pytest.mark.parametrize(
        "source",
        [
            pytest.param(OPENING + FACTS + QUESTION, id="nobody is asked"),
            pytest.param(WHOLE.replace("Это {{", "Долг {{ debt | money }}. Это {{"), id="in the opening"),
            pytest.param(WHOLE.replace("это Вы?", "долг {{ debt | money }}, это Вы?"), id="in the question"),
            pytest.param(
                WHOLE.replace("Это {{", "{% if debt > 0 %}У Вас долг.{% endif %} Это {{"), id="a hint of it"
            ),
            pytest.param(WHOLE + "[прощание]\nСчёт {{ account_number }}.\n", id="in the goodbye"),
            pytest.param(WHOLE + "[ответ: не тот человек]\nАдрес {{ address }}.\n", id="to the wrong person"),
            pytest.param(
                "автоответчику = нейтральный текст\n" + WHOLE + "[автоответчик]\n{{ full_name }}!\n",
                id="to a machine",
            ),
            pytest.param(
                OPENING.replace("Это", "{{ full_name }}, это") + WHO + FACTS + QUESTION, id="a name"
            ),
            pytest.param(WHOLE.replace("Это {{", "{{ Сальдо }} Это {{"), id="a column of the list"),
        ],
    )
    def test_it_is_refused_where_strangers_hear_it(self, source):
        assert refusal(source).rule == "identity_first"

    def test_what_concerns_nobody_alone_needs_no_question(self):
        check(
            OPENING + "[сведения]\nСвета нет {{ event_time }}, включим {{ restore_time }},"
            " телефон {{ contact_phone }}.\n" + QUESTION,
            "emergency_outage_voice",
        )


class TestOtherRules:
    @pytest.mark.parametrize("words", ["Это {{ company_name }}.", "Это автоматическое сообщение."])
    def test_the_opening_says_who_calls_and_that_it_is_a_machine(self, words):
        assert refusal(f"[приветствие]\n{words}\n" + WHO + FACTS + QUESTION).rule == "voice_opening"

    def test_everybody_may_refuse_further_calls(self):
        assert refusal(WHOLE.replace("9 = больше не звонить\n", "")).rule == "refusal_key"

    @pytest.mark.parametrize("link", ["https://example.org", "{{ payment_url }}"])
    def test_links_are_not_said(self, link):
        assert refusal(WHOLE.replace("К оплате", f"Адрес {link} к оплате")).rule == "voice_link"

    def test_advertising_words_are_found_with_their_line(self):
        error = refusal(WHOLE.replace("К оплате", "Скидки! К оплате"))
        assert (error.rule, error.line) == ("advertising", 8)

    def test_mandatory_items_must_be_heard_by_everybody(self):
        source = WHOLE.replace("К оплате {{ debt | money }}.", "Есть долг.")
        source += "[ответ: подтвердить]\nДолг {{ debt | money }}.\n"
        template = compile_template(TemplateText("Звонок", source))
        assert missing_items("debt_reminder_voice", template) == {"text": ("debt",)}
        assert refusal(source, "debt_reminder_voice").rule == "mandatory_item"

    def test_rules_are_told_in_three_languages(self):
        error = refusal(OPENING + FACTS + QUESTION)
        assert isinstance(error, CallRuleError)
        assert "line 3" in error.in_language(2)
