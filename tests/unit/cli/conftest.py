"""A company whose mail is in order."""

from pathlib import Path

import pytest

from dispatcher.core.settings import Settings
from tests.unit.cli.made_up_dns import PEMS


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A company whose settings are in order: it signs by RSA and Ed25519."""
    monkeypatch.chdir(tmp_path)
    keys = []
    for kind, pem in PEMS.items():
        path = tmp_path / f"{kind}.pem"
        path.touch(mode=0o600)
        path.write_bytes(pem)
        keys.append({"selector": kind, "private_key_file": path})
    return Settings.model_validate(
        {
            "smtp": {"host": "relay.example.com"},
            "mail": {
                "from_address": "notify@example.com",
                "bounce_domain": "bounces.example.com",
                "dkim_keys": keys,
            },
            "web": {"public_url": "https://lk.example.com"},
        }
    )
