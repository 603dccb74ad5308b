"""The manual list by pages and by the API: who is to be told, the sheet, the record of how it was done."""

import pytest
from sqlalchemy import text

from dispatcher.core.api_keys import Scope
from dispatcher.core.staff import StaffRole
from tests.engine import Engine
from tests.factories import make_campaign, make_list, rows
from tests.integration.web.api_client import ApiClient, code_of, make_key
from tests.integration.web.browsing import csrf, sign_in
from tests.integration.web.installation import make_staff


@pytest.fixture
def run(services, engine: Engine):
    """A closed run by law with two people who said no; the pages look at the same database."""
    make_list(engine.application, rows(2, consent="нет"))
    run = engine.start(make_campaign(engine.application, basis="legal_duty").run_id)
    engine.finish(run)
    return run


def actions(services) -> list[str]:
    with services.database.transaction() as session:
        return list(session.execute(text("SELECT action FROM audit_event ORDER BY at, id")).scalars())


class TestPages:
    @pytest.mark.requirement(48, "the manual list with name, address, sum and text, printed and exported")
    def test_staff_see_print_export_and_record(self, client, services, run):
        sign_in(client)
        page = client.get(f"/manual?run={run}").text
        assert "Петров Пётр 1" in page
        assert "нет согласия" in page
        assert "обязанность по закону" in client.get(f"/runs/{run}").text
        sheet = client.get(f"/manual/print?run={run}").text
        assert sheet.count('<article class="sheet">') == 2
        assert "Подпись" in sheet
        file = client.get(f"/manual/export?run={run}")
        assert file.headers["content-type"].startswith("text/csv")
        assert "Петров Пётр 2" in file.content.decode("utf-8-sig")
        task = page.split('href="/manual/')[-1].split('"')[0]
        form = {"csrf_token": csrf(client), "way": "signature", "told_at": "2026-03-10T10:00"}
        refused = client.post(f"/manual/{task}/done", data=form)
        assert refused.status_code == 422
        assert "кто принял и документ" in refused.text
        done = client.post(f"/manual/{task}/done", data=form | {"taken_by": "Сын", "reference": "17"})
        assert done.headers["location"] == f"/manual/{task}"
        shown = client.get(f"/manual/{task}").text
        assert "вручено под роспись" in shown
        assert "Записано: уведомление состоялось" in shown
        assert "вручено под роспись" in client.get(f"/runs/{run}").text
        assert {"manual_tasks.viewed", "manual_tasks.downloaded", "manual_task.done"} <= set(
            actions(services)
        )

    @pytest.mark.requirement(51, "whoever may only look sees what is to be told by hand, but not to whom")
    def test_an_auditor_sees_the_tasks_masked_and_closes_none(self, client, services, run):
        make_staff(services, "auditor", StaffRole.AUDITOR)
        sign_in(client, "auditor")
        listed = client.get("/manual").text
        task = listed.split('href="/manual/')[-1].split('"')[0]
        shown = client.get(f"/manual/{task}").text
        for page in (listed, shown):
            assert "П. П." in page
            assert "нет согласия" in page
            for hidden in ("Пётр", "0000000001", "Тихая", "250,40"):
                assert hidden not in page
        assert "/done" not in shown
        form = {"csrf_token": csrf(client), "way": "call", "told_by": "я"}
        assert client.post(f"/manual/{task}/done", data=form).status_code == 403
        for closed in ("/manual/print", "/manual/export"):
            assert client.get(closed).status_code == 403


class TestApi:
    @pytest.mark.requirement(46, "другая система records телефонограмма and signature")
    def test_another_system_reads_the_tasks_and_closes_them(self, client, services, run):
        api = ApiClient(client, make_key(services))
        page = api.get("/manual-tasks", run=run, state="open", limit=1).json()
        rest = api.get("/manual-tasks", run=run, state="open", cursor=page["next"]).json()
        [first], [second] = page["items"], rest["items"]
        assert (rest["next"], first["basis"], first["notice_state"]) == (None, "legal_duty", "blocked")
        assert "250,40" in first["text"]
        told = {"way": "phone_message", "told_at": "2026-03-10T10:00:00+03:00", "told_by": "Сидоров"}
        assert code_of(api.post(f"/manual-tasks/{first['id']}/done", told)) == "manual-task-refused"
        answer = api.post(f"/manual-tasks/{first['id']}/done", told | {"taken_by": "Петрова"})
        assert answer.json() == {"state": "done"}
        assert (
            api.post(f"/manual-tasks/{second['id']}/give-up", {"reason": "выбыл"}).json()["state"]
            == "given_up"
        )
        assert api.get("/manual-tasks", state="open").json()["items"] == []
        figures = api.get(f"/runs/{run}").json()
        assert figures["notices"] == {"blocked": 1, "notified": 1}
        assert "Петров" in api.get("/manual-tasks/export", run=run).text
        assert (
            code_of(api.post(f"/manual-tasks/{run}/done", told | {"taken_by": "X"})) == "unknown-manual-task"
        )

    def test_the_list_needs_the_scope_for_personal_data(self, client, services, run):
        api = ApiClient(client, make_key(services, "clerk", {Scope.TASKS_WRITE}))
        assert code_of(api.get("/manual-tasks")) == "missing-scope"
