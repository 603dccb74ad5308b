"""Reading a whole list: rows, problems, files that are no lists."""

import hashlib
import tracemalloc
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from campaigns.list_errors import REASONS, ListFileError, RowProblem, Severity
from campaigns.list_file import fingerprint, read_list
from campaigns.list_limits import ListLimits
from campaigns.list_row import ListRow

HEADER = "Лицевой счёт;ФИО;Адрес;E-mail;Телефон;Сумма долга;Срок оплаты;Согласие\n"
GOOD = (
    "0012345;Примеров Иван;г. Омск, ул. Тихая, 1;ivan@mail.example;8 (900) 000-11-22;1 200,50;25.12.2026;да\n"
)


ABOUT_DEFAULT_ZONE = {"zone_default", "zone_column_absent"}


@pytest.fixture
def read(tmp_path):
    def read_text(content, **options):
        path = tmp_path / "list.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_list(path, **options)

    return read_text


def rows_of(reading):
    return [item for item in reading if isinstance(item, ListRow)]


def problems_of(reading):
    """Without the time zone, which has tests of its own."""
    return [
        item for item in reading if isinstance(item, RowProblem) and item.reason not in ABOUT_DEFAULT_ZONE
    ]


def reasons_of(reading):
    return [(problem.line, problem.reason) for problem in problems_of(reading)]


class TestRows:
    def test_a_good_row_is_read_whole(self, read):
        assert list(read(HEADER + GOOD)) == [
            ListRow(
                line=2,
                account_number="0012345",
                person_id=None,
                full_name="Примеров Иван",
                address="г. Омск, ул. Тихая, 1",
                time_zone="Asia/Omsk",
                time_zone_known=True,
                email="ivan@mail.example",
                phone="+79000001122",
                debt=Decimal("1200.50"),
                due_date=date(2026, 12, 25),
                consent=frozenset({"email", "sms", "voice"}),
            )
        ]

    def test_a_list_may_be_read_again(self, read):
        reading = read(HEADER + GOOD)
        assert list(reading) == list(reading)

    def test_further_columns_become_fields(self, read):
        (row,) = rows_of(
            read("ЛС;ФИО;Тел;Участок;Участок;;Язык;Группа;Договор;Код абонента\n7;И;;5;6;x;укр;3;нет;A1\n")
        )
        assert row.fields == {"Участок": "5", "Участок (5)": "6", "столбец 6": "x"}
        assert (row.language, row.customer_group, row.contract, row.person_id) == ("uk", 3, False, "A1")

    def test_empty_cells_say_nothing(self, read):
        (row,) = rows_of(read(HEADER + "1;Имя;;;;;;\n"))
        assert (row.email, row.phone, row.debt, row.due_date, row.consent) == (None,) * 5
        assert (row.customer_group, row.language, row.contract) == (1, "ru", True)

    def test_a_row_cut_short_lacks_only_empty_cells(self, read):
        assert rows_of(read(HEADER + "1;Имя\n"))[0].account_number == "1"

    def test_a_no_is_not_the_same_as_silence(self, read):
        silent, refused = rows_of(read(HEADER + "1;А;;;;;;\n2;Б;;;;;;нет\n"))
        assert silent.consent is None
        assert refused.consent == frozenset()

    def test_formulas_are_text(self, read):
        (row,) = rows_of(read(HEADER + "=1+1;@SUM(A1);=cmd;;;;;\n"))
        assert (row.account_number, row.full_name, row.address) == ("=1+1", "@SUM(A1)", "=cmd")

    def test_blank_lines_are_passed_over_and_lines_counted_as_in_the_file(self, read):
        assert [row.line for row in rows_of(read("\n" + HEADER + "\n;;;;;;;\n1;А\n\n2;Б\n"))] == [5, 7]

    def test_an_address_may_take_two_lines_of_the_file(self, read):
        first, second = rows_of(read(HEADER + '1;А;"г. Омск,\nул. Тихая, 1";;;;;\n2;Б\n'))
        assert first.address == "г. Омск, ул. Тихая, 1"
        assert (first.line, second.line) == (2, 4)

    def test_the_stated_zone_beats_the_address_and_the_default_is_marked(self, read):
        reading = read(
            "ЛС;ФИО;Адрес;Телефон;Часовой пояс\n1;А;г. Омск;;МСК+4\n2;Б;ул. Тихая;;\n3;В;г. Омск;;чудной\n",
            default_zone=ZoneInfo("Europe/Samara"),
        )
        assert [(row.time_zone, row.time_zone_known) for row in rows_of(reading)] == [
            ("Etc/GMT-7", True),
            ("Europe/Samara", False),
            ("Asia/Omsk", True),
        ]
        assert reasons_of(reading) == [(4, "zone_unclear")]


