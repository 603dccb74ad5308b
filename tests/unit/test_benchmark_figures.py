"""What the reports of the benchmarks become in docs/performance.md."""

import pytest

from tests.benchmarks import figures
from tests.benchmarks.report import RATIOS, summarise
from tests.benchmarks.rounds import Round
from tests.benchmarks.voice.__main__ import problems_of

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


def voice_report(**changes: object) -> dict[str, object]:
    load = {
        "calls": 80,
        "seconds": 60.0,
        "caller": {"failed": 0, "core_share": 0.61, "core_share_per_call": 0.0076},
        "peer": {"calls_with_sound": 80, "frames_heard": 240_000, "frames_starved": 0, "frames_lost": 0},
    }
    endurance = {"answered": 5000, "failed": 0, "calls_per_second": 26.4, "memory_mb": [57.0, 62.1, 62.4]}
    setup = {"product_per_second": 26.0, "sipp_per_second": 2000.0, "vs_sipp": 0.013}
    return {"machine": {"cores": 2}, "load": load, "endurance": endurance, "setup": setup, **changes}


class TestVoice:
    def test_its_report_fills_its_own_part(self) -> None:
        name, lines = figures.part_of(voice_report())
        page = "\n".join(lines)
        assert name == "voice"
        assert "| frames of 20 ms heard, starved, lost | 240000, 0, 0 |" in page
        assert "26/s, 2000/s: 1.3%" in page

    def test_a_missing_sipp_is_said(self) -> None:
        report = voice_report(skipped={"setup": "SIPp is not installed"})
        del report["setup"]
        assert "SIPp is not installed" in "\n".join(figures.part_of(report)[1])

    def test_starved_frames_failed_calls_and_growing_memory_are_red(self) -> None:
        assert problems_of(voice_report()) == []
        report = voice_report(
            endurance={
                "answered": 4999,
                "failed": 1,
                "calls_per_second": 1.0,
                "memory_mb": [50.0, 60.0, 70.0],
            }
        )
        report["load"]["peer"] |= {"frames_starved": 3, "calls_with_sound": 79}  # type: ignore[index]
        words = "; ".join(problems_of(report))
        assert "endurance: 1 calls failed" in words
        assert "1 of 80 calls were silent" in words
        assert "3 frames were starved" in words
        assert "from 60.0 to 70.0 MB" in words


class TestShortMessages:
    def test_its_report_fills_its_own_part(self) -> None:
        def entry(rate: float, cpu: float) -> dict[str, object]:
            return {"rate": {"median": rate}, "cpu_s_per_1000": {"median": cpu}}

        report = {
            "machine": {"cores": 2},
            "recipients": 5000,
            "figures": {"product_sms": entry(561.2, 1.32), "aiohttp_loop": entry(1592.0, 0.3)},
            "ratios": {"rate_product_to_loop": {"median": 0.36}, "cpu_product_to_loop": {"median": 4.4}},
        }
        name, lines = figures.part_of(report)
        assert name == "sms"
        assert "| **this product** | 561 | 1.32 |" in lines
        assert "| product : loop | 0.36 | 4.4 |" in lines
