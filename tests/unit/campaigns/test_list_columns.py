"""The columns of a file as staff are shown them, and the mapping that they choose."""

from pathlib import Path

import pytest

from campaigns.list_columns import mapping_of, read_columns
from campaigns.list_errors import ListFileError
from campaigns.list_header import FURTHER, IGNORE

STRANGE = "Код 2;Плательщик;E-mail;;Причина\r\n0012;Анна Петрова;anna@example.org;x;плохо\r\n"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode("cp1251"))
    return path


class TestReadColumns:
    def test_shows_the_guess_and_the_first_values_without_a_judgement(self, tmp_path: Path) -> None:
        found = read_columns(write(tmp_path, STRANGE), encoding="cp1251")
        assert [one.title for one in found.columns] == ["Код 2", "Плательщик", "E-mail", "", "Причина"]
        assert [one.field for one in found.columns] == [FURTHER, FURTHER, "email", FURTHER, IGNORE]
        assert found.columns[0].values == ("0012",)
        assert found.has_titles

    def test_a_saved_mapping_counts_where_its_titles_are(self, tmp_path: Path) -> None:
        saved = {"Код 2": "account_number", "absent": "phone"}
        found = read_columns(write(tmp_path, STRANGE), encoding="cp1251", saved=saved)
        assert found.columns[0].field == "account_number"

    def test_two_columns_may_claim_one_field(self, tmp_path: Path) -> None:
        found = read_columns(write(tmp_path, "ФИО;Абонент;E-mail\r\nа;б;в\r\n"), encoding="cp1251")
        assert [one.field for one in found.columns][:2] == ["full_name", "full_name"]

    def test_data_in_place_of_titles_is_told(self, tmp_path: Path) -> None:
        text = "0012345;Анна;anna@example.org\r\n" * 2
        assert not read_columns(write(tmp_path, text), encoding="cp1251").has_titles

    def test_a_long_value_is_cut(self, tmp_path: Path) -> None:
        found = read_columns(write(tmp_path, f"ФИО;E-mail\r\n{'я' * 300};a@b.ru\r\n"), encoding="cp1251")
        assert found.columns[0].values == (f"{'я' * 40}…",)

    def test_an_empty_file_is_no_list(self, tmp_path: Path) -> None:
        with pytest.raises(ListFileError):
            read_columns(write(tmp_path, ""))


class TestMappingOf:
    def test_names_each_title_with_its_field(self, tmp_path: Path) -> None:
        found = read_columns(write(tmp_path, STRANGE), encoding="cp1251")
        chosen = mapping_of(found.columns, {0: "account_number", 1: "full_name"})
        assert chosen == {
            "Код 2": "account_number",
            "Плательщик": "full_name",
            "E-mail": "email",
            "Причина": IGNORE,
        }

    @pytest.mark.parametrize(
        ("text", "fields", "code"),
        [
            (STRANGE, {0: "no_such_field"}, "mapping_wrong"),
            ("Тел.;Тел;E-mail\r\n1;2;3\r\n", {0: "phone", 1: IGNORE}, "same_title"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(
        self, tmp_path: Path, text: str, fields: dict[int, str], code: str
    ) -> None:
        found = read_columns(write(tmp_path, text), encoding="cp1251")
        with pytest.raises(ListFileError) as refused:
            mapping_of(found.columns, fields)
        assert refused.value.code == code
