"""Texts of notices by the API: saved in versions, checked against a list, shown for a recipient."""

import pytest
from sqlalchemy import text

from dispatcher.core.api_keys import Scope
from templates.bundled import builtin_template
from tests.factories import row
from tests.integration.web.api_client import ApiClient, code_of, list_file, make_key

TEXT = {
    "language": "ru",
    "subject": "Долг {{ account_number }}",
    "text": "{{ full_name }}: {{ debt | money }}",
}


@pytest.fixture
def api(client, services) -> ApiClient:
    return ApiClient(client, make_key(services))


def save(api: ApiClient, name: str = "debt_reminder", **changes):
    return api.post(f"/templates/{name}/versions", TEXT | changes)


class TestSave:
    def test_each_text_is_a_version_that_stays(self, api):
        first = save(api)
        assert first.status_code == 201
        assert first.json() | {"id": ""} == {"id": "", "version": 1, "is_new": True}
        second = save(api, text="{{ full_name }}, оплатите {{ debt | money }}").json()
        assert second["version"] == 2
        shown = api.get("/templates/debt_reminder", version=1).json()
        assert (shown["text"], shown["origin"], shown["created_by"]) == (TEXT["text"], "staff", "api:billing")
        assert api.get("/templates/debt_reminder").json()["version"] == 2
        difference = api.get("/templates/debt_reminder/difference", old=1, new=2).json()["difference"]
        assert "+{{ full_name }}, оплатите" in difference

    def test_the_same_text_again_is_the_same_version(self, api):
        assert save(api).json()["id"] == save(api).json()["id"]
        assert save(api).json()["is_new"] is False

    def test_html_and_attachments_come_back_as_they_were_written(self, api):
        html = "<style>p { color: red }</style><p>{{ full_name }} {{ debt | money }}</p>"
        save(api, html=html, attachments=[{"field": "Файл", "if_missing": "hold"}])
        shown = api.get("/templates/debt_reminder").json()
        assert shown["html"] == html
        assert shown["attachments"] == [{"field": "Файл", "if_missing": "hold"}]

    @pytest.mark.parametrize(
        ("changes", "code", "where"),
        [
            ({"text": "a\n{% if debt %}"}, "template-source", "body/text"),
            ({"text": "a\n{% set x = 1 %}"}, "template-forbidden", "body/text/line/2"),
            ({"text": "{{ ''.__class__ }}"}, "template-forbidden", "body/text/line/1"),
            ({"text": "  "}, "template-refused", "body/text"),
            ({"subject": "x" * 1001}, "invalid-request", "body/subject"),
            ({"text": "x" * 100_001}, "invalid-request", "body/text"),
            ({"html": "x" * 200_001}, "invalid-request", "body/html"),
            ({"text": "a\x00b"}, "invalid-request", "body/text"),
            ({"language": "kz"}, "invalid-request", "body/language"),
            ({"attachments": [{"field": "Ф"}] * 4}, "invalid-request", "body/attachments"),
        ],
    )
    def test_an_unfit_one_is_refused_with_its_place_and_not_saved(self, api, changes, code, where):
        answer = save(api, **changes)
        assert (answer.status_code, code_of(answer)) == (422, code)
        assert answer.json()["errors"][0]["where"].startswith(where)
        assert api.get("/templates").json()["items"] == []

    @pytest.mark.requirement(52, "a call that would tell a sum to an unidentified listener is not saved")
    def test_a_call_is_read_and_refused_with_its_line_in_the_readers_language(self, api):
        call = api.get("/templates/debt_reminder_voice")
        assert call.status_code == 404  # no campaign has used it yet
        source = builtin_template("debt_reminder_voice").text
        assert save(api, "debt_reminder_voice", text=source).status_code == 201
        typed = save(api, "debt_reminder_voice", text=source.replace("2 = повторить", "2 = повтарить"))
        assert (typed.status_code, code_of(typed)) == (422, "call-form")
        assert "может: «это я»" in typed.json()["detail"]
        hasty = source.replace("Это автоматическое", "Долг {{ debt | money }}. Это автоматическое")
        told = api.in_language("en").post("/templates/debt_reminder_voice/versions", TEXT | {"text": hasty})
        assert (told.status_code, code_of(told)) == (422, "notice-rule")
        assert told.json()["detail"].startswith("Text, line 4: “debt” would be heard by nobody knows whom")
        assert save(api, "debt_reminder_voice", text=source, html="<p>{{ debt }}</p>").status_code == 422
        assert len(api.get("/templates").json()["items"]) == 1

    def test_the_same_field_cannot_name_two_attachments(self, api):
        assert code_of(save(api, attachments=[{"field": "Ф"}, {"field": "Ф"}])) == "template-source"

    def test_a_long_text_in_cyrillic_fits_and_a_longer_body_is_refused(self, api):
        assert save(api, name="long", text="я" * 100_000).status_code == 201
        answer = api.post("/templates/debt_reminder/versions", {"text": "я" * 3_000_000})
        assert (answer.status_code, code_of(answer)) == (413, "too-large")

    def test_a_name_that_cannot_be_one_is_refused(self, api):
        assert code_of(save(api, name="Долг")) == "invalid-request"

    def test_half_a_character_is_refused(self, client, services):
        headers = {
            "authorization": f"Bearer {make_key(services)}",
            "idempotency-key": "k",
            "content-type": "application/json",
        }
        body = b'{"subject": "s", "text": "\\ud800"}'
        answer = client.post("/api/v1/templates/t/versions", content=body, headers=headers)
        assert code_of(answer) == "invalid-request"


