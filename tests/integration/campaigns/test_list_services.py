"""Around an import: rejected rows come back as a file, mappings stay, versions are compared, people kept."""

import csv
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from python_calamine import load_workbook
from sqlalchemy import text

from campaigns.errors import UnknownListError, UnknownMappingError
from campaigns.import_list import ImportRequest, ImportResult, import_list, open_list
from campaigns.list_check import check_list
from campaigns.list_diff import diff_lists
from campaigns.list_errors import ListFileError
from campaigns.list_mapping import delete_mapping, get_mapping, list_mappings, save_mapping
from campaigns.list_rejected import rejected_name, write_rejected
from consent.persons import change_person, confirm_contact
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.core.ids import new_id
from tests.factories import HEADER, row, write_list
from tests.integration.campaigns.corpus import GOOD, OTHER, line, xlsx
from tests.integration.campaigns.corpus import text as csv_text


def take(database: Database, path: Path, name: str = "Должники", **options) -> ImportResult:
    return import_list(database, Clock(), ImportRequest(path=path, name=name, **options), actor="operator")


def ask(database: Database, query: str, **values) -> list[tuple]:
    with database.transaction() as session:
        return [tuple(one) for one in session.execute(text(query), values)]


def rejected(database: Database, result: ImportResult, path: Path) -> Path:
    with database.transaction() as session:
        return write_rejected(session, result.list_id, path).path


class TestRejectedRows:
    @pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "utf-8-sig", "utf-16"])
    def test_the_file_has_the_shape_of_the_source_and_comes_back_mended(self, database, tmp_path, encoding):
        source = tmp_path / "list.csv"
        bad = line("1,23E+12", name="=1+1", email="x@mail.example")
        csv_text(GOOD, bad, OTHER, encoding=encoding, delimiter="\t")(source)
        result = take(database, source)
        back = rejected(database, result, tmp_path / "back.csv")
        with back.open(encoding=encoding, newline="") as file:
            header, found = csv.reader(file, delimiter="\t")
        assert header[-1] == "Причина"
        assert found[:4] == ["1,23E+12", "", "'=1+1", bad[3]]
        assert "Лицевой счёт" in found[-1]

        mended = back.read_bytes().decode(encoding).replace("1,23E+12", "77")
        back.write_bytes(mended.encode(encoding))
        again = take(database, back, "Исправленные")
        assert (again.recipients, again.rejected) == (1, 0)
        ((name, fields),) = ask(
            database, "SELECT full_name, fields FROM recipient WHERE list_id = :list", list=again.list_id
        )
        assert name == "=1+1"
        assert "Причина" not in fields

    def test_a_workbook_comes_back_as_a_workbook_of_texts(self, database, tmp_path):
        source = tmp_path / "list.xlsx"
        xlsx(GOOD, line("", name="=HYPERLINK(1)"))(source)
        result = take(database, source)
        with database.transaction() as session:
            assert rejected_name(session, result.list_id) == "list-ошибки.xlsx"
        back = rejected(database, result, tmp_path / "back.xlsx")
        header, found = load_workbook(str(back)).get_sheet_by_index(0).to_python()
        assert header[-1] == "Причина"
        assert found[-1]

    def test_lines_joined_by_a_stray_quote_come_back_one_by_one(self, database, tmp_path):
        source = tmp_path / "list.csv"
        csv_text(GOOD, ['2;"Б;;;;;;'], ['3;В";;;;;;'], OTHER)(source)
        result = take(database, source)
        back = rejected(database, result, tmp_path / "back.csv")
        with back.open(encoding="utf-8-sig", newline="") as file:
            assert [cells[0] for cells in csv.reader(file, delimiter=";")][1:] == ["2", "3"]
        assert result.rejected == 1

    def test_an_unknown_list_is_said(self, database, tmp_path):
        with pytest.raises(UnknownListError), database.transaction() as session:
            write_rejected(session, new_id(), tmp_path / "x.csv")


