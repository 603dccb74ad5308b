"""Writes the measured figures into docs/performance.md, so that none is copied by hand.

    .venv/bin/python -m tests.benchmarks.figures bench.json bench-scale.json bench-sms.json bench-voice.json

Any file may be left out; its tables stay as they are. What stands between the marks of a part is replaced.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "performance.md"
ENTRIES: Final = {
    "aiosmtplib": "transport alone, aiosmtplib",
    "pipelined": "transport alone, pipelined",
    "product": "**this product**",
    "product_dkim_ed25519": "this product, DKIM Ed25519",
    "product_dkim_rsa2048": "this product, DKIM RSA-2048",
    "celery": "Celery + Redis + smtplib",
    "dramatiq": "dramatiq + smtplib",
    "bullmq": "BullMQ + nodemailer, tuned",
    "aiosmtplib_builtin": "*built-in reminder:* transport alone, aiosmtplib",
    "pipelined_builtin": "*built-in reminder:* transport alone, pipelined",
    "product_builtin": "*built-in reminder:* this product",
}
#: Words and the wanted ratio of the product's rate, by its name in the report.
WANTED: Final[Mapping[str, tuple[str, float]]] = {
    "vs_aiosmtplib": ("to aiosmtplib alone", 1.2),
    "vs_pipelined": ("to the pipelined transport alone", 0.3),
    "vs_celery": ("to Celery", 20),
    "vs_dramatiq": ("to dramatiq", 20),
    "vs_bullmq": ("to BullMQ", 6),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "reports", nargs="+", type=Path, help="of `make bench`, `bench-scale`, `bench-sms` or `bench-voice`"
    )
    arguments = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    for path in arguments.reports:
        report = json.loads(path.read_text(encoding="utf-8"))
        page = put_in(page, *part_of(report))
    PAGE.write_text(page, encoding="utf-8")


def part_of(report: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Which part of the page a report fills, and with what."""
    if "growth" in report:
        return "scale", of_scale(report)
    if "endurance" in report:
        return "voice", of_voice(report)
    if "rate_product_to_loop" in report["ratios"]:
        return "sms", of_sms(report)
    return "bench", of_bench(report)


def put_in(page: str, name: str, lines: Sequence[str]) -> str:
    """The page with the lines between the marks of this part. Raises `ValueError` when it has none."""
    begin, end = f"<!-- {name}: measured -->", f"<!-- {name}: end -->"
    before, found, rest = page.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise ValueError(f"docs/performance.md has no part between {begin} and {end}")
    return "\n".join([before + begin, *lines, end + after])


def of_bench(report: Mapping[str, Any]) -> list[str]:
    """The tables of `make bench`."""
    return [
        _machine(report),
        "",
        _sizes(report),
        "",
        "| | messages/s: median [rounds] | CPU s per 1 000 | workers' peak, MB |",
        "|---|---|---|---|",
        *_rates(report),
        "",
        "| ratio of the product's rate | measured [rounds] | wanted | |",
        "|---|---|---|---|",
        *_ratios(report),
        *_targets(report),
        *_remarks(report),
    ]


def of_scale(report: Mapping[str, Any]) -> list[str]:
    """The tables of `make bench-scale`."""
    head = "| recipients | messages/s | CPU s per 1 000 | workers' peak, MB | claim statement, ms |"
    lines = [
        _machine(report),
        "",
        f"{head} all statements, ms per 1 000: first / last tenth |",
        "|---" * 6 + "|",
    ]
    lines += [_size_row(size, one) for size, one in report["sizes"].items()]
    growth = report["growth"]
    lines += [
        "",
        "The largest list against the smallest: "
        + ", ".join(f"{name.replace('_', ' ')} × {value}" for name, value in growth.items())
        + ".",
    ]
    urgent = report.get("urgent")
    if urgent and urgent.get("delay_s"):
        delay = urgent["delay_s"]
        lines += [
            "",
            f"{urgent['urgent_runs']} urgent notices, one each second, while a bulk run goes at"
            f" {_number(urgent['bulk_rate_meanwhile'])} messages a second: delay median {delay['median']} s,"
            f" 95th percentile {delay['p95']} s, longest {delay['max']} s (wanted: median ≤ 1 s).",
        ]
    return lines + _remarks(report)


def _machine(report: Mapping[str, Any]) -> str:
    facts = {**report["machine"], **report.get("conditions", {})}
    words = (f"{name.replace('_', ' ')}: {value}" for name, value in facts.items())
    return f"*{'; '.join(words)}.*"


def _sizes(report: Mapping[str, Any]) -> str:
    sizes, wanted = report["sizes"], report["sizes_wanted"]
    words = (
        f"{_number(sizes['recipients'])} recipients of the product and the transport,"
        f" {_number(sizes['peers'])} of each peer, {sizes['rounds']} rounds, {report['minutes']} minutes;"
        f" a letter has {_number(report['message_bytes']['unit'])} octets,"
        f" the built-in reminder {_number(report['message_bytes']['builtin'])}."
    )
    if sizes == wanted:
        return words
    return (
        f"{words} This machine was too slow for the wanted {_number(wanted['recipients'])},"
        f" {_number(wanted['peers'])} and {wanted['rounds']} rounds."
    )


