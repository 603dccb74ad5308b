"""A short chaos in every test run; `make chaos` is the long one. And proof that it would notice."""

import subprocess
import sys

import pytest


def play(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.chaos", *arguments],
        capture_output=True,
        text=True,
        timeout=580,  # a starved machine says nothing about the product
        check=False,
    )


@pytest.mark.timeout(600)
class TestChaos:
    def test_nobody_is_lost_or_told_twice_whatever_is_killed(self) -> None:
        targets = [f"--target={name}" for name in ("all workers", "postgres", "worker frozen")]

        done = play("--rounds", "3", "--seed", "7", *targets)

        assert done.returncode == 0, done.stdout + done.stderr
        assert "lost 0, doubled 0" in done.stdout

    def test_a_worker_that_sends_before_it_commits_is_caught(self) -> None:
        done = play("--rounds", "3", "--notices", "1000", "--broken", "send-before-commit")

        assert done.returncode == 0, done.stdout + done.stderr
        assert "was caught" in done.stdout
