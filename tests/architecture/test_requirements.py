"""The account of the 62 requirements: complete, and marked only where something is proven."""

from pathlib import Path

import pytest

from tests.requirements import MAX_REASONED, REASONED, TITLES, survey


def marked(tmp_path: Path, source: str) -> Path:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_it.py").write_text(source, encoding="utf-8")
    return folder


class TestTheAccount:
    def test_the_checklist_has_sixty_two_numbers(self) -> None:
        assert list(TITLES) == list(range(1, 63))

    def test_every_number_is_proven_reasoned_or_missing_and_only_one_of_them(self) -> None:
        found = survey()
        parts = [set(found.proven), set(found.reasoned), set(found.missing)]
        assert sum(len(part) for part in parts) == 62
        assert set().union(*parts) == set(TITLES)

    def test_no_mark_is_wrong(self) -> None:
        assert survey().faults == []

    def test_at_most_five_are_reasoned_away_each_with_words(self) -> None:
        assert len(REASONED) <= MAX_REASONED
        assert all(len(reason) > 20 for reason in REASONED.values())

    def test_the_last_line_is_the_sum(self) -> None:
        found = survey()
        assert list(found.lines())[-1] == (
            f"proven {len(found.proven)}, reasoned {len(found.reasoned)}, missing {len(found.missing)}"
        )


class TestMarks:
    def test_a_marked_test_proves_its_number(self, tmp_path: Path) -> None:
        source = (
            "class TestIt:\n    @pytest.mark.requirement(7, 'x')\n    def test_a(self):\n        assert 1\n"
        )
        assert survey(marked(tmp_path, source)).proven == {7: ["tests/test_it.py::TestIt::test_a"]}

    @pytest.mark.parametrize("number", ["0", "63", "'7'"])
    def test_a_number_that_does_not_exist_is_a_fault(self, tmp_path: Path, number: str) -> None:
        source = f"@pytest.mark.requirement({number}, 'x')\ndef test_a():\n    assert 1\n"
        found = survey(marked(tmp_path, source))
        assert found.proven == {}
        assert len(found.faults) == 1

    def test_a_test_without_an_assertion_is_a_fault(self, tmp_path: Path) -> None:
        source = "@pytest.mark.requirement(7, 'x')\ndef test_a():\n    print(1)\n"
        assert len(survey(marked(tmp_path, source)).faults) == 1

    def test_an_assertion_in_a_function_of_the_same_file_counts(self, tmp_path: Path) -> None:
        source = "def check():\n    assert 1\n@pytest.mark.requirement(7, 'x')\ndef test_a():\n    check()\n"
        assert list(survey(marked(tmp_path, source)).proven) == [7]