class TestLook:
    def test_an_unknown_one_is_not_found(self, api):
        assert code_of(api.get("/templates/nothing")) == "unknown-template"
        save(api)
        assert code_of(api.get("/templates/debt_reminder", version=7)) == "unknown-template"
        assert code_of(api.get("/templates/debt_reminder/difference", old=1, new=7)) == "unknown-template"

    def test_versions_come_in_pages_and_by_name(self, api):
        ids = [
            save(api, text=f"{{{{ full_name }}}} {{{{ debt | money }}}} {number}").json()["id"]
            for number in range(3)
        ]
        save(api, name="other")
        first = api.get("/templates", name="debt_reminder", limit=2).json()
        rest = api.get("/templates", name="debt_reminder", limit=2, cursor=first["next"]).json()
        assert [one["id"] for one in [*first["items"], *rest["items"]]] == ids[::-1]
        assert api.get("/templates", language="uk").json()["items"] == []


class TestCheck:
    def test_counts_what_a_list_lacks(self, api):
        api.imported("november", list_file(row(1), row(2, due="")))
        save(api, text="{{ full_name }} {{ debt | money }} {{ due_date | date_short }} {{ meter }}")
        found = api.post("/templates/debt_reminder/check", {"list": "november"}).json()
        assert found == {"checked": 2, "is_ready": False, "missing": ["meter"], "empty": {"due_date": 1}}

    def test_needs_a_list_and_a_text(self, api):
        assert code_of(api.post("/templates/nothing/check", {"list": "n"})) in {
            "unknown-list",
            "unknown-template",
        }
        api.imported("november", list_file())
        assert code_of(api.post("/templates/nothing/check", {"list": "november"})) == "unknown-template"


class TestPreview:
    def test_shows_the_notice_of_one_recipient_and_goes_on_record(self, api, services):
        api.imported("november", list_file(row(1), row(2, name="Иванова Анна Петровна", debt="77,50")))
        save(api)
        shown = api.post("/templates/debt_reminder/preview", {"list": "november", "account": "0000000002"})
        body = shown.json()
        assert body["text"].replace("\u00a0", " ").startswith("Иванова Анна Петровна: 77,50")
        assert (body["subject"], body["version"]) == ("Долг 0000000002", 1)
        with services.database.transaction() as session:
            actor, after = session.execute(
                text("SELECT actor, after::text FROM audit_event WHERE action = 'template.previewed'")
            ).one()
        assert actor == "api:billing"
        assert "0000000002" not in after

    def test_a_built_in_text_can_be_shown_before_anybody_used_it(self, api):
        api.imported("november", list_file())
        assert api.post("/templates/debt_reminder/preview", {"list": "november"}).json()["version"] is None

    def test_needs_the_right_to_see_personal_data(self, api, client, services):
        api.imported("november", list_file())
        save(api)
        reader = ApiClient(client, make_key(services, "reader", {Scope.TEMPLATES_READ, Scope.LISTS_READ}))
        answer = reader.post("/templates/debt_reminder/preview", {"list": "november"})
        assert code_of(answer) == "missing-scope"

    @pytest.mark.parametrize(
        ("asked", "status", "code"),
        [
            ({"list": "nowhere"}, 422, "unknown-list"),
            ({"list": "november", "account": "404"}, 404, "unknown-recipient"),
            ({"list": "november", "position": 7}, 404, "unknown-recipient"),
            ({"list": "november", "version": 7}, 404, "unknown-template"),
            ({"list": "november", "account": "1", "position": 1}, 422, "invalid-request"),
        ],
    )
    def test_what_is_not_there_is_said(self, api, asked, status, code):
        api.imported("november", list_file())
        save(api)
        answer = api.post("/templates/debt_reminder/preview", asked)
        assert (answer.status_code, code_of(answer)) == (status, code)
