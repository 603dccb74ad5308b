import os
import stat
from pathlib import Path

import pytest

from dispatcher.embedded.errors import AlreadyRunningError
from dispatcher.embedded.ownership import Ownership, ServerAddresses, read_published

ADDRESSES = ServerAddresses("postgresql+psycopg://u:secret@127.0.0.1:1/d", "redis://:secret@127.0.0.1:2/0")


class TestOwnership:
    def test_a_second_owner_is_refused_until_the_first_releases(self, tmp_path: Path) -> None:
        first = Ownership(tmp_path)
        with pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}"):
            Ownership(tmp_path)
        first.release()
        Ownership(tmp_path).release()

    def test_looking_does_not_lose_the_lock(self, tmp_path: Path) -> None:
        owner = Ownership(tmp_path)
        owner.publish(ADDRESSES)
        for _ in range(2):
            assert read_published(tmp_path) == ADDRESSES
        with pytest.raises(AlreadyRunningError):
            Ownership(tmp_path)
        owner.release()
        assert read_published(tmp_path) is None

    def test_what_a_killed_owner_left_is_not_believed(self, tmp_path: Path) -> None:
        owner = Ownership(tmp_path)
        owner.publish(ADDRESSES)
        left = (tmp_path / "servers.json").read_bytes()
        owner.release()
        (tmp_path / "servers.json").write_bytes(left)
        assert read_published(tmp_path) is None
        Ownership(tmp_path).release()
        assert not (tmp_path / "servers.json").exists()

    def test_new_addresses_replace_the_earlier_ones(self, tmp_path: Path) -> None:
        owner = Ownership(tmp_path)
        owner.publish(ADDRESSES)
        other = ServerAddresses(
            "postgresql+psycopg://u:secret@127.0.0.1:3/d", "redis://:secret@127.0.0.1:4/0"
        )
        owner.publish(other)
        assert read_published(tmp_path) == other
        assert stat.S_IMODE((tmp_path / "servers.json").stat().st_mode) == 0o600
        owner.release()
        assert [path.name for path in tmp_path.iterdir()] == ["owner.lock"]

    def test_addresses_do_not_show_their_passwords(self) -> None:
        assert "secret" not in f"{ADDRESSES} {ADDRESSES!r}"
