"""Encodings and delimiters: recognised, or asked for, never guessed into garbage."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.list_encoding import guess_encoding
from campaigns.list_errors import ListFileError, RowProblem
from campaigns.list_file import read_list
from campaigns.list_row import ListRow, RejectedCells

TEXT = (
    "Лицевой счёт;ФИО;Адрес;E-mail;Согласие\n"
    "001;Иванов Иван Иванович;Республика Мордовия, г. Саранск, ул. Ленина, д. 1;a@b.example;да\n"
    "002;Щёголева Юлия Эдуардовна;«Рассвет» №5;b@b.example;нет\n"
)


def rows_of(reading):
    return [item for item in reading if isinstance(item, ListRow)]


def write(tmp_path, content):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    return path


class TestDetectEncoding:
    @pytest.mark.parametrize(
        ("encoding", "expected", "guessed"),
        [
            ("utf-8", "utf-8", False),
            ("utf-8-sig", "utf-8-sig", False),
            ("utf-16", "utf-16", False),
            ("cp1251", "cp1251", True),
        ],
    )
    def test_usual_encodings_are_recognised_and_the_guess_is_stated(
        self, tmp_path, encoding, expected, guessed
    ):
        reading = read_list(write(tmp_path, TEXT.encode(encoding)))
        assert (reading.source.encoding, reading.source.encoding_guessed) == (expected, guessed)
        assert [row.full_name for row in rows_of(reading)] == [
            "Иванов Иван Иванович",
            "Щёголева Юлия Эдуардовна",
        ]

    @pytest.mark.parametrize("byte_order", ["utf-16-le", "utf-16-be"])
    def test_both_byte_orders_of_utf_16_are_read(self, tmp_path, byte_order):
        assert len(rows_of(read_list(write(tmp_path, ("\ufeff" + TEXT).encode(byte_order))))) == 2

    def test_capitals_in_windows_1251_are_recognised(self, tmp_path):
        assert len(rows_of(read_list(write(tmp_path, TEXT.upper().encode("cp1251"))))) == 2

    def test_cp1251_far_inside_a_file_that_began_as_ascii_is_recognised(self, tmp_path):
        head = "account;name;email;address\n" + "".join(f"{n};Name;n{n}@b.example;\n" for n in range(60_000))
        content = head.encode() + "999999;Иванова Марина;m@b.example;город Саранск\n".encode("cp1251")
        reading = read_list(write(tmp_path, content))
        assert (reading.source.encoding, reading.source.encoding_guessed) == ("cp1251", True)

    @pytest.mark.parametrize("encoding", ["mac_cyrillic", "iso8859-5"])
    def test_other_encodings_are_asked_for_and_not_guessed(self, tmp_path, encoding):
        with pytest.raises(ListFileError) as caught:
            read_list(write(tmp_path, TEXT.replace("№", "N").encode(encoding, "replace")))
        assert caught.value.code in {"encoding_unknown", "binary"}

    @pytest.mark.parametrize("encoding", ["cp866", "koi8-r", "utf-16-le", "utf-16-be", "cp1251"])
    @pytest.mark.parametrize("text", [TEXT, TEXT.upper()])
    def test_old_encodings_and_unmarked_utf_16_are_guessed_and_said_so(self, tmp_path, encoding, text):
        text = text.replace("№", "N").replace("«", "").replace("»", "")
        reading = read_list(write(tmp_path, text.encode(encoding)))
        assert (reading.source.encoding, reading.source.encoding_guessed) == (encoding, True)
        names = [item.full_name.title() for item in reading if isinstance(item, ListRow)]
        assert names == ["Иванов Иван Иванович", "Щёголева Юлия Эдуардовна"]

    @pytest.mark.parametrize("encoding", ["cp866", "koi8-r", "cp1251"])
    def test_a_named_encoding_is_used(self, tmp_path, encoding):
        reading = read_list(
            write(tmp_path, TEXT.replace("«Рассвет» №", "").encode(encoding)), encoding=encoding
        )
        assert rows_of(reading)[0].full_name == "Иванов Иван Иванович"
        assert not reading.source.encoding_guessed

    def test_utf_8_broken_in_one_place_is_not_taken_for_windows_1251(self, tmp_path):
        content = TEXT.encode().replace("Юлия".encode(), b"\xd0\xff", 1)
        with pytest.raises(ListFileError) as caught:
            read_list(write(tmp_path, content))
        assert caught.value.code == "encoding_unknown"

    def test_a_byte_order_mark_before_broken_text_names_the_line(self, tmp_path):
        content = TEXT.encode("utf-8-sig") + b"003;\xff;;;\n" + b"004;x;;;\n" * 5000
        with pytest.raises(ListFileError) as caught:
            list(read_list(write(tmp_path, content)))
        assert caught.value.code == "encoding_broken"

    def test_an_unknown_name_of_an_encoding_is_refused(self, tmp_path):
        with pytest.raises(ListFileError) as caught:
            read_list(write(tmp_path, TEXT.encode()), encoding="ebcdic")
        assert caught.value.code == "encoding_unsupported"

    @given(st.binary(max_size=400))
    def test_any_bytes_give_a_list_or_a_clear_error(self, tmp_path_factory, content):
        path = tmp_path_factory.getbasetemp() / "any.csv"
        path.write_bytes("лс;фио;тел\n".encode() + content)
        with contextlib.suppress(ListFileError):
            for item in read_list(path):
                assert isinstance(item, (ListRow, RowProblem, RejectedCells))


class TestGuessEncoding:
    @pytest.mark.parametrize("encoding", ["cp1251", "cp866", "koi8-r"])
    @pytest.mark.parametrize(
        "text", ["Кемеровская область, город Новокузнецк", "АБОНЕНТ ИВАНОВ ИВАН", "фио адрес"]
    )
    def test_short_russian_texts_are_told_apart(self, encoding, text):
        assert guess_encoding(text.encode(encoding)) == encoding

    def test_ukrainian_is_welcome(self):
        text = "Київська область, місто Біла Церква, вулиця Шевченка"
        assert guess_encoding(text.encode("cp1251")) == "cp1251"

    @pytest.mark.parametrize("encoding", ["utf-8", "mac_cyrillic", "iso8859-5"])
    def test_other_encodings_are_in_doubt(self, encoding):
        assert guess_encoding("Кемеровская Область, Город Новокузнецк".encode(encoding)) is None


class TestDelimiter:
    @pytest.mark.parametrize("delimiter", [";", ",", "\t"])
    def test_the_delimiter_is_found_from_the_header(self, tmp_path, delimiter):
        text = TEXT.replace(", ", " ").replace(";", delimiter)
        reading = read_list(write(tmp_path, text.encode()))
        assert reading.source.delimiter == delimiter
        assert len(rows_of(reading)) == 2

    def test_commas_inside_titles_do_not_win(self, tmp_path):
        text = "Л/С;ФИО;Телефон;Площадь, кв. м, всего, жилая, нежилая\n1;А;;5\n"
        assert read_list(write(tmp_path, text.encode())).source.delimiter == ";"

    @pytest.mark.parametrize("delimiter", [";", ",", "\t"])
    def test_excels_hint_is_followed_and_lines_still_count(self, tmp_path, delimiter):
        text = (
            f"sep={delimiter}\r\n"
            + delimiter.join(["ЛС", "ФИО", "Тел"])
            + "\r\n"
            + delimiter.join("12")
            + "\r\n"
        )
        (row,) = rows_of(read_list(write(tmp_path, text.encode("utf-8-sig"))))
        assert (row.account_number, row.line) == ("1", 3)

    @pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
    def test_every_line_end_is_understood(self, tmp_path, line_end):
        assert len(rows_of(read_list(write(tmp_path, TEXT.replace("\n", line_end).encode())))) == 2
