"""Polling a real mailbox: what was stored is marked, what was not comes again, nothing is taken twice."""

import imaplib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from channels.email.errors import MailboxError
from channels.email.mailbox import Mailbox
from dispatcher.core.settings import MailboxSettings
from tests.integration.channels.dovecot import PASSWORD, USER, dovecot, put, why_not

DOMAIN = "bounces.example"


def message(number: int, **headers: str) -> bytes:
    fields = {"From": "a@example.org", "To": f"b{number}@{DOMAIN}", "Subject": f"n{number}"} | headers
    return ("".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\nhello\r\n").encode()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    problem = why_not()
    if problem is not None:
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    with dovecot() as found:
        yield found


def mailbox(port: int, **changes: object) -> Mailbox:
    fields: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "username": USER,
        "password": PASSWORD,
    }
    return Mailbox(MailboxSettings(**(fields | changes)), domain=DOMAIN)  # type: ignore[arg-type]


class TestMailbox:
    @pytest.mark.parametrize("done_folder", ["", "Done"])
    def test_each_message_is_taken_once_and_only_marked_when_stored(
        self, port: int, done_folder: str
    ) -> None:
        if done_folder:
            with imaplib.IMAP4("127.0.0.1", port) as server:
                server.login(USER, PASSWORD)
                server.create(done_folder)
        numbers = range(10, 13) if done_folder else range(3)
        put(port, *(message(number) for number in numbers))
        bad = f"b{numbers[1]}@{DOMAIN}"
        box, taken, stored = mailbox(port, done_folder=done_folder), [], []

        def take(raw: bytes, recipient: str) -> None:
            taken.append(recipient)
            if recipient == bad and taken.count(recipient) == 1:
                raise ConnectionError("the database is away")
            stored.append(recipient)

        with pytest.raises(ConnectionError):
            box.poll(take)
        assert box.poll(take) >= 2
        assert box.poll(take) == 0
        # A mailbox whose messages are moved may hold older ones that a keyword marks.
        assert [one for one in stored if one in {f"b{n}@{DOMAIN}" for n in numbers}] == [
            f"b{number}@{DOMAIN}" for number in numbers
        ]

    def test_the_envelope_says_to_whom_it_came(self, port: int) -> None:
        seen: list[tuple[bytes, str]] = []
        put(port, message(7, **{"Delivered-To": f"fbl@{DOMAIN}"}))
        mailbox(port).poll(lambda raw, recipient: seen.append((raw, recipient)))
        assert (message(7, **{"Delivered-To": f"fbl@{DOMAIN}"}), f"fbl@{DOMAIN}") in seen

    def test_a_wrong_password_and_a_folder_that_is_missing_are_told_plainly(self, port: int) -> None:
        with pytest.raises(MailboxError, match="refuses us"):
            mailbox(port, password="wrong").poll(lambda _raw, _recipient: None)
        with pytest.raises(MailboxError, match="cannot be opened"):
            mailbox(port, folder="Nowhere").poll(lambda _raw, _recipient: None)

    def test_a_server_that_is_away_is_told_plainly(self, tmp_path: Path) -> None:
        with pytest.raises(MailboxError, match="cannot be reached"):
            mailbox(1).poll(lambda _raw, _recipient: None)
