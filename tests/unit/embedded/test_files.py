"""Credentials, the PostgreSQL configuration, explanations, homes, ports: what needs no server."""

import os
import socket
import stat
from pathlib import Path

import pytest

from dispatcher.embedded.credentials import load_credentials
from dispatcher.embedded.errors import EmbeddedError
from dispatcher.embedded.home import prepare_data_directory
from dispatcher.embedded.leftovers import group_members, processes_in
from dispatcher.embedded.ports import HOST, choose_port, is_free
from dispatcher.embedded.postgres_files import explain_failure, has_room_for_socket, write_configuration
from dispatcher.embedded.private_files import write_private
from tests.ports import reserve_port


class TestWritePrivate:
    def test_replaces_the_file_and_leaves_nothing_else(self, tmp_path: Path) -> None:
        for text in ("one", "two"):
            os.close(write_private(tmp_path / "file", text))
        assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "two")]
        assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


class TestLoadCredentials:
    def test_are_random_stored_and_found_again(self, tmp_path: Path) -> None:
        first, is_new = load_credentials(tmp_path)
        assert is_new
        assert first.postgres_password != first.valkey_password
        assert load_credentials(tmp_path) == (first, False)
        first.with_ports(postgres=1, valkey=2).save(tmp_path)
        assert load_credentials(tmp_path)[0].postgres_port == 1

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"other": 1}', "null"])
    def test_a_damaged_file_is_replaced(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "credentials.json").write_text(text)
        credentials, is_new = load_credentials(tmp_path)
        assert is_new
        assert load_credentials(tmp_path) == (credentials, False)

    def test_do_not_show_their_passwords(self, tmp_path: Path) -> None:
        credentials, _ = load_credentials(tmp_path)
        assert credentials.postgres_password not in repr(credentials)


class TestWriteConfiguration:
    def write(self, tmp_path: Path, sockets: Path, *, durable: bool = True) -> str:
        path = tmp_path / "postgresql.conf"
        write_configuration(
            path, cluster=tmp_path / "it's" / "data", log=tmp_path, sockets=sockets, durable=durable
        )
        return path.read_text()

    def test_quotes_odd_paths(self, tmp_path: Path) -> None:
        assert "it''s/data/postgresql.conf'" in self.write(tmp_path, tmp_path)

    def test_is_durable_unless_told_otherwise(self, tmp_path: Path) -> None:
        assert "fsync = 'on'" in self.write(tmp_path, tmp_path)
        assert "fsync = 'off'" in self.write(tmp_path, tmp_path, durable=False)

    def test_has_no_socket_where_its_path_would_be_too_long(self, tmp_path: Path) -> None:
        assert "unix_socket_directories = '/short'" in self.write(tmp_path, Path("/short"))
        assert "unix_socket_directories = ''" in self.write(tmp_path, Path("/" + "ж" * 50))
        assert not has_room_for_socket(Path("/" + "x" * 100))


class TestExplainFailure:
    def test_a_full_disk_is_said_in_plain_words(self) -> None:
        text = explain_failure("It did not start", "FATAL: x\ncould not write: No space left on device")
        assert text == "It did not start: the disk is full. Make room and start again."

    def test_tells_from_the_last_fatal_line_on(self) -> None:
        text = explain_failure("It did not start", "LOG: a\nFATAL: b\nHINT: c\n")
        assert text == "It did not start: FATAL: b / HINT: c"

    def test_silence_is_said(self) -> None:
        assert explain_failure("It did not start", "") == "It did not start: it said nothing"


class TestPrepareDataDirectory:
    def test_is_closed_to_others(self, tmp_path: Path) -> None:
        path = prepare_data_directory(tmp_path / "a" / "b")
        assert stat.S_IMODE(path.stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)

    def test_a_directory_with_other_peoples_files_keeps_its_mode(self, tmp_path: Path) -> None:
        (tmp_path / "theirs").touch()
        tmp_path.chmod(0o755)
        prepare_data_directory(tmp_path)
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755

    def test_a_file_in_its_place_is_an_error_that_says_what_to_do(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(EmbeddedError, match="DISPATCHER_DATA_DIRECTORY"):
            prepare_data_directory(tmp_path / "file")


class TestPorts:
    def test_a_listening_port_is_not_free_and_not_chosen(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            assert not is_free(port)
            assert choose_port(port) != port

    def test_the_preferred_port_is_taken_when_free(self) -> None:
        port = choose_port()
        assert choose_port(port) == port

    def test_ports_lie_below_those_of_outgoing_connections(self) -> None:
        first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
        assert choose_port() < max(first, 32_768)

    def test_a_port_that_is_kept_for_a_server_is_free_for_it_and_chosen_by_nobody_else(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept, other = reserve_port(neighbours=1), choose_port()
        chances = iter([kept, kept + 1, other])
        monkeypatch.setattr("random.randrange", lambda *_: next(chances))

        assert choose_port() == other
        with socket.create_server((HOST, kept)), socket.create_server((HOST, kept + 1)):
            assert not is_free(kept)
        assert is_free(kept)


class TestLeftovers:
    def test_a_process_is_known_by_its_directory_and_name(self, tmp_path: Path) -> None:
        name = Path("/proc/self/comm").read_text().strip()
        assert os.getpid() in processes_in(Path.cwd(), name)
        assert processes_in(Path.cwd(), "no-such-name") == []
        assert processes_in(tmp_path, name) == []

    def test_a_process_is_a_member_of_its_group(self) -> None:
        assert os.getpid() in group_members(os.getpgrp())