class TestMappings:
    @property
    def mapping(self):
        return dict(zip(self.TITLES, self.FIELDS, strict=True))

    TITLES = ("№ договора", "Кто", "Сколько", "Связь")

    def write(self, path: Path) -> Path:
        csv_text(["0001", "Иванов Иван", "10,00", "a@mail.example"], header=self.TITLES)(path)
        return path

    FIELDS = ("account_number", "full_name", "debt", "email")

    def test_what_staff_corrected_once_serves_the_next_list_of_the_source(self, database, tmp_path):
        path = self.write(tmp_path / "list.csv")
        with pytest.raises(ListFileError):
            take(database, path, source="billing")
        take(database, path, source="billing", mapping=self.mapping, saves_mapping=True)
        again = take(database, path, source="billing")
        assert again.recipients == 1
        with database.transaction() as session:
            assert dict(get_mapping(session, "billing").columns) == self.mapping
            assert [one.source for one in list_mappings(session)] == ["billing"]
        assert ask(database, "SELECT actor, action FROM audit_event WHERE action LIKE 'mapping%'") == [
            ("operator", "mapping.saved")
        ]

    def test_it_can_be_corrected_and_forgotten(self, database):
        with database.transaction() as session:
            now = Clock().refresh(session)
            for field in ("debt", "due_date"):
                save_mapping(session, source="1С", columns={"Срок": field}, actor="a", now=now)
            assert dict(get_mapping(session, "1С").columns) == {"Срок": "due_date"}
            delete_mapping(session, source="1С", actor="a", now=now)
            assert get_mapping(session, "1С") is None
            with pytest.raises(UnknownMappingError):
                delete_mapping(session, source="1С", actor="a", now=now)
            with pytest.raises(ListFileError):
                save_mapping(session, source="1С", columns={"Срок": "нет"}, actor="a", now=now)

    def test_a_check_shows_fields_and_kinds_and_never_a_value_and_imports_nothing(self, database, tmp_path):
        path = self.write(tmp_path / "list.csv")
        request = ImportRequest(path=path, name="x", mapping=self.mapping)
        found = check_list(open_list(database, request)).as_dict()
        assert found["columns"] == self.mapping
        assert found["rows"] == [["number", "text", "number", "e-mail"]]
        assert "Иванов" not in repr(found)
        assert ask(database, "SELECT 1 FROM recipient_list") == []


class TestVersions:
    @pytest.mark.requirement(8, "Store notification lists: versions and what differs between them")
    def test_the_difference_names_who_came_went_and_changed(self, database, tmp_path):
        first, second = tmp_path / "1.csv", tmp_path / "2.csv"
        write_list(first, [row(1), row(2), row(3), row(4)])
        write_list(second, [row(1), row(2, debt="5,00"), row(3, email="new@example.org"), row(5)])
        for path in (first, second):
            take(database, path)
        with database.transaction() as session:
            found = diff_lists(session, "Должники").as_dict()
        assert {key: found[key] for key in ("added", "removed", "changed", "same", "debt", "email")} == {
            **{"added": 1, "removed": 1, "changed": 2, "same": 1, "debt": 1, "email": 1}
        }
        assert [(one["account"], one["kind"], one["fields"]) for one in found["changes"]] == [
            ("0000000002", "changed", ["debt"]),
            ("0000000003", "changed", ["email"]),
            ("0000000004", "removed", []),
            ("0000000005", "added", []),
        ]

    def test_one_version_cannot_be_compared(self, database, tmp_path):
        take(database, write_list(tmp_path / "1.csv", [row(1)]))
        with pytest.raises(UnknownListError), database.transaction() as session:
            diff_lists(session, "Должники")

    def test_the_same_file_again_is_the_next_version_and_says_so(self, database, tmp_path):
        path = write_list(tmp_path / "1.csv", [row(1)])
        first, second = take(database, path), take(database, path)
        assert (first.same_as_version, second.version, second.same_as_version) == (None, 2, 1)


