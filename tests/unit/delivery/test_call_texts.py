"""Built-in calls as scripts: rendered, read, and held with a made telephone in every language."""

import asyncio
import re
from decimal import Decimal

import pytest

from campaigns.catalogue import BUILTIN
from channels.voice.dialogue import needed_phrases, run_dialogue
from channels.voice.result import AnsweredBy
from channels.voice.script import Ask, Collect, Counts, KeyAction, OnMachine, Say
from dispatcher.delivery.call_texts import readable, rendered_call, script_of
from templates.bundled import builtin_template, channel_of, is_bundled, scenario_of, text_name
from templates.lint import check_notice
from templates.rendering import TemplateText, compile_template
from tests.unit.channels.voice.made_call import MACHINE, MadeCall, spoken
from tests.unit.templates.test_notices import LANGUAGES, fields

CALLS = [text_name(name, "voice") for name in BUILTIN if is_bundled(text_name(name, "voice"))]
IDENTIFIED = {
    *("debt_reminder_voice", "payment_due_voice", "restriction_warning_voice"),
    *("meter_readings_voice", "correction_voice", "contract_prolongation_voice"),
}
#: What only the person may hear, as `fields` fills it in.
SECRETS = ("0012345", "1\xa0200", "1,200", "25 декабря", "25 грудня", "25 December", "104")
ASKED = 1.72 + 3 * 2.25 + 3.0  #: the identity question is being asked


def template(name, language="ru"):
    return compile_template(builtin_template(name, language), language)


def as_written(line, _language):
    return line


def script(name, language="ru", spell=as_written):
    """The call with its figures, so that a test can look for them."""
    found = rendered_call(template(name, language), fields(language, full_name="Иванова Анна Петровна"))
    return script_of(found, language, spell)


def hold(call_script, **choices):
    made = MadeCall(**choices)
    return asyncio.run(run_dialogue(made, call_script, spoken(needed_phrases(call_script)), clock=made.clock))


class TestBuiltinCalls:
    def test_are_there_for_what_is_told_by_telephone(self):
        assert set(CALLS) == IDENTIFIED | {
            *("planned_outage_voice", "emergency_outage_voice"),
            *("tariff_change_voice", "satisfaction_survey_voice"),
        }

    @pytest.mark.parametrize("name", CALLS)
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_keep_the_rules_that_staff_must_keep(self, name, language):
        check_notice(name, builtin_template(name, language), template(name, language))

    @pytest.mark.requirement(43, "self-introduction by name, greeting by time of day, closing")
    @pytest.mark.parametrize("name", CALLS)
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_greet_and_say_who_calls_and_that_it_is_automatic_first(self, name, language):
        said = hold(script(name, language)).prompts
        assert said[0] in ("Доброе утро!", "Доброго ранку!", "Good morning!")
        assert "Пример Энергосбыт" in said[1]
        assert "автомат" in said[2] or "automatic" in said[2]
        assert said[-1] in ("До свидания.", "До побачення.", "Goodbye.")

    @pytest.mark.requirement(52, "no sum and no account to a listener who was not identified")
    @pytest.mark.parametrize("name", sorted(IDENTIFIED))
    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("presses", [(), ((ASKED, "3"),), ((ASKED, "9"),), ((3.0, "1"),)])
    def test_tell_nothing_of_the_account_to_strangers(self, name, language, presses):
        result = hold(script(name, language), presses=presses)
        assert not [secret for secret in SECRETS if secret in " ".join(result.prompts)]
        assert result.reached is None
        assert result.is_wrong_person == (presses == ((ASKED, "3"),))

    @pytest.mark.requirement(52, "no sum and no account to a listener who was not identified")
    @pytest.mark.parametrize("name", CALLS)
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_tell_machines_no_fact(self, name, language):
        found = script(name, language)
        result = hold(found, incoming=MACHINE)
        facts = {
            phrase.text
            for part in found.parts
            if isinstance(part, Say) and part.is_fact
            for phrase in part.phrases
        }
        assert result.answered_by is AnsweredBy.MACHINE
        assert not facts & set(result.prompts)
        assert not [secret for secret in SECRETS if secret in " ".join(result.prompts)]
        assert bool(result.prompts) == (found.on_machine is OnMachine.NEUTRAL)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_tell_the_person_who_answered_everything(self, language):
        result = hold(script("debt_reminder_voice", language), presses=[(ASKED, "1"), (ASKED + 17, "1")])
        said = " ".join(result.prompts)
        assert all(fact in said for fact in ("0012345", "8-800-000-00-00"))
        assert "1\xa0200" in said or "1,200" in said
        assert result.reached is Counts.CONFIRMED

    def test_take_a_meter_reading_and_read_it_back(self):
        keys = [(ASKED, "1"), *((ASKED + 8 + n, key) for n, key in enumerate("0407#")), (ASKED + 28, "1")]
        result = hold(script("meter_readings_voice"), presses=keys)
        assert result.collected == {"reading": "0407"}
        assert [word for word in result.prompts if word in ("ноль", "четыре", "семь")] == [
            *("ноль", "четыре", "ноль", "семь")
        ]

    def test_a_legal_warning_counts_when_it_was_confirmed(self):
        assert script("restriction_warning_voice").counts is Counts.CONFIRMED
        assert script("debt_reminder_voice").counts is Counts.HEARD