class TestRowProblems:
    @pytest.mark.parametrize(
        ("row", "column", "value_class", "reason"),
        [
            (";Имя;;;;;;", "Лицевой счёт", "empty", "required_empty"),
            ("1;;;;;;;", "ФИО", "empty", "required_empty"),
            ("1,23E+12;Имя;;;;;;", "Лицевой счёт", "number in scientific form", "account_scientific"),
            ("123456.0;Имя;;;;;;", "Лицевой счёт", "number", "account_decimal"),
            ("1;Имя;;;;много;;", "Сумма долга", "text", "sum_not_a_number"),
            ("1;Имя;;;;-5;;", "Сумма долга", "negative number", "sum_negative"),
            ("1;Имя;;;;;31.02.2026;", "Срок оплаты", "date", "date_impossible"),
            ("1;Имя;;;;;завтра;", "Срок оплаты", "text", "date_not_understood"),
            ("1;Имя;;;;;;;лишнее", "столбец 9", "text", "too_many_cells"),
            ('1;"Имя" и ещё;;;;;;', "", "text", "bad_quotes"),
            ("1;" + "х" * 4001 + ";;;;;;", "ФИО", "long text", "too_long"),
        ],
    )
    def test_a_bad_row_is_reported_and_not_taken_and_the_others_stay(
        self, read, row, column, value_class, reason
    ):
        reading = read(f"{HEADER}{row}\n{GOOD}")
        (problem,) = problems_of(reading)
        assert (problem.line, problem.column, problem.value_class, problem.reason) == (
            2,
            column,
            value_class,
            reason,
        )
        assert problem.severity is Severity.ERROR
        assert [row.line for row in rows_of(reading)] == [3]

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("1;Имя;;bad@@mail;+7 900 000-00-01;;;", "email_bad"),
            ("1;Имя;;a@b.example;12345;;;", "phone_bad"),
            ("1;Имя;;a@b.example;;;;может быть", "consent_unclear"),
            ("1;Имя;;a@b.example;+7 900 000-00-01 доб. 5;;;", "phone_extension"),
        ],
    )
    def test_a_bad_contact_or_consent_costs_only_itself(self, read, row, reason):
        reading = read(HEADER + row + "\n")
        (problem,), (taken,) = problems_of(reading), rows_of(reading)
        assert (problem.reason, problem.severity) == (reason, Severity.WARNING)
        assert taken.email or taken.phone

    def test_all_faults_of_a_row_are_reported_together(self, read):
        reading = read(HEADER + "1;Имя;;bad;bad;bad;bad;bad\n")
        assert [problem.reason for problem in problems_of(reading)] == [
            *("email_bad", "phone_bad", "sum_not_a_number", "date_not_understood", "consent_unclear")
        ]
        assert rows_of(reading) == []

    def test_the_same_account_twice_names_the_first_line(self, read):
        (problem,) = problems_of(read(HEADER + "0012 345;А\n7;Б\n0012345;В\n"))
        assert (problem.line, problem.reason, problem.first_line) == (4, "duplicate_account", 2)
        assert "в строке 2" in problem.message

    def test_a_refused_row_does_not_make_the_good_one_a_duplicate(self, read):
        reading = read(HEADER + "1;А;;;;плохо;;\n1;А;;;;5;;\n")
        assert [row.line for row in rows_of(reading)] == [3]

    def test_accounts_that_differ_in_leading_zeros_are_different(self, read):
        assert len(rows_of(read(HEADER + "01;А\n001;Б\n1;В\n"))) == 3

    def test_rows_joined_by_a_stray_quote_are_reported_with_all_their_lines(self, read):
        reading = read(HEADER + '1;"А;;;;;;\n2;Б;;;;;;\n3;В";;;;;;\n4;Г\n')
        (problem,) = problems_of(reading)
        assert (problem.reason, problem.line, problem.last_line) == ("swallowed_rows", 2, 4)
        assert "2–4" in problem.message
        assert [row.line for row in rows_of(reading)] == [5]

    def test_no_problem_carries_the_value(self, read):
        reading = read(
            HEADER + "1,5E+7;Тайный;;секрет@@x;секрет;секрет;секрет;секрет\n1;Имя;;секрет@@x;;с;;\n"
        )
        assert problems_of(reading)
        assert not any("секрет" in f"{problem!r} {problem.message}" for problem in problems_of(reading))

    @pytest.mark.parametrize("reason", REASONS)
    def test_every_reason_has_words_in_two_languages(self, reason):
        problem = RowProblem(5, "ФИО", "text", reason, first_line=2, last_line=7)
        assert problem.message
        assert problem.message_en
        assert "{" not in problem.message + problem.message_en


