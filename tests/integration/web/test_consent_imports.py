"""Statements about consent by a file: the good rows are taken, the bad ones reported and given back."""

import pytest
from sqlalchemy import text

from tests.factories import row
from tests.integration.web.api_client import V1, ApiClient, code_of, list_file, make_key

FILE = """Адрес или телефон;Канал;Цель;Действие;Источник;Документ;Действует с;Действует по
person1@example.org;email;debt;да;paper;бланк 17;01.02.2026;
person2@example.org;;все;;call;запись 5;01.02.2026;01.02.2027
+7 900 000-00-01;звонок;outage;да;office;визит 3;;
person1@example.org;email;survey;нет;paper;;;
person1@example.org;email;debts;да;paper;бланк 18;;
nobody@example.org;email;debt;да;paper;бланк 19;;
person1@example.org;sms;debt;да;paper;бланк 20;;
person1@example.org;email;tariff;да;paper;;;
person1@example.org;email;bill;да;one_click;x;;
не адрес;email;debt;да;paper;бланк 21;;
person1@example.org;email;debt;да;paper;бланк 22;31.02.2026;
"""


@pytest.fixture
def api(client, services) -> ApiClient:
    api = ApiClient(client, make_key(services))
    api.imported("november", list_file(row(1, consent=""), row(2, consent="")))
    return api


def send(api: ApiClient, client, body: str, key: str = "k1"):
    headers = {**api._authority, "idempotency-key": key, "content-type": "text/csv"}
    return client.post(f"{V1}/consents/imports", content=body.encode(), headers=headers)


class TestImport:
    @pytest.mark.requirement(54, "consents come by a file of the one information base, nobody is asked twice")
    @pytest.mark.requirement(55, "each statement with its source and document")
    def test_good_rows_are_taken_and_bad_ones_come_back_with_line_and_reason(self, client, services, api):
        done = send(api, client, FILE).json()
        assert (done["taken"], done["unchanged"], done["rejected"]) == (4, 0, 7)
        reasons = {one["line"]: (one["column"], one["message"]) for one in done["problems"]}
        assert sorted(reasons) == [6, 7, 8, 9, 10, 11, 12]
        assert reasons[6][0] == "Цель"
        assert "ни у кого нет" in reasons[7][1]
        assert "на e-mail только пишут" in reasons[8][1]
        assert "документ" in reasons[9][1]
        assert "не записывает" in reasons[10][1]
        assert reasons[11] == ("Адрес или телефон", "не адрес e-mail и не номер телефона")
        assert reasons[12] == ("Действует с", "такой даты нет")
        assert done["rejected_file"].splitlines()[0].endswith("Действует по;Причина")
        with services.database.transaction() as session:
            rows = session.execute(
                text(
                    "SELECT channel, purpose, action, source, valid_until IS NULL FROM consent_event"
                    " ORDER BY sequence"
                )
            ).all()
        assert [tuple(one) for one in rows] == [
            ("email", "debt", "given", "paper", True),
            ("email", "*", "given", "call", False),
            ("voice", "outage", "given", "office", True),
            ("email", "survey", "withdrawn", "paper", True),
        ]
        assert send(api, client, FILE).headers["idempotency-replayed"] == "true"
        # The withdrawal names no document, so it is written once more: a "no" is never taken for a repeat.
        again = send(api, client, FILE, key="k2").json()
        assert (again["taken"], again["unchanged"], again["rejected"]) == (1, 3, 7)
        # The rejected rows, mended, go in as they are.
        mended = done["rejected_file"].replace("debts", "debt").splitlines()
        assert send(api, client, "\n".join(mended[:2]), key="k3").json()["taken"] == 1

    def test_purposes_sources_and_bases_are_understood_in_the_words_of_the_pages(self, client, services, api):
        rows_of_staff = (
            "Контакт;Канал;Цель;Источник;Документ;Основание\n"
            "person1@example.org;e-mail;Напоминания о задолженности;Бумага;бланк 1;Договор\n"
            "person1@example.org;email;опитування;офіс обслуговування;візит 2;згода\n"
        )
        done = send(api, client, rows_of_staff).json()
        assert (done["taken"], done["rejected"]) == (2, 0), done["problems"]
        with services.database.transaction() as session:
            taken = session.execute(
                text("SELECT purpose, source, basis FROM consent_event ORDER BY sequence")
            ).all()
        assert [tuple(one) for one in taken] == [
            ("debt", "paper", "contract"),
            ("survey", "office", "consent"),
        ]

    def test_a_file_that_is_none_is_refused_as_a_whole(self, client, api):
        assert code_of(send(api, client, "", key="a")) == "unusable-file"
        assert code_of(send(api, client, "ФИО;Долг\nИванов;5\n", key="b")) == "unusable-file"