class TestScript:
    SOURCE = (
        "автоответчику = нейтральный текст\nразговор = 120\nоператор = {{ company_phone }}\n"
        "[приветствие]\nЭто {{ company_name }}.\nАвтоматическое сообщение.\n"
        "[кто у телефона]\n1 = это я\n3 = не тот человек\nждать = 9\nспросить = 3\nЭто Вы?\n"
        f"[сведения]\nДолг {{{{ debt | money }}}}.\n[сведения]\nзапись = {'ab' * 32}\nСпасибо.\n"
        "[цифры: reading]\nот = 2\nдо = 6\nНаберите.\n[прочитать цифры]\nВот:\n[проверить цифры]\nВерно?\n"
        "[вопрос]\n1 = подтвердить\n0 = оператор\nТак?\n[ответ: оператор]\nЗвоните.\n"
        "[прощание]\nПока.\n[автоответчик]\nПерезвоните.\n"
    )

    def made(self, spell=as_written):
        found = compile_template(TemplateText("Звонок", self.SOURCE))
        values = {"company_name": "Энерго", "company_phone": "8 800 000-00-00", "debt": Decimal(5)}
        call = rendered_call(found, values)
        return call, script_of(call, "ru", spell)

    def test_has_the_parts_in_their_order_with_their_settings(self):
        _, found = self.made()
        opening, who, facts, thanks, digits, question = found.parts
        assert [phrase.text for phrase in opening.phrases] == ["Это Энерго.", "Автоматическое сообщение."]
        assert isinstance(who, Ask)
        assert (who.is_identity, who.wait_seconds, who.times) == (True, 9.0, 3)
        assert who.keys == {"1": KeyAction.CONTINUE, "3": KeyAction.WRONG_PERSON}
        assert facts.is_fact
        assert thanks.phrases[0].recording == "ab" * 32
        assert isinstance(digits, Collect)
        assert (digits.name, digits.least, digits.most, digits.wait_seconds) == ("reading", 2, 6, 8.0)
        assert not question.is_identity
        assert found.replies[KeyAction.OPERATOR][0].text == "Звоните."
        assert (found.operator, found.most_seconds) == ("88000000000", 120.0)
        assert (found.on_machine, found.neutral[0].text) == (OnMachine.NEUTRAL, "Перезвоните.")

    def test_every_line_is_spelled_out(self):
        _, found = self.made(lambda text, language: f"{language}:{text.upper()}")
        assert found.goodbye[0].text == "ru:ПОКА."
        assert {phrase.text[:3] for phrase in needed_phrases(found) if phrase.text[0] == "r"} == {"ru:"}

    def test_is_read_as_written_with_its_keys(self):
        call, _ = self.made()
        text = readable(call, "ru")
        assert text.startswith(
            "засчитать: прослушано\nавтоответчику: нейтральный текст\nоператор: 88000000000"
        )
        assert "[кто у телефона]\nЭто Вы?\n  1: это я\n  3: не тот человек" in text
        assert "Долг 5,00\xa0₽." in text
        assert "[who is speaking]" in readable(call, "en")


class TestNames:
    def test_a_call_belongs_to_its_scenario(self):
        assert text_name("debt_reminder", "voice") == "debt_reminder_voice"
        assert (scenario_of("debt_reminder_voice"), channel_of("debt_reminder_voice")) == (
            "debt_reminder",
            "voice",
        )


class TestWords:
    @pytest.mark.parametrize("name", CALLS)
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_nothing_is_left_for_a_speech_engine_to_guess(self, name, language):
        values = fields(language, full_name="Иванова Анна Петровна")
        found = script_of(rendered_call(template(name, language), values), language)
        for phrase in needed_phrases(found):
            assert phrase.language == language
            assert not re.search(r"[0-9₽₴/]|[a-z]" if language != "en" else r"[0-9₽]", phrase.text), (
                phrase.text
            )

    @pytest.mark.parametrize(
        ("language", "digits"),
        [("ru", "ноль ноль один"), ("uk", "нуль нуль один"), ("en", "zero zero one two")],
    )
    def test_an_account_keeps_its_zeros(self, language, digits):
        found = script_of(
            rendered_call(template("debt_reminder_voice", language), fields(language)), language
        )
        assert any(digits in phrase.text for phrase in needed_phrases(found))

    def test_a_debt_is_said_in_words(self):
        values = fields("ru", full_name="Иванова Анна Петровна")
        found = script_of(rendered_call(template("debt_reminder_voice"), values), "ru")
        said = " ".join(phrase.text for phrase in needed_phrases(found))
        assert "одна тысяча двести рублей пятьдесят копеек" in said
        assert "двадцать пятого декабря две тысячи двадцать шестого года" in said
        assert "Сообщение для Ивановой Анны Петровны." in said
