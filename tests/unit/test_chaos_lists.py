"""What the chaos rounds excuse by an address, and what they expect of a number."""

import csv
from pathlib import Path

import pytest

from tests.chaos.lists import LISTS, PHONE_COLUMN, SILENT_PART, contradicts, is_doubtful, write_list


class TestIsDoubtful:
    @pytest.mark.parametrize(
        ("address", "is_received", "is_unanswered", "is_excused"),
        [
            ("hangdrop.a@example.org", True, False, True),
            ("hangdrop.a@example.org", False, True, False),
            ("drop.a@example.org", False, True, True),
            ("drop.a@example.org", False, False, False),
            ("dropstartonce.a@example.org", False, True, False),
            ("a@example.org", True, False, False),
            ("+79993040001", False, True, True),  # not taken, and nothing said
            ("+79993040001", False, False, False),
            ("+79993030001", True, False, False),  # taken: the provider can be asked
            (None, False, True, False),
        ],
    )
    def test_only_what_was_done_to_this_very_attempt_is_an_excuse(
        self, address: str | None, is_received: bool, is_unanswered: bool, is_excused: bool
    ) -> None:
        assert is_doubtful(address, is_received=is_received, is_unanswered=is_unanswered) is is_excused


class TestContradicts:
    @pytest.mark.parametrize(
        ("number", "arrives"),
        [
            ("+79001234567", True),
            ("+79993070001", True),  # called back twice
            ("+79993090001", True),  # in the wrong order
            ("+79992200001", False),  # undeliverable
            ("+79993050001", False),  # nothing is ever reported
        ],
    )
    def test_an_end_must_be_the_reported_one(self, number: str, arrives: bool) -> None:
        assert contradicts(number, is_delivered=not arrives)
        assert not contradicts(number, is_delivered=arrives)

    def test_letters_have_no_such_reports(self) -> None:
        assert not contradicts("bounce-5.1.1.a@example.org", is_delivered=False)


class TestWriteList:
    @pytest.mark.parametrize("kind", LISTS)
    def test_it_has_everybody_and_is_the_same_for_the_same_seed(self, kind: str, tmp_path: Path) -> None:
        for name in ("one", "two"):
            write_list(tmp_path / name, kind, 300, seed=5)
        assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
        with (tmp_path / "one").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
        assert len(rows) == 300
        phones = [row[PHONE_COLUMN] for row in rows]
        assert len(set(phones)) == 300
        assert any(phone.startswith("+7999305") for phone in phones) is (kind == "texts")

    def test_nobody_waits_at_the_end_for_a_number_that_never_answers(self, tmp_path: Path) -> None:
        write_list(tmp_path / "texts", "texts", 5000, seed=3)
        with (tmp_path / "texts").open(encoding="utf-8-sig", newline="") as file:
            phones = [row[PHONE_COLUMN] for row in csv.DictReader(file, delimiter=";")]
        silent = [place for place, phone in enumerate(phones) if phone.startswith(("+7999301", "+7999302"))]
        assert silent
        assert max(silent) < len(phones) / SILENT_PART + 100  # some people have no number