class TestFileErrors:
    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "empty"),
            (b"\xef\xbb\xbf", "empty"),
            ("\n\n", "empty"),
            (HEADER, "no_rows"),
            (HEADER + "\n;;;;;;;\n", "no_rows"),
            (b"PK\x03\x04" + b"\0" * 50, "workbook_broken"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "binary"),
            (b"%PDF-1.7 ...", "binary"),
            (b"<html><table>", "binary"),
            (b"\x01\x02\0\x03", "binary"),
            (HEADER.encode("utf-16")[2:], "no_rows"),
            ("ФИО;Адрес\nИван;Омск\n", "missing_column"),
            ("ЛС;ФИО;Телефон;Мобильный\n1;2;3;4\n", "duplicate_column"),
            ('ЛС;"ФИО;Телефон\n1;2;3\n', "quote_open"),
            (HEADER + '1;"А;;;\n2;Б\n', "quote_open"),
        ],
    )
    def test_what_is_no_list_has_its_own_message(self, read, content, code):
        with pytest.raises(ListFileError) as caught:
            list(read(content))
        assert caught.value.code == code
        assert len(str(caught.value)) > 20

    def test_an_empty_list_says_that_it_has_no_rows(self, read):
        with pytest.raises(ListFileError, match="в списке нет ни одной строки"):
            read(HEADER)

    def test_a_missing_column_lists_what_is_missing_and_what_was_found(self, read):
        with pytest.raises(ListFileError) as caught:
            read("Абонент;Площадь\nИван;50\n")
        message = str(caught.value)
        assert "Не найдены: «Лицевой счёт», «E-mail» или «Телефон»" in message
        assert "«Площадь»" in message

    def test_a_file_without_a_header_does_not_show_its_first_person(self, read):
        with pytest.raises(ListFileError) as caught:
            read("1234567;Примеров Иван;ivan@mail.example\n2;3;4\n")
        assert caught.value.code == "missing_column"
        assert "Примеров" not in str(caught.value)

    def test_a_missing_file_and_a_folder_are_refused(self, tmp_path):
        for path in (tmp_path / "нет.csv", tmp_path):
            with pytest.raises(ListFileError) as caught:
                read_list(path)
            assert caught.value.code == "unreadable"

    @pytest.mark.parametrize(
        ("limits", "code"),
        [
            (ListLimits(file_bytes=50), "too_large"),
            (ListLimits(rows=1), "too_many_rows"),
            (ListLimits(columns=7), "too_many_columns"),
        ],
    )
    def test_a_list_over_a_limit_is_refused(self, read, limits, code):
        with pytest.raises(ListFileError) as caught:
            list(read(HEADER + "1;А\n2;Б\n", limits=limits))
        assert caught.value.code == code

    def test_a_file_of_one_endless_line_is_refused_without_reading_it_whole(self, read):
        with pytest.raises(ListFileError) as caught:
            read("x" * 1_100_000)
        assert caught.value.code == "line_too_long"


class TestMapping:
    def test_a_mapping_beats_the_table_and_leaves_columns_out(self, read):
        reading = read(
            "Номер;Абонент;Телефон;Мобильный;Лишнее\n1;А;+7 900 000-00-01;+7 900 000-00-02;x\n",
            mapping={"номер": "account_number", "МОБИЛЬНЫЙ": "phone", "Лишнее": ""},
        )
        (row,) = rows_of(reading)
        assert (row.account_number, row.phone) == ("1", "+79000000002")
        assert row.fields == {"Телефон": "+7 900 000-00-01"}

    @pytest.mark.parametrize("mapping", [{"ФИО": "nonsense"}, {"Нет такого": "phone"}])
    def test_a_mapping_that_does_not_fit_is_refused(self, read, mapping):
        with pytest.raises(ListFileError) as caught:
            read(HEADER + GOOD, mapping=mapping)
        assert caught.value.code == "mapping_wrong"


class TestFingerprint:
    def test_it_is_the_sha_256_of_the_bytes(self, tmp_path):
        path = tmp_path / "list.csv"
        path.write_bytes(b"x" * 3_000_000)
        assert fingerprint(path) == hashlib.sha256(b"x" * 3_000_000).digest()


class TestMemory:
    def test_it_does_not_grow_with_the_file(self, tmp_path):
        def peak(rows):
            path = tmp_path / f"{rows}.csv"
            path.write_text(
                HEADER + "".join(f"{n + 1};Имя;г. Омск;;;;;\n" for n in range(rows)), encoding="utf-8"
            )
            tracemalloc.start()
            try:
                assert sum(1 for _ in read_list(path)) == rows
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

        peak(10)  # tables of libraries are loaded once
        assert peak(4000) - peak(400) < 500_000
