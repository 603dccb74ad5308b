"""Person or machine, by made-up sounds; and by whatever sound there may be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.voice.detection import FRAME_BYTES, Cause, Detector, Finding
from channels.voice.greeting_end import GreetingEnd
from channels.voice.result import AnsweredBy
from dispatcher.core.voice_settings import DetectionSettings
from tests.unit.channels.voice.made_call import MACHINE, burst, quiet, tone

HUMAN = Finding(AnsweredBy.HUMAN, Cause.HUMAN)


def machine(cause):
    return Finding(AnsweredBy.MACHINE, cause)


def words(count, seconds=0.2, gap=0.1):
    return (burst(seconds) + quiet(gap)) * count


class TestDetector:
    @pytest.mark.parametrize(
        ("sound", "found"),
        [
            pytest.param(quiet(0.5) + burst(0.4) + quiet(1), HUMAN, id="hello"),
            pytest.param(quiet(0.3) + words(3) + quiet(1), HUMAN, id="three words"),
            pytest.param(quiet(0.3) + words(8), machine(Cause.MAX_WORDS), id="many words"),
            pytest.param(quiet(0.3) + burst(3), machine(Cause.LONG_GREETING), id="it speaks on"),
            pytest.param(quiet(3), machine(Cause.INITIAL_SILENCE), id="silence"),
            pytest.param(burst(0.06) + quiet(3), machine(Cause.INITIAL_SILENCE), id="a click is no word"),
            pytest.param(
                (burst(0.06) + quiet(0.3)) * 20, Finding(AnsweredBy.UNSURE, Cause.TOO_LONG), id="clicks"
            ),
        ],
    )
    def test_tells_people_from_machines(self, sound, found):
        assert Detector().hear(sound) == found

    def test_silence_is_doubt_where_the_company_wants_it_so(self):
        detector = Detector(DetectionSettings(is_silence_machine=False))
        assert detector.hear(quiet(3)) == Finding(AnsweredBy.UNSURE, Cause.INITIAL_SILENCE)

    def test_a_word_that_never_ends_is_a_machine(self):
        detector = Detector(DetectionSettings(greeting=9000, longest_word=2000))
        assert detector.hear(burst(3)) == machine(Cause.MAX_WORD_LENGTH)

    def test_a_far_end_that_sends_nothing_is_silence(self):
        detector = Detector()
        assert detector.pass_over(2.4) is None
        assert detector.pass_over(0.2) == machine(Cause.INITIAL_SILENCE)

    def test_a_key_is_a_person_and_a_hang_up_nobody(self):
        assert Detector().press_key() == Finding(AnsweredBy.HUMAN, Cause.KEY)
        assert Detector().hang_up() == Finding(AnsweredBy.NOBODY, Cause.HANG_UP)

    def test_what_is_decided_stays(self):
        detector = Detector()
        detector.hear(quiet(0.5) + burst(0.4) + quiet(1))
        detector.hear(burst(4))
        assert detector.hang_up() == HUMAN

    @given(st.binary(max_size=20_000), st.lists(st.integers(1, 3_000), max_size=30))
    def test_how_the_sound_is_cut_does_not_matter(self, sound, sizes):
        pieces = []
        for size in sizes:
            pieces.append(sound[:size])
            sound = sound[size:]
        pieces.append(sound)
        whole, cut = Detector(), Detector()
        for piece in pieces:
            cut.hear(piece)
        assert whole.hear(b"".join(pieces)) == cut.finding

    @settings(max_examples=50)
    @given(st.lists(st.tuples(st.sampled_from([0, 300, 9000]), st.integers(1, 60)), min_size=1), st.data())
    def test_it_decides_in_time_whatever_comes(self, pieces, data):
        detector = Detector()
        total = data.draw(st.integers(251, 400))
        frames = [level for level, count in pieces for _ in range(count)]
        frames = (frames * total)[:total]
        for level in frames[:250]:
            detector.hear(level.to_bytes(2, "little") * (FRAME_BYTES // 2))
        assert detector.finding is not None

    @settings(max_examples=50)
    @given(st.integers(6, 70), st.integers(0, 120))
    def test_one_word_of_any_usual_length_is_a_person(self, frames, before):
        sound = quiet(before * 0.02) + burst(frames * 0.02) + quiet(1)
        assert Detector().hear(sound) == HUMAN


class TestGreetingEnd:
    @pytest.mark.parametrize("hz", [400, 440, 850, 1000, 1400, 2100])
    def test_a_tone_ends_it(self, hz):
        end = GreetingEnd()
        assert not end.hear(burst(3) + quiet(0.5))
        assert not end.hear(tone(0.3, hz))
        assert end.hear(quiet(0.3))

    def test_speech_is_no_tone(self):
        assert not GreetingEnd().hear(MACHINE[: -len(tone(0.4))] + burst(1) + quiet(0.5))

    def test_without_a_tone_a_long_silence_ends_it(self):
        end = GreetingEnd()
        assert not end.hear(burst(3) + quiet(1.9))
        assert end.hear(quiet(0.2))

    def test_speech_behind_a_jingle_goes_on(self):
        end = GreetingEnd()
        end.hear(tone(0.3) + burst(1.0))
        assert not end.hear(quiet(1.0))

    @given(st.binary(max_size=10_000))
    def test_any_sound_can_be_heard(self, sound):
        GreetingEnd().hear(sound)
