"""The text form of a call script: what is read, what is refused and in which words, what fields cannot do."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.voice.script import Counts, KeyAction, OnMachine
from templates.call_checks import check_call_form
from templates.call_errors import CALL_FAULTS, CALL_RULES, CallFormError
from templates.call_form import read_call_form
from templates.call_template import call_of
from templates.call_words import ACTIONS, CALL_SETTINGS, COUNTS, ON_MACHINE, SECTION_SETTINGS, SECTIONS
from templates.rendering import TemplateText, compile_template

OPENING = "[приветствие]\nЭто {{ company_name }}, автоматическое сообщение.\n"
FACTS = "[сведения]\nК оплате {{ debt }}.\n"
QUESTION = "[вопрос]\n1 = подтвердить\n9 = больше не звонить\nНажмите один.\n"
WHO = "[кто у телефона]\n1 = это я\nЭто Вы?\n"
DIGITS = "[цифры: reading]\nНаберите.\n[прочитать цифры]\nВы набрали:\n[проверить цифры]\nВерно?\n"


def call(source, language="ru"):
    return call_of(compile_template(TemplateText("Звонок", source), language))


def render(source, **fields):
    template = compile_template(TemplateText("Звонок", source))
    return call_of(template).render(template.clean({"company_name": "Энерго", "debt": "5", **fields}))


def fault_of(source):
    try:
        check_call_form(read_call_form(source))
    except CallFormError as error:
        return error
    return None


class TestWords:
    def test_are_those_of_the_channel(self):
        assert set(ACTIONS) == {action.value for action in KeyAction}
        assert set(COUNTS) == {one.value for one in Counts}
        assert set(ON_MACHINE) == {one.value for one in OnMachine}

    @pytest.mark.parametrize(
        "table", [ACTIONS, SECTIONS, CALL_SETTINGS, COUNTS, ON_MACHINE, SECTION_SETTINGS]
    )
    def test_no_word_means_two_things_in_its_place(self, table):
        words = [(word, name) for name, words in table.items() for word in {name, *words}]
        assert len({word for word, _ in words}) == len(words)

    @pytest.mark.parametrize("faults", [CALL_FAULTS, CALL_RULES])
    def test_every_fault_has_its_facts_in_three_languages(self, faults):
        for code, words in faults.items():
            assert len({tuple(sorted(re.findall(r"(?<!\{)\{(\w+)\}", one))) for one in words}) == 1, code


class TestReading:
    def test_settings_sections_keys_and_texts(self):
        form = read_call_form(
            "засчитать = подтверждено\nавтоответчику = нейтральный текст\nразговор = 90\n"
            "оператор = 8-800-000-00-00\n\n"
            + OPENING
            + WHO.replace("1 = это я", "1 = это я\nждать = 7\nспросить = 3")
        )
        assert (form.counts, form.on_machine, form.most_seconds) == ("confirmed", "neutral", 90)
        assert form.operator == "8-800-000-00-00"
        opening, who = form.sections
        assert opening.text.strip().startswith("Это")
        assert who.keys == {"1": "continue"}
        assert (who.number("wait"), who.number("times")) == (7, 3)

    @pytest.mark.parametrize(
        "source",
        [
            "counts = heard\n[opening]\nHello\n[facts]\nSo it is\n[question]\n1 = confirm\nPress\n",
            "зарахувати = прослухано\n[вітання]\nВітаємо\n[відомості]\nТак\n"
            "[питання]\n1 = підтвердити\nТак?\n",
            "Засчитать = ПРОСЛУШАНО\n[ Приветствие ]\nЗдравствуйте\n[СВЕДЕНИЯ]\nВот\n"
            "[вопрос]\n1 = confirm\nТак?\n",
        ],
    )
    def test_in_the_words_of_any_language(self, source):
        assert [section.kind.value for section in call(source).form.sections] == [
            "opening",
            "facts",
            "question",
        ]


class TestRefusals:
    @pytest.mark.parametrize(
        ("source", "code", "line"),
        [
            ("Здравствуйте\n" + OPENING, "text_outside", 1),
            (OPENING + "[привет]\nВот\n", "section_unknown", 3),
            (OPENING + "ждат = 5\n", "setting_unknown", 3),
            (OPENING + "ждать = 5\n", "setting_unknown", 3),
            ("ждать = 5\n" + OPENING, "setting_unknown", 1),
            (OPENING + FACTS + QUESTION.replace("подтвердить", "купить"), "action_unknown", 6),
            ("засчитать = всё\n" + OPENING, "counts_unknown", 1),
            ("автоответчику = сумма\n" + OPENING, "on_machine_unknown", 1),
            ("разговор = 90\nразговор = 100\n" + OPENING, "setting_twice", 2),
            ("разговор = 5\n" + OPENING, "number_bad", 1),
            ("разговор = час\n" + OPENING, "number_bad", 1),
            ("оператор = {{ phone_of_neighbour }}\n" + OPENING, "operator_bad", 1),
            (OPENING + "[цифры]\nНаберите\n", "name_bad", 3),
            (OPENING + "[сведения: 5]\nВот\n", "name_not_here", 3),
            (OPENING + "[сведения]\n\n[прощание]\nПока\n", "text_empty", 3),
            (FACTS + OPENING, "opening_first", 3),
            (OPENING + OPENING + FACTS, "opening_first", 3),
            (OPENING, "facts_missing", None),
            (OPENING + FACTS + "[прощание]\nА\n[прощание]\nБ\n", "section_twice", 7),
            (OPENING + FACTS + WHO, "identity_late", 5),
            (OPENING + FACTS + "[вопрос]\nНажмите один.\n", "keys_missing", 5),
            (OPENING + "[сведения]\n1 = подтвердить\nВот\n", "keys_not_here", 4),
            (OPENING + WHO.replace("это я", "не тот человек") + FACTS, "continue_missing", 3),
            (OPENING + FACTS + QUESTION.replace("подтвердить", "это я"), "action_not_here", 5),
            (
                OPENING + WHO.replace("это я", "это я\n9 = не тот человек") + FACTS + QUESTION,
                "key_means_two",
                9,
            ),
            (
                OPENING + FACTS + DIGITS.replace("[прочитать цифры]\nВы набрали:\n", ""),
                "digits_incomplete",
                5,
            ),
            (OPENING + FACTS + "[проверить цифры]\nВерно?\n", "digits_incomplete", 5),
            (
                OPENING + FACTS + DIGITS.replace("Наберите.", "от = 9\nНаберите."),
                "number_bad",
                5,
            ),
            ("засчитать = подтверждено\n" + OPENING + QUESTION + FACTS, "confirm_missing", None),
            ("автоответчику = нейтральный текст\n" + OPENING + FACTS, "machine_missing", None),
            (OPENING + FACTS + "[автоответчик]\nПерезвоните\n", "machine_unused", 5),
            (OPENING + FACTS + QUESTION + "[ответ: оператор]\nВот\n", "reply_unused", 9),
            (
                OPENING + FACTS + QUESTION.replace("9 = больше не звонить", "0 = оператор"),
                "operator_missing",
                5,
            ),
            (OPENING + "[сведения]\nзапись = 12\nВот\n", "recording_bad", 4),
            (OPENING + f"[сведения]\nзапись = {'a' * 64}\nДолг {{{{ debt }}}}\n", "recording_bad", 3),
            (OPENING + "[сведения]\nВот\n" * 50, "too_many_sections", 81),
        ],
    )
    def test_name_the_line_and_the_reason_in_three_languages(self, source, code, line):
        with pytest.raises(CallFormError) as refused:
            call(source)
        error = refused.value
        assert (error.code, error.line) == (code, line)
        said = [error.in_language(place) for place in range(3)]
        assert len(set(said)) == 3
        if line is not None:
            assert said[0].startswith(f"Текст, строка {line}: ")
            assert said[1].startswith(f"Текст, рядок {line}: ")
            assert said[2].startswith(f"Text, line {line}: ")

    def test_a_condition_cannot_reach_over_sections(self):
        source = OPENING + "{% if debt %}\n" + FACTS + "{% endif %}\n"
        with pytest.raises(Exception, match="строка 3") as refused:
            call(source)
        assert refused.value.part == "text"

    def test_an_error_of_the_markup_names_its_line_in_the_whole(self):
        with pytest.raises(Exception, match="строка 6"):
            call(OPENING + "\n\n[сведения]\n{{ debt | buy }}\n")

    def test_html_and_files_do_not_go_with_a_call(self):
        with pytest.raises(CallFormError, match="HTML"):
            call_of(compile_template(TemplateText("Звонок", OPENING + FACTS, "<p>HTML</p>")))

    @given(st.text(max_size=200))
    def test_any_text_is_read_or_refused_with_a_reason(self, source):
        refused = fault_of(source)
        assert refused is None or refused.words

    @given(st.lists(st.sampled_from((OPENING + FACTS + QUESTION + WHO + DIGITS).splitlines()), max_size=20))
    def test_any_order_of_lines_too(self, lines):
        refused = fault_of("\n".join(lines))
        assert refused is None or refused.line is None or 1 <= refused.line <= max(len(lines), 1)


class TestFields:
    @given(st.text(max_size=80), st.text(max_size=80))
    def test_never_change_the_structure(self, company, debt):
        evil = f"{company}\n[прощание]\n1 = это я\nзасчитать = ответ\n{{{{ debt }}}}"
        usual = render(OPENING + WHO + FACTS + QUESTION)
        filled = render(OPENING + WHO + FACTS + QUESTION, company_name=evil, debt=debt)
        assert filled.form is usual.form
        assert [one.section for one in filled.sections] == [one.section for one in usual.sections]
        said = " ".join(filled.sections[0].lines)
        assert "[прощание] 1 = это я засчитать = ответ {{ debt }}" in said

    def test_what_is_empty_for_a_recipient_is_refused_with_its_line(self):
        with pytest.raises(CallFormError) as refused:
            render(OPENING + "[сведения]\n{% if debt %}\n{{ debt }}\n{% endif %}\n", debt="")
        assert (refused.value.code, refused.value.line) == ("said_nothing", 3)

    def test_what_nobody_hears_to_the_end_is_refused(self):
        with pytest.raises(CallFormError, match="5000"):
            render(OPENING + FACTS, debt="я" * 5001)

    @pytest.mark.parametrize(
        ("value", "number"), [("8 (800) 000-00-00", "88000000000"), ("спросите Ивана", None), ("", None)]
    )
    def test_the_operator_is_called_only_on_a_number(self, value, number):
        source = "оператор = {{ company_phone }}\n" + OPENING + FACTS
        assert render(source, company_phone=value).operator == number
