"""Whole calls with a made telephone: what is said, what keys do, what came of it. Every phrase lasts 2 s."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.voice.dialogue import expected_seconds, needed_phrases, run_dialogue
from channels.voice.result import AnsweredBy, CallResult
from channels.voice.script import Ask, CallScript, Collect, Counts, KeyAction, OnMachine, Say
from channels.voice.sound import Phrase
from tests.unit.channels.voice.made_call import MACHINE, MadeCall, quiet, spoken


def say(*texts):
    return tuple(Phrase(text) for text in texts)


OPENING = Say(say("opening"))
IDENTITY = Ask(
    say("is it you"),
    {"1": KeyAction.CONTINUE, "3": KeyAction.WRONG_PERSON},
    is_identity=True,
)
FACTS = Say(say("you owe", "pay by"), is_fact=True)
HEARD = Ask(
    say("press one"),
    {
        "1": KeyAction.CONFIRM,
        "2": KeyAction.REPEAT,
        "9": KeyAction.STOP_CALLS,
        "0": KeyAction.OPERATOR,
    },
)
SCRIPT = CallScript(
    parts=(OPENING, IDENTITY, FACTS, HEARD),
    goodbye=say("goodbye"),
    neutral=say("call us"),
    replies={
        KeyAction.CONFIRM: say("thanks"),
        KeyAction.WRONG_PERSON: say("sorry"),
        KeyAction.STOP_CALLS: say("no more calls"),
        KeyAction.OPERATOR: say("our number"),
    },
)
READING = Collect("reading", say("type"), say("you typed"), say("right"), least=2, most=5)

#: The person is known 1.72 s into the call; the opening ends at 3.97, the question of identity at 6.22 s.
KNOWN, ASKED = 1.72, 6.5


def call(script=SCRIPT, **choices) -> tuple[CallResult, MadeCall]:
    made = MadeCall(**choices)
    sounds = spoken(needed_phrases(script))
    result = asyncio.run(run_dialogue(made, script, sounds, clock=made.clock))
    assert made.is_over
    return result, made


def asked(*keys, script=SCRIPT, **choices):
    """Keys pressed after the person said who they are; times count from the start of the facts."""
    presses = [(ASKED, "1"), *((ASKED + at, key) for at, key in keys)]
    return call(script, presses=presses, **choices)[0]


class TestIdentity:
    """Requirement 52: account information only after the person said who they are."""

    @pytest.mark.requirement(52, "nothing of the account is said before somebody said that it is them")
    @pytest.mark.parametrize("presses", [(), ((ASKED, "2"),), ((ASKED, "5"), (ASKED + 1, "7"))])
    def test_without_its_key_nothing_more_is_said(self, presses):
        result, _ = call(presses=presses)
        assert result.prompts == ("opening", "is it you", "is it you", "goodbye")
        assert (result.reached, result.is_identity_confirmed) == (None, False)
        assert (result.heard_seconds, result.message_seconds) == (0.0, 4.0)

    def test_a_key_pressed_before_the_question_is_no_answer(self):
        result, _ = call(presses=[(KNOWN + 1.0, "1")])
        assert "you owe" not in result.prompts

    def test_its_key_may_cut_the_question_short(self):
        result, _ = call(presses=[(KNOWN + 3.0, "1")])
        assert result.prompts[:4] == ("opening", "is it you", "you owe", "pay by")
        assert result.is_identity_confirmed

    def test_confirming_is_not_identifying(self):
        script = replace(
            SCRIPT, parts=(OPENING, replace(IDENTITY, keys={"1": KeyAction.CONFIRM}), FACTS, HEARD)
        )
        result, _ = call(script, presses=[(ASKED, "1"), (ASKED + 6, "1")])
        assert "you owe" not in result.prompts
        assert result.reached is None


class TestKeys:
    """Requirement 61: what each key does."""

    @pytest.mark.requirement(61, "a key answers: heard and confirmed")
    def test_confirm(self):
        result = asked((6.0, "1"))
        assert (result.reached, result.keys) == (Counts.CONFIRMED, "11")
        assert result.prompts[-3:] == ("press one", "thanks", "goodbye")
        assert result.heard_seconds == result.message_seconds == 4.0

    def test_nothing_pressed_is_heard_but_not_confirmed(self):
        result = asked()
        assert result.reached is Counts.HEARD
        assert result.prompts[-3:] == ("press one", "press one", "goodbye")

    def test_confirm_means_nothing_before_the_facts_are_over(self):
        result = asked((1.0, "1"), (3.0, "1"))
        assert result.reached is Counts.HEARD
        assert result.heard_seconds == 4.0

    @pytest.mark.requirement(61, "a key has the facts said again")
    def test_repeat_at_the_question_says_the_facts_again(self):
        result = asked((6.0, "2"), (12.0, "1"))
        assert result.prompts[2:] == (
            *("you owe", "pay by", "press one", "you owe", "pay by", "press one", "thanks", "goodbye"),
        )
        assert result.reached is Counts.CONFIRMED
        assert result.heard_seconds == 4.0

    def test_repeat_in_the_middle_begins_the_facts_anew(self):
        result = asked((3.0, "2"))
        assert result.prompts[2:6] == ("you owe", "pay by", "you owe", "pay by")
        assert result.reached is Counts.HEARD

    def test_repeats_come_to_an_end(self):
        result = asked(*((6.0 + n, "2") for n in range(100)))
        assert result.prompts.count("you owe") <= 6

    @pytest.mark.parametrize("at", [1.0, 3.0, 6.0, 9.0])
    def test_stop_calls_ends_it_at_any_time(self, at):
        result = asked((at, "9"))
        assert result.wants_no_calls
        assert result.prompts[-2:] == ("no more calls", "goodbye")

    def test_stop_calls_in_the_opening(self):
        result, _ = call(presses=[(KNOWN + 1, "9")])
        assert (result.wants_no_calls, result.reached) == (True, None)
        assert result.prompts == ("opening", "no more calls", "goodbye")

    @pytest.mark.requirement(61, "a key says: this is not me, and nothing more is told")
    @pytest.mark.parametrize("at", [KNOWN + 1, KNOWN + 3, ASKED])
    def test_wrong_person(self, at):
        result, _ = call(presses=[(at, "3")])
        assert (result.is_wrong_person, result.reached) == (True, None)
        assert result.prompts[-2:] == ("sorry", "goodbye")
        assert "you owe" not in result.prompts

    def test_wrong_person_after_the_facts_was_nobody_we_meant(self):
        assert asked((6.0, "3")).reached is None

    def test_a_key_without_a_meaning_cuts_nothing_off(self):
        result = asked((1.0, "7"), (2.5, "5"))
        assert (result.heard_seconds, result.reached) == (4.0, Counts.HEARD)
        assert result.keys == "175"

    def test_operator_takes_the_call(self):
        script = replace(SCRIPT, operator="88000000000")
        made = MadeCall(presses=[(ASKED, "1"), (ASKED + 6, "0")], takes_transfer=True)
        result = asyncio.run(run_dialogue(made, script, spoken(needed_phrases(script)), clock=made.clock))
        assert made.transferred_to == ["88000000000"]
        assert (result.was_transferred, result.reached) == (True, Counts.HEARD)

    @pytest.mark.parametrize("operator", [None, "88000000000"])
    def test_an_operator_who_cannot_take_it_has_the_number_said(self, operator):
        result = asked((6.0, "0"), script=replace(SCRIPT, operator=operator))
        assert not result.was_transferred
        assert result.prompts[-3:] == ("our number", "press one", "goodbye")


class TestHangUp:
    @pytest.mark.parametrize(
        ("at", "heard", "reached"),
        [
            (ASKED - 0.1, 0.0, None),
            (ASKED + 1.0, 1.0, Counts.ANSWERED),
            (ASKED + 3.25, 3.0, Counts.ANSWERED),
            (ASKED + 4.4, 4.0, Counts.HEARD),
        ],
    )
    def test_counts_what_was_heard_and_no_more(self, at, heard, reached):
        result, _ = call(presses=[(ASKED, "1")], hangs_up_at=at)
        assert result.heard_seconds == pytest.approx(heard, abs=0.01)
        assert result.reached is reached

    def test_before_anybody_is_known(self):
        result, _ = call(hangs_up_at=0.5)
        assert (result.answered_by, result.reached, result.prompts) == (AnsweredBy.NOBODY, None, ())

    def test_right_after_the_key_the_confirmation_stands(self):
        result, _ = call(presses=[(ASKED, "1"), (ASKED + 6, "1")], hangs_up_at=ASKED + 6.01)
        assert result.reached is Counts.CONFIRMED

    @settings(max_examples=60)
    @given(
        st.floats(0, 60),
        st.lists(st.tuples(st.floats(0, 60), st.sampled_from("0123456789*#")), max_size=12),
    )
    def test_whatever_people_do_the_account_is_honest(self, at, presses):
        script = replace(SCRIPT, parts=(*SCRIPT.parts, READING), most_seconds=60.0)
        result, made = call(script, presses=sorted(presses), hangs_up_at=at)
        assert 0 <= result.heard_seconds <= result.message_seconds
        assert made.now <= 64
        if result.reached is not None:
            assert result.is_identity_confirmed
        if "you owe" in result.prompts:
            assert "1" in result.keys
        if result.reached in (Counts.HEARD, Counts.CONFIRMED):
            assert result.heard_seconds == result.message_seconds


class TestMachine:
    @pytest.mark.parametrize("on_machine", list(OnMachine))
    def test_never_hears_a_fact_or_a_name(self, on_machine):
        result, _ = call(replace(SCRIPT, on_machine=on_machine), incoming=MACHINE)
        assert (result.answered_by, result.answered_because) == (AnsweredBy.MACHINE, "longgreeting")
        assert result.prompts == (("call us",) if on_machine is OnMachine.NEUTRAL else ())
        assert (result.reached, result.heard_seconds) == (None, 0.0)

    def test_is_spoken_to_behind_its_tone(self):
        _, made = call(replace(SCRIPT, on_machine=OnMachine.NEUTRAL), incoming=MACHINE)
        begun, _ = made.played[0]
        assert len(MACHINE) / 16_000 <= begun <= len(MACHINE) / 16_000 + 1

    def test_that_never_ends_is_left(self):
        result, made = call(replace(SCRIPT, on_machine=OnMachine.NEUTRAL), incoming=MACHINE[:60_000] * 40)
        assert result.answered_by is AnsweredBy.MACHINE
        assert made.now < 60

    def test_a_far_end_that_sends_nothing_at_all_is_not_told(self):
        result, _ = call(incoming=b"", sends_silence=False)
        assert (result.answered_by, result.prompts) == (AnsweredBy.MACHINE, ())

    def test_a_key_makes_a_person(self):
        result, _ = call(incoming=quiet(9), presses=[(1.0, "5"), (7.0, "1")])
        assert result.answered_by is AnsweredBy.HUMAN


class TestCollect:
    SCRIPT = replace(SCRIPT, parts=(OPENING, FACTS, READING))
    #: The opening and the facts take 6.75 s; then the digits are asked for.
    ASKED = KNOWN + 6.75

    def typed(self, *keys, **choices):
        return call(self.SCRIPT, presses=[(self.ASKED + at, key) for at, key in keys], **choices)[0]

    def test_digits_are_read_back_and_confirmed(self):
        result = self.typed((2.5, "4"), (3, "0"), (3.5, "7"), (4, "#"), (14, "1"))
        assert result.prompts[3:9] == ("type", "you typed", "четыре", "ноль", "семь", "right")
        assert result.collected == {"reading": "407"}

    def test_a_pause_ends_them_too(self):
        assert self.typed((1, "4"), (2, "2"), (20, "1")).collected == {"reading": "42"}

    def test_what_is_not_confirmed_is_not_taken(self):
        assert self.typed((1, "4"), (2, "2"), (3, "#"), (14, "2")).collected == {}
        assert self.typed((1, "4"), (2, "2"), (3, "#")).collected == {}

    def test_they_may_be_typed_again(self):
        keys = ((1, "4"), (2, "2"), (3, "#"), (13, "2"), (14, "4"), (15, "3"), (16, "#"), (26, "1"))
        assert self.typed(*keys).collected == {"reading": "43"}

    def test_a_star_begins_them_anew(self):
        assert self.typed((1, "9"), (2, "*"), (3, "4"), (4, "2"), (5, "#"), (15, "1")).collected == {
            "reading": "42"
        }

    @pytest.mark.parametrize("digits", ["7", "123451"])
    def test_too_few_or_too_many_are_asked_for_again(self, digits):
        result = self.typed(*((1 + n / 10, digit) for n, digit in enumerate(digits)), (2, "#"))
        assert result.collected == {}
        assert result.prompts.count("type") == 2
        assert "you typed" not in result.prompts

    def test_a_key_pressed_while_they_are_read_back_confirms_nothing(self):
        result = self.typed((1, "4"), (2, "2"), (3, "#"), (5, "1"))
        assert result.collected == {}

    def test_hanging_up_before_the_confirmation_gives_nothing(self):
        result = self.typed((1, "4"), (2, "2"), (3, "#"), hangs_up_at=self.ASKED + 10)
        assert result.collected == {}
        assert result.reached is Counts.HEARD


class TestLongestTalk:
    def test_ends_the_call(self):
        result, made = call(replace(SCRIPT, most_seconds=8.0), presses=[(ASKED, "1")])
        assert made.now < 12
        assert result.reached is Counts.ANSWERED

    def test_is_reckoned_before_the_call(self):
        sounds = spoken(needed_phrases(SCRIPT))
        assert 20 < expected_seconds(SCRIPT, sounds) < 90
        assert expected_seconds(replace(SCRIPT, most_seconds=15.0), sounds) == 15.0

    def test_reckons_with_repeats_and_with_waiting_for_keys(self):
        phrase = Phrase("fact")
        sounds = spoken((phrase,))
        once = sounds[phrase].sound.seconds + 0.25
        assert expected_seconds(CallScript((Say((phrase,)),)), sounds) == once
        assert expected_seconds(CallScript((Say((phrase,), is_fact=True),)), sounds) == 2 * once
        question = Ask((phrase,), {"1": KeyAction.CONFIRM}, wait_seconds=5.0, times=3)
        assert expected_seconds(CallScript((question,)), sounds) == 3 * (once + 5.0)

    def test_reckons_with_the_greeting_of_a_machine(self):
        phrase = Phrase("fact")
        script = CallScript((Say((phrase,)),), on_machine=OnMachine.NEUTRAL, neutral=(phrase,))
        assert expected_seconds(script, spoken((phrase,))) > 45.0


class TestNeededPhrases:
    def test_holds_all_that_may_be_said_once(self):
        texts = [phrase.text for phrase in needed_phrases(replace(SCRIPT, parts=(*SCRIPT.parts, READING)))]
        assert len(texts) == len(set(texts))
        assert {"opening", "sorry", "goodbye", "call us", "you typed", "right", "ноль", "девять"} <= set(
            texts
        )
