"""A whole Dovecot with one mailbox, in a directory and under a user of its own, on a free loopback port."""

import grp
import imaplib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.ports import reserve_port

BINARY: Final = shutil.which("dovecot", path="/usr/sbin:/usr/bin:/sbin")
USER, PASSWORD = "bounces", "secret"
START_TRIES: Final = 1200
SETTINGS: Final = """\
base_dir = {directory}/run
state_dir = {directory}/run
log_path = {directory}/log
protocols = imap
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
first_valid_uid = 1
mail_location = maildir:{directory}/mail
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={directory}/home
}}
"""


def why_not() -> str | None:
    """Why no Dovecot can be started here; None when it can."""
    return None if BINARY else "dovecot-imapd is missing: install it to poll a foreign mail server"


@contextmanager
def dovecot() -> Iterator[int]:
    """The port it listens on; the mailbox is empty."""
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    directory = Path(tempfile.mkdtemp(prefix="dovecot-"))
    port = reserve_port()
    for name in ("run", "mail", "home"):
        (directory / name).mkdir()
    config = directory / "dovecot.conf"
    config.write_text(
        SETTINGS.format(
            directory=directory,
            user=owner.pw_name,
            group=grp.getgrgid(owner.pw_gid).gr_name,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            port=port,
            password=PASSWORD,
        )
    )
    if os.geteuid() == 0:
        for path in (directory, *directory.rglob("*")):
            shutil.chown(path, owner.pw_uid, owner.pw_gid)
    who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    assert BINARY
    process = subprocess.Popen([BINARY, "-F", "-c", str(config)], stdout=subprocess.DEVNULL, **who)  # type: ignore[call-overload]
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(directory, ignore_errors=True)


def put(port: int, *messages: bytes) -> None:
    """Leave messages in the mailbox, as a mail server would."""
    with imaplib.IMAP4("127.0.0.1", port) as server:
        server.login(USER, PASSWORD)
        for message in messages:
            server.append("INBOX", "", "", message)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(START_TRIES):
        if process.poll() is not None:
            raise RuntimeError("dovecot ended at once")
        try:
            with imaplib.IMAP4("127.0.0.1", port):
                return
        except (OSError, imaplib.IMAP4.error):
            time.sleep(0.05)
    raise RuntimeError("dovecot does not answer")
