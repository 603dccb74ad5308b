"""The bar, numbers and escaping, in the rendered fragments."""

from dataclasses import fields
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from jinja2 import Environment

from campaigns.import_jobs import ImportJob
from dispatcher.web.cron_words import cron_words
from dispatcher.web.live_words import BAR_WIDTH, segments
from dispatcher.web.rendering import Renderer
from reports.live import Pace
from tests.unit.reports.test_live import view


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(company_name="Энерго", company_phone="8 (800) 000-00-00", time_zone="Europe/Moscow")


class TestSegments:
    def test_fill_the_bar_and_add_up_to_planned(self):
        live = view(("notice", "notified", "", 30), ("notice", "open", "", 50), fanned_out=80)
        parts = segments(live)
        assert [part.code for part in parts] == ["notified", "open", "not_fanned_out"]
        assert sum(part.count for part in parts) == live.planned
        assert sum(part.width for part in parts) == pytest.approx(BAR_WIDTH)

    def test_an_empty_run_has_none(self):
        assert segments(view(planned=0, fanned_out=0)) == []


def job(**changes: Any) -> ImportJob:
    values = dict.fromkeys(field.name for field in fields(ImportJob))
    known = {"id": UUID(int=1), "state": "running", "recipients": 40_000, "problems": 2, "options": {}}
    return ImportJob(**{**values, **known, **changes})


class TestImportFragment:
    def test_the_bar_fills_once_the_number_of_rows_is_known(self, renderer):
        values = {"job": job(options={"rows": 50_000}), "has_file": True, "member": None}
        html = renderer.fragment("fragments/import.html", "ru", values)
        assert '<progress max="50000" value="40000"' in html
        assert "≈ 50\xa0000" in html

    def test_it_is_never_more_than_full(self, renderer):
        values = {"job": job(options={"rows": 30_000}), "has_file": True, "member": None}
        assert 'value="30000"' in renderer.fragment("fragments/import.html", "ru", values)

    def test_before_that_it_only_moves(self, renderer):
        values = {"job": job(state="waiting"), "has_file": True, "member": None}
        html = renderer.fragment("fragments/import.html", "ru", values)
        assert "max=" not in html
        assert "Файл ждёт очереди" in html


class TestFrames:
    def test_a_letter_keeps_the_styles_of_its_tags_and_loses_its_sheets(self, renderer):
        values = {"letter_text": "x", "letter_html": '<style>p{}</style><p style="color:red">"</p>'}
        html = renderer.fragment("fragments/letter.html", "ru", values)
        assert "&lt;style&gt;" not in html
        assert "&lt;p style=&#34;color:red&#34;&gt;&#34;&lt;/p&gt;" in html


class TestCronWords:
    @pytest.mark.parametrize(
        ("cron", "words"),
        [
            ("0 9 * * *", "every day at 09:00"),
            ("30 8 1,15 * *", "on day 1, 15 of the month at 08:30"),
            ("0 9 * * 1-5", "Monday to Friday at 09:00"),
            ("0 9 * * 0,6", "on Sun, Sat at 09:00"),
            ("0 9 1 * 1", "by the schedule 0 9 1 * 1"),
            ("*/90 9 1 * *", "by the schedule */90 9 1 * *"),
        ],
    )
    def test_say_what_a_schedule_means(self, cron, words):
        context = Environment().from_string("").new_context({"language": "en"})
        assert cron_words(context, cron) == words


class TestLiveFragment:
    def test_a_percentage_is_never_rounded_up_to_all(self, renderer):
        counts = (("notice", "notified", "", 99_999), ("notice", "open", "", 1))
        live = view(*counts, planned=100_000, fanned_out=100_000)
        assert "99.9%" in renderer.fragment("fragments/live.html", "en", {"live": live})

    def test_numbers_are_written_as_the_language_does(self, renderer):
        live = view(("notice", "open", "", 1_234_567), planned=1_234_567, fanned_out=1_234_567)
        assert "1,234,567" in renderer.fragment("fragments/live.html", "en", {"live": live})
        assert "1\xa0234\xa0567" in renderer.fragment("fragments/live.html", "ru", {"live": live})

    def test_a_reason_cannot_bring_markup(self, renderer):
        live = view(("notice", "failed", "<script>1</script>", 1))
        html = renderer.fragment("fragments/live.html", "ru", {"live": live})
        assert "<script>" not in html
        assert "&lt;script&gt;" in html

    def test_a_broken_sum_is_shown(self, renderer):
        live = view(("notice", "open", "", 1))
        assert "Сумма не сходится" in renderer.fragment("fragments/live.html", "ru", {"live": live})

    def test_times_are_those_of_the_company_and_say_the_day_only_when_it_is_another(self, renderer):
        live = Pace().apply(
            view(("attempt", "accepted", "", 10), ("attempt", "planned", "", 20), ends_in=timedelta(days=1))
        )
        html = renderer.fragment("fragments/live.html", "ru", {"live": live})
        assert ">12:03<" in html
        assert "2 окт. 2026, 12:00" in html

    def test_no_style_or_script_is_inline(self, renderer):
        html = renderer.fragment("fragments/live.html", "ru", {"live": view(("notice", "open", "", 100))})
        assert "style=" not in html
        assert "onclick" not in html
