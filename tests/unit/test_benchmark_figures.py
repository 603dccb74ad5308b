"""What the reports of the benchmarks become in docs/performance.md."""

import pytest

from tests.benchmarks import figures
from tests.benchmarks.report import RATIOS, summarise
from tests.benchmarks.rounds import Round

MACHINE = {"machine": {"cores": 2}, "conditions": {"sink": "smtp-sink", "fsync": "on"}, "minutes": 18.5}
WANTED = {"recipients": 50_000, "peers": 3_000, "rounds": 3}


def bench_report(**changes: object) -> dict[str, object]:
    def rounds(rate: float) -> list[Round]:
        return [Round(1000, 1000 / rate, cpu={"x": 0.25}, worker_peak_mb=170.0)]

    entries = dict.fromkeys(RATIOS.values(), rounds(100)) | {"product": rounds(2000)}
    sizes = {"sizes": WANTED, "sizes_wanted": WANTED, "message_bytes": {"unit": 4123.5, "builtin": 7500}}
    return {**MACHINE, **sizes, **summarise(entries), **changes}


class TestBench:
    def test_every_rate_and_ratio_is_there_with_what_is_wanted(self) -> None:
        page = "\n".join(figures.of_bench(bench_report()))
        assert "| **this product** | 2 000 [2 000] | 0.25 | 170.0 |" in page
        assert "| to Celery | 20.0 [20.0] | ≥ 20 | reached |" in page
        assert "| processor seconds per 1 000 | 0.25 | ≤ 0.3 | reached |" in page
        assert page.count("reached") == len(RATIOS) + 2
        assert "too slow" not in page

    def test_a_report_has_the_names_that_are_promised(self) -> None:
        report = bench_report()
        assert set(report["ratios"]) == {  # type: ignore[call-overload]
            *("vs_aiosmtplib", "vs_pipelined", "vs_celery", "vs_dramatiq", "vs_bullmq")
        }
        assert {"rates", "ratios", "cpu_s_per_1000", "worker_peak_mb"} <= set(report)

    def test_shrunk_lists_missing_peers_and_red_rounds_are_said(self) -> None:
        report = bench_report(
            sizes={**WANTED, "recipients": 7_000}, skipped={"bullmq": "no node"}, problems=["a\nb"]
        )
        page = "\n".join(figures.of_bench(report))
        assert "7 000 recipients" in page
        assert "too slow for the wanted 50 000" in page
        assert "- Not measured here: bullmq (no node)." in page
        assert "- **Red:** a b" in page


class TestScale:
    def test_each_size_has_a_line_and_the_urgent_delay_its_sentence(self) -> None:
        one = {"rate": 2500.4, "cpu_s_per_1000": 0.4, "worker_peak_mb": 151.0, "problems": []}
        parts = [{"statements_ms_per_1000": 100.5}, {"statements_ms_per_1000": 101.5}]
        statements = {"statements": {"claim": {"ms_per_call": 4.5}, "parts": parts}}
        sizes = {"5000": {**one, **statements}, "1000000": {**one, "statements": {"skipped": "no"}}}
        delay = {"median": 0.3, "p95": 0.6, "max": 0.9}
        urgent = {"urgent_runs": 60, "bulk_rate_meanwhile": 2400.0, "delay_s": delay}
        report = {**MACHINE, "sizes": sizes, "growth": {"rate": 1.01}, "urgent": urgent}
        page = "\n".join(figures.of_scale(report))
        assert "| 5 000 | 2 500 | 0.40 | 151.0 | 4.5 | 100.5 / 101.5 |" in page
        assert "| 1 000 000 | 2 500 | 0.40 | 151.0 |  |  |" in page
        assert "delay median 0.3 s" in page


class TestPage:
    @pytest.mark.parametrize("name", ["bench", "scale"])
    def test_the_page_has_a_place_for_both_and_keeps_the_rest(self, name: str) -> None:
        page = figures.PAGE.read_text(encoding="utf-8")
        once = figures.put_in(page, name, ["| one |"])
        twice = figures.put_in(once, name, ["| two |"])
        assert "| one |" in once
        assert "| one |" not in twice
        assert twice.replace("| two |", "| one |") == once
        assert once.partition("<!--")[0] == page.partition("<!--")[0]