class TestPeople:
    @pytest.mark.requirement(53, "Contact data are actualised: what staff confirmed stays preferred")
    def test_a_confirmed_address_stays_preferred_over_what_a_list_brings(self, database, tmp_path):
        take(database, write_list(tmp_path / "1.csv", [row(1, email="true@example.org")]))
        ((contact,),) = ask(database, "SELECT id FROM contact_point WHERE address = 'true@example.org'")
        with database.transaction() as session:
            confirm_contact(session, contact, actor="operator", now=Clock().refresh(session))
        take(database, write_list(tmp_path / "2.csv", [row(1, email="other@example.org")]))
        found = ask(
            database,
            "SELECT c.address FROM recipient r JOIN recipient_list l ON l.id = r.list_id"
            " JOIN contact_point c ON c.id = r.email_contact_id ORDER BY l.version",
        )
        assert found == [("true@example.org",), ("true@example.org",)]
        assert ("other@example.org",) in ask(database, "SELECT address FROM contact_point")

    def test_a_no_of_a_list_reaches_the_confirmed_address_and_a_yes_does_not(self, database, tmp_path):
        take(database, write_list(tmp_path / "1.csv", [row(1, email="true@example.org", phone="")]))
        ((contact,),) = ask(database, "SELECT id FROM contact_point WHERE address = 'true@example.org'")
        with database.transaction() as session:
            confirm_contact(session, contact, actor="operator", now=Clock().refresh(session))
        refusal = row(1, email="other@example.org", phone="", consent="нет")
        take(database, write_list(tmp_path / "2.csv", [refusal]))
        latest = "SELECT action FROM consent_event WHERE contact_point_id = :c ORDER BY sequence DESC LIMIT 1"
        assert ask(database, latest, c=contact) == [("withdrawn",)]
        take(database, write_list(tmp_path / "3.csv", [refusal | {"Согласие": "да"}]))
        assert ask(database, latest, c=contact) == [("withdrawn",)]

    def test_what_staff_changed_by_hand_no_list_changes(self, database, tmp_path):
        take(database, write_list(tmp_path / "1.csv", [row(1), row(2)]))
        ((person,),) = ask(database, "SELECT id FROM person WHERE external_id = 'customer:A000001'")
        with database.transaction() as session:
            now = Clock().refresh(session)
            change_person(session, person, {"full_name": "Верное Имя"}, actor="operator", now=now)
        take(
            database, write_list(tmp_path / "2.csv", [row(1, name="Новое", group="2"), row(2, name="Новое")])
        )
        assert ask(database, "SELECT full_name, customer_group FROM person ORDER BY external_id") == [
            ("Верное Имя", 1),
            ("Новое", 1),
        ]

    @pytest.mark.requirement(57, "vulnerable groups: the flag is kept with the person")
    def test_the_vulnerable_flag_and_the_channel_are_kept_and_silence_changes_neither(
        self, database, tmp_path
    ):
        more = (*HEADER, "Льготник", "Предпочтительный канал")
        extra = {"Льготник": "инвалид 2 гр.", "Предпочтительный канал": "SMS"}
        take(database, write_list(tmp_path / "1.csv", [row(1) | extra], more))
        look = "SELECT is_vulnerable, preferred_channel FROM person"
        assert ask(database, look) == [(True, "sms")]
        take(database, write_list(tmp_path / "2.csv", [row(1)]))
        assert ask(database, look) == [(True, "sms")]
        take(database, write_list(tmp_path / "3.csv", [row(1) | {"Льготник": "нет"}], more[:-1]))
        assert ask(database, look) == [(False, "sms")]

    @pytest.mark.requirement(14, "the contact data that the client supplied: all of a cell are kept")
    def test_all_contacts_of_a_cell_are_kept_and_the_first_good_one_is_preferred(self, database, tmp_path):
        cells = {"email": "bad@, a@example.org; b@example.org", "phone": "8 900 000-00-01\n8 900 000-00-02"}
        take(database, write_list(tmp_path / "1.csv", [row(1, **cells)]))
        assert ask(database, "SELECT address FROM contact_point ORDER BY address") == [
            *(("+79000000001",), ("+79000000002",), ("a@example.org",), ("b@example.org",))
        ]
        preferred = "SELECT c.address FROM recipient r JOIN contact_point c ON c.id = r.email_contact_id"
        assert ask(database, preferred) == [("a@example.org",)]


KILLED = """
import sys
from pathlib import Path
from campaigns.import_list import ImportRequest, import_list
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
def progress(taken, problems):
    print(taken, flush=True)
    sys.stdin.read()
import_list(Database(sys.argv[1]), Clock(), ImportRequest(path=Path(sys.argv[2]), name="Должники"),
            actor="operator", progress=progress)
"""


class TestInterrupted:
    def test_a_killed_import_leaves_no_usable_list_and_the_next_one_marks_it_failed(
        self, database, database_url, tmp_path
    ):
        path = write_list(tmp_path / "1.csv", [row(number) for number in range(1, 2500)])
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, database_url, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with child:
            assert child.stdout.readline().strip() == b"1000"
            child.send_signal(signal.SIGKILL)
        states = "SELECT version, state, failure FROM recipient_list ORDER BY version"
        assert ask(database, states) == [(1, "importing", None)]
        assert take(database, path).recipients == 2499
        assert ask(database, states) == [(1, "failed", "interrupted"), (2, "frozen", None)]

    def test_an_import_that_another_has_overtaken_stops_and_freezes_nothing(self, database, tmp_path):
        path = write_list(tmp_path / "1.csv", [row(number) for number in range(1, 1500)])
        overtaking: list[ImportResult] = []

        def overtake(_taken, _problems):
            if not overtaking:
                overtaking.append(take(database, path))

        with pytest.raises(ListFileError) as caught:
            import_list(
                database,
                Clock(),
                ImportRequest(path=path, name="Должники"),
                actor="operator",
                progress=overtake,
            )
        assert caught.value.code == "superseded"
        states = ask(database, "SELECT version, state FROM recipient_list ORDER BY version")
        assert states == [(1, "failed"), (2, "frozen")]

    def test_a_file_that_breaks_off_leaves_a_failed_list_with_its_report(self, database, tmp_path):
        path = tmp_path / "1.csv"
        content = path.with_suffix(".x")
        write_list(content, [row(number) for number in range(1, 2500)])
        path.write_bytes(content.read_bytes() + b'9;"')
        with pytest.raises(ListFileError) as caught:
            take(database, path)
        assert caught.value.code == "quote_open"
        assert ask(database, "SELECT id, state, failure FROM recipient_list") == [
            (caught.value.list_id, "failed", "quote_open")
        ]
