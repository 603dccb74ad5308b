"""`dispatcher dkim new-key`: a private file and the record that belongs to it; `doctor --mail` reads both."""

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from channels.email.dkim_keys import load_keys
from dispatcher.cli import doctor
from dispatcher.cli.app import app
from dispatcher.core.errors import ConfigurationError
from dispatcher.core.settings import MailSettings
from tests.unit.cli.made_up_dns import MadeUpDns


def dispatcher(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with no settings but the defaults."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPATCHER_CONFIG", raising=False)
    return tmp_path


class TestNewKey:
    @pytest.mark.parametrize("algorithm", ["rsa", "ed25519"])
    def test_the_file_is_private_and_the_record_is_its_own(self, place: Path, algorithm: str) -> None:
        done = dispatcher("dkim", "new-key", "--selector", "2026A", "--algorithm", algorithm, "--json")
        assert done.exit_code == 0, done.output
        told = json.loads(done.stdout)
        path = place / ".dispatcher" / "dkim" / "2026a.pem"
        assert told["file"] == str(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        key = {"selector": "2026a", "private_key_file": path, "algorithm": algorithm}
        (loaded,) = load_keys(MailSettings.model_validate({"dkim_keys": [key]}))
        assert told["record"]["value"] == loaded.record
        assert told["record"]["name"] == "2026a._domainkey.energosbyt.example"

    def test_the_lines_for_the_settings_can_be_used_as_they_are(
        self, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(doctor, "SystemDns", lambda: MadeUpDns({}, is_silent=True))
        done = dispatcher("dkim", "new-key", "--selector", "a", "--algorithm", "ed25519", "--json")
        (place / "dispatcher.toml").write_text(json.loads(done.stdout)["setting"], encoding="utf-8")
        told = json.loads(dispatcher("doctor", "--mail", "--json").stdout)
        assert {"DKIM a", "signing"} <= {item["subject"] for item in told["items"]}
        signing = next(item for item in told["items"] if item["subject"] == "signing")
        assert "a (ed25519)" in signing["words"]

    def test_people_read_where_the_key_is_and_what_to_publish(self) -> None:
        done = dispatcher("dkim", "new-key", "--selector", "a", "--file", "keys/mine.pem")
        assert "keys/mine.pem" in done.stdout
        assert "a._domainkey.energosbyt.example. 3600 IN TXT (" in done.stdout
        assert "PRIVATE KEY" not in done.output

    def test_a_key_is_never_replaced(self, place: Path) -> None:
        dispatcher("dkim", "new-key", "--selector", "a", "--algorithm", "ed25519")
        path = place / ".dispatcher" / "dkim" / "a.pem"
        before = path.read_bytes()
        again = dispatcher("dkim", "new-key", "--selector", "a")
        assert isinstance(again.exception, ConfigurationError)
        assert "is there already" in str(again.exception)
        assert path.read_bytes() == before

    @pytest.mark.parametrize("selector", ["../../etc/passwd", "a/b", "", "."])
    def test_a_selector_cannot_lead_elsewhere(self, place: Path, selector: str) -> None:
        done = dispatcher("dkim", "new-key", "--selector", selector)
        assert isinstance(done.exception, ConfigurationError)
        assert list(place.iterdir()) == []

    def test_a_place_that_cannot_be_written_is_said(self, place: Path) -> None:
        (place / "file").touch()
        done = dispatcher("dkim", "new-key", "--selector", "a", "--file", "file/key.pem")
        assert isinstance(done.exception, ConfigurationError)
        assert "--file" in str(done.exception)

    def test_a_short_rsa_key_cannot_be_made(self) -> None:
        assert dispatcher("dkim", "new-key", "--selector", "a", "--bits", "1024").exit_code == 2
