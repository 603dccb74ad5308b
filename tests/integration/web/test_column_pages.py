"""Correcting what the columns of a file were taken for, without uploading it again."""

import os

import pytest
from sqlalchemy import text

from dispatcher.core.staff import StaffRole
from dispatcher.web.uploads import LEFT_BEHIND_SECONDS
from tests.integration.web.browsing import csrf, sign_in
from tests.integration.web.installation import make_staff
from tests.integration.web.list_pages import failed, finished, send_file
from tests.integration.web.serving import wait_until

#: As a billing system may well call them: no title says that «Код 2» is the account.
STRANGE = (
    "Код 2;Плательщик;Почтовый ящик;Начислено всего;Согласие;Адрес\r\n"
    "0012345678;Петрова Анна;anna@example.org;1250,40;да;Москва, Тихая, 1\r\n"
    "0012345679;Иванов Пётр;petr@example.org;300,00;да;Москва, Тихая, 2\r\n"
).encode("cp1251")
MEANING = {"0": "account_number", "1": "full_name", "2": "email", "3": "debt", "4": "consent", "5": "address"}


def columns(client, **changes: str) -> dict[str, str]:
    fields = {f"column_{position}": field for position, field in MEANING.items()}
    return {"csrf_token": csrf(client), "purpose": "debt", **fields, **changes}


@pytest.fixture
def refused(client) -> str:
    """The path of an import whose columns nobody could guess."""
    sign_in(client)
    path = send_file(client, STRANGE).headers["location"]
    assert "Исправить столбцы" in failed(client, path)
    return path


def imported(services) -> list[tuple[str, str]]:
    with services.database.transaction() as session:
        found = session.execute(
            text(
                "SELECT o.number, r.full_name FROM recipient r JOIN account o ON o.id = r.account_id"
                " ORDER BY o.number"
            )
        )
        return [(number, name) for number, name in found]


class TestAfterAFailedGuess:
    def test_shows_each_column_with_its_first_values(self, client, refused, services):
        page = client.get(f"{refused}/columns").text
        assert "Начислено всего" in page
        assert "anna@example.org" in page
        assert page.count('<select name="column_') == 6
        with services.database.transaction() as session:
            [actor] = session.execute(
                text("SELECT actor FROM audit_event WHERE action = 'list.sample_seen'")
            ).scalars()
        assert actor == "staff:operator"

    @pytest.mark.requirement(8, "Store notification lists")
    def test_the_same_file_is_imported_with_the_columns_that_staff_chose(self, client, refused, services):
        answer = client.post(f"{refused}/columns", data=columns(client))
        assert (answer.status_code, answer.headers["location"]) == (303, refused)
        page = client.get(finished(client, refused)).text
        assert 'id="recipients">2<' in page
        assert imported(services) == [("0012345678", "Петрова Анна"), ("0012345679", "Иванов Пётр")]

    def test_the_columns_are_remembered_for_the_source(self, client, refused, services):
        data = columns(client, source="Биллинг Север", saves_mapping="yes")
        client.post(f"{refused}/columns", data=data)
        finished(client, refused)
        again = send_file(client, STRANGE, source="Биллинг Север").headers["location"]
        assert 'id="recipients">2<' in client.get(finished(client, again)).text

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"column_0": "*"}, "Лицевой счёт"),
            ({"column_1": "account_number"}, "означают одно и то же"),
            ({"column_3": "no_such_field"}, "которого нет"),
            ({"saves_mapping": "yes"}, "назовите источник"),
            ({"encoding": "latin-1"}, ""),
        ],
    )
    def test_columns_that_cannot_be_right_change_nothing(self, client, refused, changes, words):
        answer = client.post(f"{refused}/columns", data=columns(client, **changes))
        assert answer.status_code == 422
        assert words in answer.text
        assert 'value="debt" selected' in answer.text
        assert "не подошёл" in client.get(refused).text

    def test_another_encoding_shows_other_letters(self, client, refused):
        assert "Плательщик" not in client.get(f"{refused}/columns?encoding=koi8-r").text
        assert "Плательщик" in client.get(f"{refused}/columns?encoding=cp1251").text

    def test_says_it_in_ukrainian_and_english_too(self, client, refused):
        for language, words in (("uk", "Потрібні стовпці"), ("en", "Needed are columns")):
            page = client.get(f"{refused}?lang={language}").text
            assert words in page
            assert "Не найдены" not in page

    def test_a_file_that_is_gone_is_asked_for_again(self, client, refused, services):
        [upload] = services.uploads.list_ids()
        services.uploads.remove(upload)
        for answer in (
            client.get(f"{refused}/columns"),
            client.post(f"{refused}/columns", data=columns(client)),
        ):
            assert answer.status_code == 410
            assert "/lists/upload" in answer.text
        assert "Исправить столбцы" not in client.get(refused).text


class TestLookingFirst:
    def test_nothing_is_imported_before_staff_have_looked(self, client, services):
        sign_in(client)
        path = send_file(client, STRANGE, look_first="yes").headers["location"]
        assert path.endswith("/columns")
        services.imports.work_off()
        assert imported(services) == []
        assert "ждёт вас" in client.get("/lists").text
        assert client.get(path.removesuffix("/columns")).headers["location"] == path
        client.post(path, data=columns(client))
        finished(client, path.removesuffix("/columns"))
        assert len(imported(services)) == 2


class TestAfterAGoodImport:
    def test_other_columns_make_the_next_version(self, client, refused, services):
        client.post(f"{refused}/columns", data=columns(client))
        first = finished(client, refused)
        assert f"{refused}/columns" in client.get(first).text
        client.post(f"{refused}/columns", data=columns(client, column_3="*"))
        second = finished(client, refused)
        assert second != first
        assert "версия 2" in client.get(second).text

    def test_the_file_goes_after_a_day(self, client, refused, services):
        client.post(f"{refused}/columns", data=columns(client))
        finished(client, refused)
        [upload] = services.uploads.list_ids()
        folder = services.uploads.path_of(upload).parent
        old = folder.stat().st_mtime - LEFT_BEHIND_SECONDS - 1
        os.utime(folder, (old, old))

        def is_gone() -> bool:
            services.imports.hurry()  # else a file that is only kept is looked at once a minute
            return services.uploads.list_ids() == []

        wait_until(is_gone)


class TestWhoMay:
    def test_a_forged_form_and_an_auditor_change_nothing(self, client, refused, services):
        assert client.post(f"{refused}/columns", data=columns(client, csrf_token="0")).status_code == 403
        make_staff(services, "auditor", StaffRole.AUDITOR)
        sign_in(client, "auditor")
        assert client.get(f"{refused}/columns").status_code == 403
        assert client.post(f"{refused}/columns", data=columns(client)).status_code == 403
        assert "Исправить столбцы" not in client.get(refused).text

    def test_a_file_without_titles_is_not_corrected_by_titles(self, client):
        sign_in(client)
        file = "0012345678;Петрова Анна;anna@example.org\r\n" * 3
        path = send_file(client, file.encode()).headers["location"]
        failed(client, path)
        page = client.get(f"{path}/columns").text
        assert "нет строки с названиями столбцов" in page
        assert '<select name="column_' not in page
