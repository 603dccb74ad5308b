"""What an address asks of the sandbox."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sandbox.directives import ACCEPT, GRAMMAR, Directive, Fate, RandomFaults, read_directive
from channels.sandbox.errors import SandboxError


class TestReadDirective:
    @pytest.mark.parametrize(
        ("local_part", "directive"),
        [
            ("reject-550-5.1.1.ivanov", Directive(Fate.REJECT, 550, "5.1.1")),
            ("REJECT-550-5.1.1-ivanov", Directive(Fate.REJECT, 550, "5.1.1")),
            ("reject-550-5.1.10", Directive(Fate.REJECT, 550, "5.1.10")),
            ("reject-550.ivanov", Directive(Fate.REJECT, 550)),
            ("rejectdata-554-5.6.0.x", Directive(Fate.REJECT_DATA, 554, "5.6.0")),
            ("rejectdata-451-4.3.0.x", Directive(Fate.REJECT_DATA, 451, "4.3.0")),
            ("defer-451-4.3.0.x", Directive(Fate.DEFER, 451, "4.3.0")),
            ("deferonce-451-4.3.0.x", Directive(Fate.DEFER_ONCE, 451, "4.3.0")),
            ("throttle-421.x", Directive(Fate.THROTTLE, 421)),
            ("hang.x", Directive(Fate.HANG)),
            ("hang", Directive(Fate.HANG)),
            ("hangdrop-x", Directive(Fate.HANG_DROP)),
            ("drop.x", Directive(Fate.DROP)),
            ("dropstart.x", Directive(Fate.DROP_START)),
            ("dropstartonce.x", Directive(Fate.DROP_START_ONCE)),
            ("bounce-5.1.1.x", Directive(Fate.BOUNCE, status="5.1.1")),
            ("slow-500.x", Directive(Fate.SLOW, delay_ms=500)),
        ],
    )
    def test_each_form_is_read(self, local_part: str, directive: Directive) -> None:
        assert read_directive(f"{local_part}@example.com") == directive

    @pytest.mark.parametrize(
        "local_part",
        ["anna", "hanging.x", "dropper", "reject.x", "reject-450.x", "defer-550.x", "slow.x", "x.hang"],
    )
    def test_every_other_name_is_accepted(self, local_part: str) -> None:
        assert read_directive(f"{local_part}@example.com") is ACCEPT

    @given(st.text())
    def test_no_text_makes_it_raise(self, text: str) -> None:
        read_directive(text)

    def test_the_table_names_every_fate(self) -> None:
        assert {form.partition("-")[0].partition("[")[0] for form in GRAMMAR} == set(Fate) - {Fate.ACCEPT}


class TestRandomFaults:
    def test_the_same_seed_gives_the_same_fates_in_any_order(self) -> None:
        addresses = [f"a{number}@example.com" for number in range(300)]
        first, second = (RandomFaults(7, {"hang": 0.3, "drop": 0.3}) for _ in range(2))
        fates = {address: first.draw(address) for address in addresses}
        assert {address: second.draw(address) for address in reversed(addresses)} == fates
        assert RandomFaults(8, {"hang": 0.3, "drop": 0.3}).draw(addresses[0]) in fates.values()

    def test_shares_are_kept(self) -> None:
        faults = RandomFaults(1, {"hangdrop": 0.1, "defer-451-4.3.0": 0.2})
        counted = Counter(faults.draw(f"a{number}@example.com").fate for number in range(5000))
        assert 400 < counted[Fate.HANG_DROP] < 600
        assert 850 < counted[Fate.DEFER] < 1150

    def test_a_second_try_has_its_own_lot(self) -> None:
        faults = RandomFaults(1, {"hang": 0.5})
        assert len({faults.draw("a@example.com").fate for _ in range(50)}) == 2

    @pytest.mark.parametrize(
        "shares", [{"hang": 1.1}, {"nonsense": 0.1}, {"hang": -0.1}, {"hang": 0.6, "drop": 0.6}]
    )
    def test_wrong_shares_are_refused(self, shares: dict[str, float]) -> None:
        with pytest.raises(SandboxError):
            RandomFaults(1, shares)
