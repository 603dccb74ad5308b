"""`dispatcher report …`."""

from python_calamine import CalamineWorkbook

from tests.factories import make_campaign, make_list, rows

MARCH = ("--first", "2026-03-01", "--last", "2026-03-31")


class TestReport:
    def test_it_is_printed_and_written_to_a_workbook_on_record(self, engine, run, tmp_path):
        make_list(engine.application, rows(2))
        engine.finish(engine.start(make_campaign(engine.application).run_id))
        assert "Уведомления по сценариям" in run("report", "show", *MARCH)
        assert "Сроки по сценариям" in run("report", "show", *MARCH, "--terms")
        run("report", "export", tmp_path / "march.xlsx", *MARCH)
        book = CalamineWorkbook.from_path(tmp_path / "march.xlsx")
        assert book.get_sheet_by_name("Уведомления по сценариям").to_python()[1][3:5] == [2, 2]
        [done] = engine.sql("SELECT actor FROM audit_event WHERE action = 'report.downloaded'")
        assert done.actor == "cli:olga"

    def test_a_day_that_is_none_is_refused_in_words(self, refuse):
        assert "write 2026-11-23" in refuse("report", "show", "--first", "вчера")
