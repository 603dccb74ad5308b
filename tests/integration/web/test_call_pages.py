"""The calls of a run by its pages: what came of each, who may see whom, and the meter readings as a file."""

from dataclasses import replace
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from channels.port import ChannelKind, OutcomeKind
from dispatcher.core.staff import StaffRole
from dispatcher.web.pages import run_calls
from tests.calling_channel import BUSY, CONFIRMED
from tests.engine import Engine
from tests.factories import make_list, make_run, make_step, row, rows
from tests.integration.web.browsing import sign_in
from tests.integration.web.installation import make_staff

READING = replace(CONFIRMED, collected={"reading": "0012345"})


@pytest.fixture
def run(services, engine: Engine):
    """Three calls: a meter reading, a busy line, a confirmed one; a fourth person may not be called."""
    people = [*rows(3), row(4, consent="нет")]
    step = make_step(engine.application, ChannelKind.VOICE)
    run = engine.start(make_run(engine.application, [step], imported=make_list(engine.application, people)))
    voice = engine.channels[ChannelKind.VOICE]
    voice.answer("+79000000001", OutcomeKind.DELIVERED, call=READING)
    voice.answer("+79000000002", OutcomeKind.PERMANENT, reason="busy", call=BUSY)
    voice.answer("+79000000003", OutcomeKind.DELIVERED, call=CONFIRMED)
    engine.work(ChannelKind.VOICE)
    return run


def actions(services) -> list[tuple[str, str]]:
    with services.database.transaction() as session:
        found = session.execute(text("SELECT actor, action FROM audit_event ORDER BY at, id"))
        return [tuple(row) for row in found]


class TestCallsOfARun:
    def test_staff_see_what_came_of_each_call_and_the_look_is_on_record(self, client, services, run):
        sign_in(client)
        assert f'href="/runs/{run}/calls"' in client.get(f"/runs/{run}").text
        page = client.get(f"/runs/{run}/calls").text
        for words in ("Петров Пётр 1", "+79000000002", "номер занят", "SIP 486", "Q.850 17", "человек"):
            assert words in page
        assert "подтвердил, что это он" in page
        assert "20 из 20 с" in page
        assert "показание счётчика: <b>0012345</b>" in page
        assert "номер занят: 1" in page
        assert "нет согласия" not in page
        assert ("staff:operator", "calls.viewed") in actions(services)
        for language, words in (("uk", "номер зайнятий"), ("en", "the line was busy")):
            assert words in client.get(f"/runs/{run}/calls?lang={language}").text

    def test_they_are_chosen_by_outcome_and_read_page_by_page(self, client, run, monkeypatch):
        sign_in(client)
        busy = client.get(f"/runs/{run}/calls?outcome=busy").text
        assert ("Пётр 2" in busy, "Пётр 1" in busy) == (True, False)
        entered = client.get(f"/runs/{run}/calls?entered=true").text
        assert ("Пётр 1" in entered, "Пётр 3" in entered) == (True, False)
        assert "Таких звонков нет" in client.get(f"/runs/{run}/calls?outcome=machine").text
        monkeypatch.setattr(run_calls, "PAGE_SIZE", 1)
        link, seen = f"/runs/{run}/calls?outcome=confirmed", []
        while link:
            page = client.get(link).text
            seen += [name for name in ("Пётр 1", "Пётр 2", "Пётр 3") if name in page]
            further = page.partition(f'href="/runs/{run}/calls?after=')[2].partition('"')[0]
            link = f"/runs/{run}/calls?after={further.replace('&amp;', '&')}" if further else ""
        assert seen == ["Пётр 1", "Пётр 3"]
        assert client.get(f"/runs/{run}/calls?outcome=%3Cb%3E").status_code == 400

    @pytest.mark.requirement(51, "whoever may only look sees what came of calls, but not of whose")
    def test_an_auditor_sees_nobody_and_takes_no_file(self, client, services, run):
        make_staff(services, "auditor", StaffRole.AUDITOR)
        sign_in(client, "auditor")
        page = client.get(f"/runs/{run}/calls").text
        assert "номер занят" in page
        assert "П. П." in page
        for hidden in ("Пётр", "0000000001", "9000000001", "0012345"):
            assert hidden not in page
        assert "/calls/entered" not in page
        assert client.get(f"/runs/{run}/calls/entered").status_code == 403


class TestEnteredDigits:
    def test_meter_readings_go_out_as_a_file_with_their_noughts_and_that_is_on_record(
        self, client, services, run
    ):
        sign_in(client)
        file = client.get(f"/runs/{run}/calls/entered")
        assert file.headers["content-type"].startswith("text/csv")
        header, line = file.content.decode("utf-8-sig").splitlines()
        assert header.startswith("Лицевой счёт;Что введено;Цифры;Когда;Попытка")
        account, name, digits, _at, attempt, _id = line.split(";")
        assert (account, name, digits, attempt) == ("0000000001", "показание счётчика", "0012345", "1")
        book = CalamineWorkbook.from_filelike(
            BytesIO(client.get(f"/runs/{run}/calls/entered?format=xlsx").content)
        )
        [_, found] = book.get_sheet_by_index(0).to_python()
        assert found[:3] == ["0000000001", "показание счётчика", "0012345"]
        assert actions(services).count(("staff:operator", "entered_digits.downloaded")) == 2

    def test_there_is_none_of_a_run_that_does_not_exist(self, client, services):
        sign_in(client)
        unknown = "01936f50-0b7e-7a11-8f02-2d3c4b5a6980"
        for path in ("calls", "calls/entered"):
            assert client.get(f"/runs/{unknown}/{path}").status_code == 404
