"""The bar, numbers and escaping, in the rendered fragments."""

from datetime import timedelta

import pytest

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
