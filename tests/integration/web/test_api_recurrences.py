"""Campaigns that repeat, and colleagues who see every text, by the API."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from campaigns.occurrences import make_due_occurrence
from tests.integration.web.api_client import ApiClient, code_of, list_file, make_key


@pytest.fixture
def api(client, services) -> ApiClient:
    api = ApiClient(client, make_key(services))
    api.imported("november", list_file())
    return api


def wanted(**changes) -> dict:
    values = {
        "name": "Долги каждый месяц",
        "scenario": "debt_reminder",
        "list": "november",
        "cron": "0 9 1 * *",
        "window_hours": 80,
        "policy_profile": "always",
    }
    return values | changes


class TestRecurrence:
    def test_is_made_once_however_often_the_request_comes(self, api):
        first, again = (
            api.post("/recurrences", wanted(external_id="monthly"), key="monthly-1") for _ in range(2)
        )
        assert first.status_code == 201
        assert again.json() == first.json()
        [found] = api.get("/recurrences").json()["items"]
        assert (found["state"], found["cron"], found["window_hours"]) == ("active", "0 9 1 * *", 80.0)
        assert found["next_at"] == first.json()["next_at"]
        assert "1 числа в 09:00" in first.json()["in_words"]
        assert api.get(first.headers["location"].removeprefix("/api/v1")).json() == found
        assert api.get("/campaigns", external_id="monthly").json()["items"][0]["id"] == found["campaign_id"]

    def test_can_be_paused_resumed_and_ended_for_good(self, api):
        path = f"/recurrences/{api.post('/recurrences', wanted()).json()['campaign_id']}"
        assert api.post(f"{path}/pause").json()["state"] == "paused"
        answer = api.post(f"{path}/pause")
        assert (answer.status_code, code_of(answer)) == (409, "recurrence-state")
        assert api.post(f"{path}/resume").json()["state"] == "active"
        ended = api.post(f"{path}/end").json()
        assert (ended["state"], ended["next_at"]) == ("ended", None)
        assert code_of(api.post(f"{path}/resume")) == "recurrence-state"

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"cron": "99 99 1 * *"}, "recurrence-refused"),
            ({"cron": "* * * * *"}, "recurrence-refused"),
            ({"cron": "0 9 1 *"}, "invalid-request"),
            ({"window_hours": 0}, "invalid-request"),
            ({"window_hours": 1489}, "invalid-request"),
            ({"list": "nowhere"}, "unknown-list"),
            ({"until": "2020-01-01T00:00:00Z"}, "recurrence-refused"),
            ({"as_draft": True}, "invalid-request"),
        ],
    )
    def test_an_unfit_one_is_refused_and_leaves_no_trace(self, api, changes, code):
        answer = api.post("/recurrences", wanted(**changes))
        assert (answer.status_code, code_of(answer)) == (422, code)
        assert api.get("/recurrences").json()["items"] == []
        assert api.get("/campaigns").json()["items"] == []

    def test_what_became_of_each_time_comes_in_pages(self, api, services):
        campaign = api.post("/recurrences", wanted(cron="0 */6 * * *", window_hours=5)).json()["campaign_id"]
        due = datetime.now(UTC) - timedelta(days=2)
        with services.database.transaction() as session:
            session.execute(
                text("UPDATE recurrence SET next_at = :at, next_wall = :wall"),
                {"at": due, "wall": due.replace(tzinfo=None)},
            )
        delivery = services.settings.delivery
        for _ in range(12):
            services.database.run(
                lambda session: make_due_occurrence(
                    session, now=services.clock.refresh(session), delivery=delivery, country="RU"
                )
            )
        path = f"/recurrences/{campaign}/occurrences"
        everything = api.get(path).json()["items"]
        assert len(everything) >= 3
        first = api.get(path, limit=2).json()
        rest = api.get(path, cursor=first["next"]).json()
        assert [*first["items"], *rest["items"]] == everything
        assert rest["next"] is None
        assert {one["result"] for one in everything} <= {"made", "missed", "skipped"}

    def test_an_unknown_one_is_not_found(self, api):
        unknown = "/recurrences/01936f3e-7b1a-7c51-9d57-0a2f6f1c2b10"
        assert api.get(unknown).status_code == 404
        assert api.get(f"{unknown}/occurrences").status_code == 404
        assert code_of(api.post(f"{unknown}/end")) == "unknown-recurrence"

    def test_they_come_in_pages(self, api):
        made = [api.post("/recurrences", wanted()).json()["campaign_id"] for _ in range(3)]
        first = api.get("/recurrences", limit=2).json()
        rest = api.get("/recurrences", limit=2, cursor=first["next"]).json()
        assert [one["campaign_id"] for one in [*first["items"], *rest["items"]]] == made[::-1]


class TestSeeds:
    def test_a_colleague_is_added_shown_and_removed(self, api):
        added = api.post("/seeds", {"name": "Мария", "address": "maria@example.com"})
        assert added.status_code == 201
        [seed] = api.get("/seeds").json()["items"]
        assert (seed["id"], seed["name"], seed["time_zone"]) == (added.json()["id"], "Мария", "Europe/Moscow")
        assert api.post("/seeds/remove", {"address": "maria@example.com"}).json() == {"removed": True}
        assert api.get("/seeds").json()["items"] == []

    def test_the_same_one_twice_is_one(self, api):
        first, again = (api.post("/seeds", {"name": "М", "address": "m@example.com"}) for _ in range(2))
        assert first.json() == again.json()
        assert len(api.get("/seeds").json()["items"]) == 1

    @pytest.mark.parametrize(
        "changes", [{"address": "nobody"}, {"time_zone": "Mars/Phobos"}, {"time_zone": "Etc"}, {"name": " "}]
    )
    def test_an_unfit_one_is_refused(self, api, changes):
        answer = api.post("/seeds", {"name": "М", "address": "m@example.com"} | changes)
        assert (answer.status_code, code_of(answer)) == (422, "seed-refused")
        assert api.get("/seeds").json()["items"] == []

    def test_who_is_not_on_the_list_cannot_be_removed(self, api):
        answer = api.post("/seeds/remove", {"address": "nobody@example.com"})
        assert (answer.status_code, code_of(answer)) == (404, "unknown-seed")
        assert "nobody" not in answer.text

    def test_they_come_in_pages(self, api):
        for number in range(3):
            api.post("/seeds", {"name": "М", "address": f"m{number}@example.com"})
        first = api.get("/seeds", limit=2).json()
        rest = api.get("/seeds", limit=2, cursor=first["next"]).json()
        assert [one["address"][1] for one in [*first["items"], *rest["items"]]] == ["2", "1", "0"]
