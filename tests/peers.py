"""Peers that a test needs and a machine may lack: skipped at a developer's desk, a failure in CI."""

import os

import pytest


def need(present: bool, peer: str) -> None:
    """Skip the test when `peer` is missing; with CI=true fail it, so that nothing goes untested unseen."""
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{peer} is missing: in CI every test must run")
    pytest.skip(f"{peer} is missing")
