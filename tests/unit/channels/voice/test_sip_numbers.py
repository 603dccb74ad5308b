import pytest

from channels.voice.sip.numbers import caller_id_for, dialled_form, takes
from tests.unit.channels.voice.made_stack import trunk_of


class TestDialledForm:
    @pytest.mark.parametrize(
        ("form", "number", "dialled"),
        [
            ("plus", "+79161234567", "+79161234567"),
            ("digits", "+79161234567", "79161234567"),
            ("national", "+79161234567", "89161234567"),
            ("national", "+380441234567", "380441234567"),
        ],
    )
    def test_each_trunk_has_its_form(self, form: str, number: str, dialled: str) -> None:
        assert dialled_form(trunk_of(number_format=form), number) == dialled

    def test_the_prefix_stands_before_every_form(self) -> None:
        assert dialled_form(trunk_of(dial_prefix="9#"), "+79161234567") == "9#79161234567"

    def test_another_country_has_its_own_prefix(self) -> None:
        trunk = trunk_of(number_format="national", country_code="380", national_prefix="0")
        assert dialled_form(trunk, "+380441234567") == "0441234567"
        assert dialled_form(trunk, "+79161234567") == "79161234567"


class TestTakes:
    def test_a_trunk_without_prefixes_takes_all(self) -> None:
        assert takes(trunk_of(), "+380441234567")

    def test_a_trunk_with_prefixes_takes_those(self) -> None:
        assert takes(trunk_of(prefixes=["+7"]), "+79161234567")
        assert not takes(trunk_of(prefixes=["+7"]), "+380441234567")


class TestCallerId:
    POOL = trunk_of(caller_ids=[{"number": f"7495000000{n}"} for n in range(10)])

    def test_a_person_always_sees_the_same_number(self) -> None:
        assert len({caller_id_for(self.POOL, "+79161234567").number for _ in range(20)}) == 1

    def test_the_whole_pool_is_used(self) -> None:
        seen = {caller_id_for(self.POOL, f"+7916{n:07}").number for n in range(500)}
        assert len(seen) == 10
