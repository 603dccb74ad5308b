"""Colleagues who receive every campaign's text, by the page."""

import pytest

from dispatcher.core.staff import StaffRole
from tests.integration.web.browsing import csrf, sign_in
from tests.integration.web.installation import make_staff

ADDRESS = "olga@company.example.org"


def add(client, **changes: str):
    fields = {"csrf_token": csrf(client), "name": "Ольга", "address": ADDRESS, "language": "ru"}
    return client.post("/seeds", data=fields | changes)


class TestSeeds:
    def test_are_added_and_removed(self, client):
        sign_in(client)
        assert add(client).headers["location"] == "/seeds"
        page = client.get("/seeds").text
        assert "Сотрудник добавлен." in page
        assert ADDRESS in page
        assert "Europe/Moscow" in page
        client.post("/seeds/remove", data={"csrf_token": csrf(client), "address": ADDRESS})
        page = client.get("/seeds").text
        assert "больше не получит писем" in page
        assert ADDRESS not in page

    @pytest.mark.parametrize(
        ("changes", "russian", "english"),
        [
            ({"address": "olga@"}, "не адрес электронной почты", "not an e-mail address"),
            ({"name": " "}, "обращается по нему", "greets by it"),
            ({"time_zone": "Moscow"}, "часового пояса нет", "time zone is not known"),
            ({"language": "de"}, "значение из списка", "value of the list"),
        ],
    )
    def test_a_fault_is_said_beside_what_was_typed(self, client, changes, russian, english):
        sign_in(client)
        for language, words in (("ru", russian), ("en", english)):
            fields = {"csrf_token": csrf(client), "name": "Ольга", "address": ADDRESS} | changes
            answer = client.post(f"/seeds?lang={language}", data=fields)
            assert answer.status_code == 422
            assert words in answer.text

    def test_who_is_not_there_cannot_be_removed(self, client):
        sign_in(client)
        client.post("/seeds/remove", data={"csrf_token": csrf(client), "address": ADDRESS})
        assert "возможно, его уже убрали" in client.get("/seeds").text

    def test_an_auditor_may_only_look(self, client, services):
        make_staff(services, "auditor", StaffRole.AUDITOR)
        sign_in(client, "auditor")
        assert '<form class="stack' not in client.get("/seeds").text
        assert add(client).status_code == 403