def _rates(report: Mapping[str, Any]) -> Iterator[str]:
    for name, words in ENTRIES.items():
        rate = report["rates"].get(name)
        if rate is None:
            continue
        rounds = ", ".join(_number(one) for one in rate["rounds"])
        cpu = report["cpu_s_per_1000"][name]["median"]
        peak = report["worker_peak_mb"].get(name, {}).get("median", "")
        yield f"| {words} | {_number(rate['median'])} [{rounds}] | {cpu:.2f} | {peak} |"


def _ratios(report: Mapping[str, Any]) -> Iterator[str]:
    for name, (words, wanted) in WANTED.items():
        for kind, prefix in (("ratios", ""), ("ratios_builtin", "*built-in reminder* ")):
            ratio = report[kind].get(name)
            if ratio is None:
                continue
            rounds = ", ".join(str(one) for one in ratio["rounds"])
            mark = "reached" if ratio["median"] >= wanted else "not reached"
            yield f"| {prefix}{words} | {ratio['median']} [{rounds}] | ≥ {wanted} | {mark} |"


def _targets(report: Mapping[str, Any]) -> Iterator[str]:
    """Processor time and memory, which are wanted as they are and not as ratios."""
    wanted = (
        ("processor seconds per 1 000", "cpu_s_per_1000", 0.30),
        ("workers together, MB", "worker_peak_mb", 180),
    )
    for words, key, limit in wanted:
        measured = report[key].get("product", {}).get("median")
        if measured is not None:
            mark = "reached" if measured <= limit else "not reached"
            yield f"| {words} | {measured} | ≤ {limit} | {mark} |"


def _remarks(report: Mapping[str, Any]) -> list[str]:
    """What could not be measured, and what was wrong."""
    lines = [f"- Not measured here: {name} ({reason})." for name, reason in report.get("skipped", {}).items()]
    lines += [f"- **Red:** {' '.join(problem.split())}" for problem in report.get("problems", ())]
    return ["", *lines] if lines else []


def _size_row(size: str, one: Mapping[str, Any]) -> str:
    statements = one["statements"]
    claim = statements.get("claim", {}).get("ms_per_call", "")
    parts = [part["statements_ms_per_1000"] for part in statements.get("parts", ())]
    ends = f"{parts[0]} / {parts[-1]}" if parts else ""
    return (
        f"| {_number(int(size))} | {_number(one['rate'])} | {one['cpu_s_per_1000']:.2f} |"
        f" {one['worker_peak_mb']} | {claim} | {ends} |"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ")


def of_voice(report: Mapping[str, Any]) -> list[str]:
    """The table of `make bench-voice`."""
    load, setup, endurance = report["load"], report.get("setup"), report["endurance"]
    caller, peer, memory = load["caller"], load["peer"], endurance["memory_mb"]
    calls = f"{load['calls']} for {load['seconds']:.0f} s"
    lines = [
        _machine(report),
        "",
        "| | measured |",
        "|---|---|",
        f"| answered calls at once, each with a tone | {calls} |",
        f"| frames of 20 ms heard, starved, lost | {peer['frames_heard']}, {peer['frames_starved']},"
        f" {peer['frames_lost']} |",
        f"| share of one core in all, for one call | {caller['core_share']:.0%},"
        f" {caller['core_share_per_call']:.2%} |",
        f"| calls begun and ended one after the other | {endurance['answered']} answered,"
        f" {endurance['failed']} failed, {endurance['calls_per_second']:.0f}/s |",
        f"| memory at each tenth of them, MB | {', '.join(f'{one:.0f}' for one in memory)} |",
    ]
    if setup is None:
        return [*lines, *(f"| set-up beside SIPp | {why} |" for why in report["skipped"].values())]
    return [
        *lines,
        f"| set up and ended against SIPp, SIPp alone | {setup['product_per_second']:.0f}/s,"
        f" {setup['sipp_per_second']:.0f}/s: {setup['vs_sipp']:.1%} |",
    ]


def of_sms(report: Mapping[str, Any]) -> list[str]:
    """The table of `make bench-sms`."""
    figures, ratios = report["figures"], report["ratios"]
    names = {"product_sms": "**this product**", "aiohttp_loop": "a loop over aiohttp"}
    rows = [
        f"| {names[name]} | {one['rate']['median']:.0f} | {one['cpu_s_per_1000']['median']:.2f} |"
        for name, one in figures.items()
    ]
    return [
        _machine(report),
        "",
        f"*{report['recipients']} messages in each round.*",
        "",
        "| | messages/s | CPU s per 1 000 |",
        "|---|---|---|",
        *rows,
        f"| product : loop | {ratios['rate_product_to_loop']['median']:.2f} |"
        f" {ratios['cpu_product_to_loop']['median']:.1f} |",
    ]


if __name__ == "__main__":
    main()
