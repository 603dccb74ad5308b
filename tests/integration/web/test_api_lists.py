"""Uploading lists by the API, and what survives when the process that takes them in does not."""

import threading
from uuid import UUID

import pytest
from sqlalchemy import text

from campaigns.import_jobs import begin_import_job, get_import_job
from dispatcher.core.ids import new_id
from dispatcher.web.import_desk import ImportDesk
from dispatcher.web.uploads import UploadDirectory, harmless_name
from tests.factories import row
from tests.integration.web.api_client import ApiClient, code_of, list_file, make_key
from tests.integration.web.serving import wait_until


@pytest.fixture
def api(client, services) -> ApiClient:
    return ApiClient(client, make_key(services))


class TestUpload:
    @pytest.mark.requirement(8, "Store notification lists")
    def test_makes_a_frozen_version_whose_report_can_be_read(self, api):
        answer = api.upload(
            "november", list_file(row(1), row(2, account="1,23E+12"), row(3)), file_name="долги.csv"
        )
        assert answer.status_code == 202
        assert answer.headers["location"] == f"/api/v1/imports/{answer.json()['id']}"
        done = api.finished(answer.json()["id"])
        assert (done["state"], done["recipients"], done["rejected"]) == ("done", 2, 1)
        version = api.get(f"/lists/{done['list_id']}").json()
        assert (version["name"], version["version"], version["state"]) == ("november", 1, "frozen")
        assert version["file_name"] == "долги.csv"
        assert version["created_by"] == "api:billing"
        assert version["reasons"] == [{"severity": "error", "reason": "account_scientific", "count": 1}]
        [bad] = api.get(f"/lists/{done['list_id']}/problems", severity="error").json()["items"]
        assert (bad["line"], bad["value_class"]) == (3, "number in scientific form")

    def test_the_report_holds_no_value_of_a_row(self, api):
        done = api.imported("november", list_file(row(1), row(2, account="9,87E+11", email="a@b@c")))
        answer = api.get(f"/lists/{done['list_id']}/problems")
        assert "9,87E+11" not in answer.text
        assert "a@b@c" not in answer.text

    def test_a_file_that_cannot_be_used_says_why(self, api):
        done = api.finished(api.upload("november", b"\x00\x01\x02 not a list").json()["id"])
        assert done["state"] == "failed"
        assert done["failure"]
        assert done["failure_message"]
        assert done["list_id"] is None

    def test_consent_to_what_nobody_ever_asks_about_is_refused_and_the_purposes_are_named(self, api):
        answer = api.upload("november", list_file(row(1)), purpose="meter")
        assert answer.status_code == 422
        assert "meter_reading" in answer.text
        done = api.finished(api.upload("november", list_file(row(1)), purpose="meter_reading").json()["id"])
        assert done["state"] == "done"

    def test_an_empty_body_and_a_form_are_refused_at_once(self, api, client, services):
        assert code_of(api.upload("november", b"")) == "unusable-file"
        answer = client.post(
            "/api/v1/lists/november/versions",
            files={"file": ("a.csv", b"x")},
            headers={"authorization": f"Bearer {make_key(services, 'other')}", "idempotency-key": "k"},
        )
        assert (answer.status_code, code_of(answer)) == (415, "not-a-file")

    def test_nothing_of_a_refused_upload_stays_on_disk(self, api, services):
        api.upload("november", b"")
        api.upload("november", list_file(), key="k1")
        api.upload("november", list_file(row(2)), key="k1")
        wait_until(lambda: services.uploads.list_ids() == [])

    def test_not_one_byte_is_taken_from_a_stranger(self, client, services):
        def body():
            raise AssertionError("the body was read")
            yield b""

        answer = client.post("/api/v1/lists/november/versions", content=body())
        assert answer.status_code == 401
        assert services.uploads.list_ids() == []


class TestPages:
    def test_lists_come_in_pages_without_gap_or_repetition(self, api):
        for _ in range(3):
            api.imported("november", list_file())
        first = api.get("/lists", limit=2).json()
        second = api.get("/lists", limit=2, cursor=first["next"]).json()
        assert [one["version"] for one in [*first["items"], *second["items"]]] == [3, 2, 1]
        assert second["next"] is None

    def test_the_report_comes_in_pages(self, api):
        done = api.imported("n", list_file(row(1), *(row(n, account="1,23E+12") for n in range(2, 5))))
        first = api.get(f"/lists/{done['list_id']}/problems", limit=2).json()
        rest = api.get(f"/lists/{done['list_id']}/problems", limit=2, cursor=first["next"]).json()
        assert [one["line"] for one in [*first["items"], *rest["items"]]] == [3, 4, 5]


class TestKilledProcess:
    """The desk of a process that died is played by a job begun and left."""

    @pytest.fixture
    def left_behind(self, services, client):
        """A job that was running when its process died: its file and its row are there."""
        services.imports.stop()
        api = ApiClient(client, make_key(services))
        upload = UUID(api.upload("november", list_file()).json()["id"])
        with services.database.transaction() as session:
            assert begin_import_job(session, upload, services.clock.refresh(session))
        return upload

    def desk(self, services) -> ImportDesk:
        return ImportDesk(services.database, services.clock, services.settings, services.uploads)

    def test_the_next_process_begins_it_anew(self, services, left_behind):
        self.desk(services).work_off()
        with services.database.transaction() as session:
            job = get_import_job(session, left_behind)
        assert (job.state, job.recipients) == ("done", 1)
        assert services.uploads.list_ids() == []

    def test_what_was_frozen_just_before_the_end_is_not_made_twice(self, services, left_behind):
        self.desk(services).work_off()
        with services.database.transaction() as session:
            session.execute(text("UPDATE list_import SET state = 'running', list_id = NULL"))
        folder = services.settings.data_directory / "uploads" / str(left_behind)
        folder.mkdir(parents=True)
        (folder / "list.csv").write_bytes(list_file())
        self.desk(services).work_off()
        with services.database.transaction() as session:
            versions = session.execute(text("SELECT count(*) FROM recipient_list")).scalar_one()
            job = get_import_job(session, left_behind)
        assert (versions, job.state) == (1, "done")
        assert job.list_id is not None

    def test_two_processes_do_not_work_on_one_file(self, services, left_behind):
        with services.uploads.locked(left_behind) as path:
            assert path is not None
            worker = threading.Thread(target=self.desk(services).work_off)
            worker.start()
            worker.join()
            with services.database.transaction() as session:
                assert get_import_job(session, left_behind).state == "running"


class TestUploadDirectory:
    def test_a_file_without_a_row_is_kept_for_a_day(self, services, tmp_path):
        folder = services.settings.data_directory / "uploads" / str(new_id())
        folder.mkdir(parents=True)
        (folder / "list.csv").write_bytes(b"x")
        services.imports.work_off()
        assert len(services.uploads.list_ids()) == 1

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("долги за ноябрь.xlsx", "долги за ноябрь.xlsx"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Долги\\list.csv", "list.csv"),
            (".hidden", "hidden"),
            ("a\x00b;c.csv", "a_b_c.csv"),
            ("", "list.csv"),
        ],
    )
    def test_names_are_made_harmless(self, given, kept):
        assert harmless_name(given) == kept

    def test_holds_what_only_this_user_may_read(self, tmp_path):
        import anyio

        async def chunks():
            yield b"x"

        directory = UploadDirectory(tmp_path / "uploads")
        upload = anyio.run(directory.keep, chunks(), "a.csv")
        assert upload.path.stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "uploads").stat().st_mode & 0o777 == 0o700
