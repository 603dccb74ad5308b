"""The compact memory of keys behaves like a dict."""

from hypothesis import given
from hypothesis import strategies as st

from campaigns.first_seen import FirstSeen


class TestFirstSeen:
    @given(st.lists(st.text(max_size=3), max_size=60))
    def test_it_answers_as_a_dict_would(self, keys):
        seen, model = FirstSeen(), {}
        for line, key in enumerate(keys, start=1):
            assert seen.line_of(key) == model.get(key)
            if key not in model:
                seen.add(key, line)
                model[key] = line
        assert len(seen) == len(model)

    def test_growing_keeps_every_key(self):
        seen = FirstSeen()
        for line in range(1, 5001):
            seen.add(str(line), line)
        assert all(seen.line_of(str(line)) == line for line in range(1, 5001))
        assert seen.line_of("0") is None
