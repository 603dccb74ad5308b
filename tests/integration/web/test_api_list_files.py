"""Files of every kind by the API: what is taken, what is refused, and what a refusal leaves: nothing."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import text
from starlette.testclient import TestClient

from dispatcher.core.api_keys import Scope
from dispatcher.web.app import create_app
from tests.factories import HEADER, row
from tests.integration.web.api_client import ApiClient, code_of, list_file, make_key
from tests.integration.web.installation import make_services
from tests.integration.web.serving import wait_until

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

#: What no product could guess.
OWN_FILE = "Номер;Кто;Ящик\n0000000001;Петров Пётр;a@example.org\n".encode()
OWN_COLUMNS = {"Номер": "account_number", "Кто": "full_name", "Ящик": "email"}


@pytest.fixture
def api(client, services) -> ApiClient:
    return ApiClient(client, make_key(services))


def workbook(*rows) -> bytes:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True}) as book:
        page = book.add_worksheet("Должники")
        page.write_row(0, 0, HEADER)
        for number, one in enumerate(rows, start=1):
            page.write_row(number, 0, [one[title] for title in HEADER])
    return packed.getvalue()


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/workbook.xml", "x")
        book.writestr("bomb", bytes(50_000_000))
    return packed.getvalue()


def tsv(*rows, encoding: str = "utf-8") -> bytes:
    lines = ["\t".join(HEADER)] + ["\t".join(one[title] for title in HEADER) for one in rows]
    return ("\n".join(lines) + "\n").encode(encoding)


def taken(api: ApiClient, file: bytes, kind: str, **query):
    answer = api.upload("november", file, kind=kind, **query)
    assert answer.status_code == 202, answer.text
    return api.finished(answer.json()["id"])


class TestTaken:
    @pytest.mark.requirement(8, "Store notification lists")
    def test_a_workbook(self, api):
        done = taken(api, workbook(row(1), row(2)), XLSX, file_name="долги.xlsx")
        assert (done["state"], done["recipients"], done["file_name"]) == ("done", 2, "долги.xlsx")
        read_as = api.get(f"/lists/{done['list_id']}").json()["read_as"]
        assert (read_as["format"], read_as["sheet"]) == ("xlsx", "Должники")
        assert read_as["columns"]["Лицевой счёт"] == "account_number"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1251", "cp866", "koi8-r"])
    def test_text_with_tabs_in_any_usual_encoding(self, api, encoding):
        done = taken(api, tsv(row(1), row(2), encoding=encoding), "text/tab-separated-values")
        assert (done["state"], done["recipients"]) == ("done", 2)
        read_as = api.get(f"/lists/{done['list_id']}").json()["read_as"]
        assert read_as["delimiter"] == "\t"
        assert read_as["encoding"].startswith(encoding[:6])

    def test_what_the_client_says_of_its_type_and_name_does_not_matter(self, api):
        assert taken(api, workbook(row(1)), "text/csv", file_name="list.csv")["recipients"] == 1


class TestRefused:
    @pytest.mark.parametrize(
        ("file", "query", "code"),
        [
            (bomb(), {}, "zip_bomb"),
            (workbook(row(1))[:2000], {}, "workbook_broken"),
            (
                tsv(row(1)).replace("Петров".encode(), b"\xff\xfe\x00\xc3"),
                {"encoding": "utf-8"},
                "encoding_broken",
            ),
            (b"%PDF-1.7", {}, "binary"),
            (tsv(row(1)), {"sheet": "Лист"}, "sheet_unknown"),
            (tsv(row(1)), {"encoding": "utf-99"}, "encoding_unsupported"),
            ("ФИО;Долг\nИванов;1\n".encode(), {}, "missing_column"),
        ],
    )
    def test_a_file_that_cannot_be_used_says_why_and_makes_no_list(self, api, services, file, query, code):
        done = taken(api, file, "application/octet-stream", **query)
        assert (done["state"], done["failure"]) == ("failed", code)
        assert len(done["failure_message"]) > 20
        assert [one["state"] for one in api.get("/lists").json()["items"]] == []
        answer = api.post(
            "/campaigns",
            {
                "name": "n",
                "scenario": "debt_reminder",
                "list": "november",
                "ends_at": "2099-01-01T00:00:00Z",
            },
        )
        assert code_of(answer) == "unknown-list"
        with services.database.transaction() as session:
            assert session.execute(text("SELECT count(*) FROM person")).scalar_one() == 0
        wait_until(lambda: services.uploads.list_ids() == [])

    def test_a_list_without_one_good_row_has_a_report_and_cannot_be_sent_to(self, api):
        done = taken(api, list_file(row(1, account="1,23E+12")), "text/csv")
        assert (done["state"], done["failure"]) == ("failed", "no_good_rows")
        [problem] = api.get(f"/lists/{done['list_id']}/problems", severity="error").json()["items"]
        assert problem["reason"] == "account_scientific"
        assert api.get(f"/lists/{done['list_id']}").json()["state"] == "failed"


class TestTooLarge:
    @pytest.fixture
    def small(self, database, tmp_path: Path) -> Iterator[tuple[ApiClient, object]]:
        """An installation that takes one megabyte."""
        services = make_services(database, tmp_path, upload_megabytes=1)
        with TestClient(create_app(services)) as client:
            yield ApiClient(client, make_key(services)), services

    @pytest.mark.parametrize("is_stream", [True, False])
    def test_a_file_beyond_the_limit_is_refused_and_nothing_of_it_stays(self, small, is_stream):
        api, services = small
        file = b"x" * (2 << 20)
        body = (file[at : at + 100_000] for at in range(0, len(file), 100_000)) if is_stream else file
        answer = api.upload("november", body)
        assert (answer.status_code, code_of(answer)) == (413, "too-large")
        assert services.uploads.list_ids() == []
        assert api.get("/imports").json()["items"] == []


class TestRejectedRows:
    def test_come_back_in_the_shape_of_the_source_ready_to_be_mended(self, api, services):
        bad = row(2, account="9,87E+11", name="Сидоров Иван")
        done = taken(api, workbook(row(1), bad), XLSX, file_name="долги.xlsx")
        answer = api.get(f"/lists/{done['list_id']}/rejected")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "xlsx" in answer.headers["content-disposition"]
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0)
        header, rejected = sheet.to_python()
        assert header[-1] == "Причина"
        assert {"9,87E+11", "Сидоров Иван"} <= set(rejected)
        wait_until(lambda: list((services.settings.data_directory / "downloads").iterdir()) == [])
        with services.database.transaction() as session:
            actor, after = session.execute(
                text("SELECT actor, after FROM audit_event WHERE action = 'list.rejected_downloaded'")
            ).one()
        assert (actor, after) == ("api:billing", {"rows": 1})

    def test_need_the_right_to_see_personal_data(self, api, client, services):
        done = api.imported("november", list_file(row(1), row(2, account="1,2E+9")))
        reader = ApiClient(client, make_key(services, "reader", {Scope.LISTS_READ}))
        assert reader.get(f"/lists/{done['list_id']}/problems").status_code == 200
        assert code_of(reader.get(f"/lists/{done['list_id']}/rejected")) == "missing-scope"

    def test_of_an_unknown_list_are_not_found(self, api):
        answer = api.get("/lists/01936f3e-7b1a-7c51-9d57-0a2f6f1c2b10/rejected")
        assert (answer.status_code, code_of(answer)) == (404, "not-found")


class TestDifference:
    @pytest.fixture
    def versions(self, api) -> list[str]:
        """The ids of two versions: 1 left, 2 owes more, 3 stayed, 4 came."""
        first = api.imported("november", list_file(row(1), row(2), row(3)))
        second = api.imported("november", list_file(row(2, debt="9,90"), row(3), row(4)))
        return [first["list_id"], second["list_id"]]

    def test_counts_who_came_went_and_changed(self, api, versions):
        found = api.get(f"/lists/{versions[1]}/difference").json()
        counts = {name: found[name] for name in ("added", "removed", "changed", "same", "debt", "email")}
        assert counts == {"added": 1, "removed": 1, "changed": 1, "same": 1, "debt": 1, "email": 0}
        assert (found["earlier"], found["later"]) == (1, 2)
        assert api.get(f"/lists/{versions[1]}/difference", since=versions[0]).json() == found

    def test_names_the_accounts_in_pages_without_gap_or_repetition(self, api, versions):
        path = f"/lists/{versions[1]}/difference/accounts"
        found, cursor = [], None
        while True:
            page = api.get(path, limit=1, **({} if cursor is None else {"cursor": cursor})).json()
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
            assert "000000000" not in cursor  # it will stand in a URL
        assert [(one["account"][-1], one["kind"], one["fields"]) for one in found] == [
            ("1", "removed", []),
            ("2", "changed", ["debt"]),
            ("4", "added", []),
        ]

    def test_what_cannot_be_compared_says_why(self, api, versions):
        other = api.imported("december", list_file())["list_id"]
        assert code_of(api.get(f"/lists/{versions[0]}/difference")) == "unknown-list"
        assert code_of(api.get(f"/lists/{versions[1]}/difference", since=other)) == "unknown-list"
        unknown = "01936f3e-7b1a-7c51-9d57-0a2f6f1c2b10"
        assert api.get(f"/lists/{unknown}/difference").status_code == 404
        assert api.get(f"/lists/{versions[1]}/difference", since=unknown).status_code == 404

    def test_which_accounts_needs_the_right_to_see_personal_data(self, api, client, services, versions):
        reader = ApiClient(client, make_key(services, "reader", {Scope.LISTS_READ}))
        assert reader.get(f"/lists/{versions[1]}/difference").status_code == 200
        answer = reader.get(f"/lists/{versions[1]}/difference/accounts")
        assert code_of(answer) == "missing-scope"


class TestMappings:
    def test_what_is_corrected_once_is_used_at_the_next_upload(self, api):
        assert taken(api, OWN_FILE, "text/csv", source="1С")["failure"] == "missing_column"
        kept = api.send("PUT", "/mappings/1С", {"columns": OWN_COLUMNS})
        assert (kept.status_code, kept.json()["columns"]) == (200, OWN_COLUMNS)
        assert taken(api, OWN_FILE, "text/csv", source="1С")["recipients"] == 1
        assert api.get("/mappings/1С").json()["created_by"] == "api:billing"

    def test_can_be_corrected_and_forgotten(self, api):
        api.send("PUT", "/mappings/1С", {"columns": OWN_COLUMNS})
        corrected = OWN_COLUMNS | {"Ящик": ""}
        assert api.send("PUT", "/mappings/1С", {"columns": corrected}).json()["columns"] == corrected
        assert api.send("DELETE", "/mappings/1С", key="k1").json() == {"source": "1С"}
        assert api.send("DELETE", "/mappings/1С", key="k1").headers["idempotency-replayed"] == "true"
        answer = api.send("DELETE", "/mappings/1С")
        assert (answer.status_code, code_of(answer)) == (404, "unknown-mapping")
        assert code_of(api.get("/mappings/1С")) == "unknown-mapping"

    def test_one_key_for_another_method_is_another_request(self, api):
        api.send("PUT", "/mappings/1С", {"columns": OWN_COLUMNS}, key="k1")
        assert code_of(api.send("DELETE", "/mappings/1С", key="k1")) == "idempotency-key-reused"

    @pytest.mark.parametrize(
        ("columns", "code"),
        [
            ({"Номер": "iban"}, "mapping-wrong"),
            ({}, "invalid-request"),
            ({"": "email"}, "invalid-request"),
            ({"Номер": "DROP TABLE"}, "invalid-request"),
            ({str(number): "email" for number in range(201)}, "invalid-request"),
        ],
    )
    def test_an_unfit_one_is_refused_and_not_saved(self, api, columns, code):
        answer = api.send("PUT", "/mappings/1С", {"columns": columns})
        assert (answer.status_code, code_of(answer)) == (422, code)
        assert api.get("/mappings").json()["items"] == []

    def test_they_come_in_pages_by_source(self, api):
        for source in ("б", "А", "a"):
            api.send("PUT", f"/mappings/{source}", {"columns": OWN_COLUMNS})
        first = api.get("/mappings", limit=2).json()
        rest = api.get("/mappings", limit=2, cursor=first["next"]).json()
        assert [one["source"] for one in [*first["items"], *rest["items"]]] == ["a", "А", "б"]
        assert rest["next"] is None


class TestQueries:
    def test_a_parameter_that_there_is_not_is_refused_rather_than_passed_over(self, api):
        answer = api.get("/lists", nmae="november")
        assert (answer.status_code, code_of(answer)) == (422, "unknown-parameter")
