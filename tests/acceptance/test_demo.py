"""The demo, as a newcomer runs it."""

import json

import pytest

from tests.acceptance.product import installation

pytestmark = pytest.mark.timeout(600)  # a starved machine says nothing about the product


class TestDemo:
    def test_a_demo_that_ends_by_itself_adds_up_and_leaves_nothing_running(self) -> None:
        with installation() as product:
            path = product.directory / "summary.json"
            # Nobody listens there: the demo must not even ask the servers that are configured.
            real = {
                "DISPATCHER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/real",
                "DISPATCHER_REDIS_URL": "redis://127.0.0.1:1/0",
            }
            done = product.run("demo", "--once", "--recipients", "300", "--summary", str(path), **real)

            assert done.returncode == 0, done.stdout + done.stderr
            summary = json.loads(path.read_text(encoding="utf-8"))
            ended = [summary[state] for state in ("delivered", "failed", "expired", "stopped", "unknown")]
            assert summary["planned"] == 300
            assert sum(ended) + sum(summary["blocked"].values()) == 300
            assert summary["unknown"] == summary["expired"] == summary["stopped"] == 0
            assert summary["delivered"] > 200
            assert summary["sandbox_received"] >= summary["delivered"]
            assert set(summary["blocked"]) >= {"no_consent"}

    @pytest.mark.parametrize("provider", ["smsc", "smpp"])
    def test_the_same_by_sms_with_the_reports_of_a_made_up_provider(self, provider: str) -> None:
        with installation() as product:
            path = product.directory / "summary.json"
            options = ("--channel", "sms", "--provider", provider, "--recipients", "60")
            done = product.run("demo", "--once", *options, "--summary", str(path))

            assert done.returncode == 0, done.stdout + done.stderr
            summary = json.loads(path.read_text(encoding="utf-8"))
            ended = [summary[state] for state in ("delivered", "failed", "expired", "stopped", "unknown")]
            assert sum(ended) + sum(summary["blocked"].values()) == summary["planned"] == 60
            assert summary["sandbox_received"] >= summary["delivered"] > 30

    def test_a_summary_that_cannot_be_written_is_said_before_the_campaign(self) -> None:
        with installation() as product:
            done = product.run("demo", "--once", "--summary", "/proc/nowhere/summary.json")

            assert done.returncode == 1
            assert "/proc/nowhere/summary.json" in done.stderr
            assert not (product.directory / "data").exists()

    def test_the_same_by_calls_that_are_heard_and_answered_with_keys(self) -> None:
        """At most a handful of calls at once: their sound is real, and this machine may be small."""
        with installation() as product:
            path = product.directory / "summary.json"
            options = ("--channel", "voice", "--recipients", "12")
            done = product.run("demo", "--once", *options, "--summary", str(path))

            assert done.returncode == 0, done.stdout + done.stderr
            summary = json.loads(path.read_text(encoding="utf-8"))
            ended = [summary[state] for state in ("delivered", "failed", "expired", "stopped", "unknown")]
            assert sum(ended) + sum(summary["blocked"].values()) == summary["planned"] == 12
            assert summary["unknown"] == summary["expired"] == 0
            assert summary["sandbox_received"] >= summary["delivered"] > 2
