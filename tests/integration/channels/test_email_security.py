"""TLS and login, against the sandbox with a certificate of its own."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from channels.port import OutcomeKind
from tests.integration.channels.channel_contract import make_envelope, run, send_one
from tests.integration.channels.mail_peers import MailPeer, mail_peer

LOGIN = {"username": "notify", "password": "right"}


@pytest.fixture(autouse=True)
def _openssl_is_here() -> None:
    if shutil.which("openssl") is None:
        if os.environ.get("CI"):
            pytest.fail("openssl is missing: the TLS tests need it")
        pytest.skip("openssl is missing: install it to run the TLS tests")


def check(peer_options: dict[str, Any], channel_settings: dict[str, Any], reason: str, problem: str) -> None:
    """One envelope through a server of these options: accepted when `reason` is empty, else not sent."""

    async def case() -> None:
        async with mail_peer(**peer_options) as peer:
            channel = peer.channel(**_with_authority(channel_settings, peer))
            outcome = await send_one(channel, make_envelope("a@example.com"))
            health = await channel.healthy()
            kind = OutcomeKind.NOT_SENT if reason else OutcomeKind.ACCEPTED
            assert (outcome.kind, outcome.reason) == (kind, reason)
            assert health.ok == (not reason)
            assert problem in health.problem
            assert "right" not in health.problem

    run(case())


def _with_authority(settings: dict[str, Any], peer: MailPeer) -> dict[str, Any]:
    return {k: peer.server.certificate_file if v == "the server's" else v for k, v in settings.items()}


class TestTls:
    @pytest.mark.parametrize("security", ["starttls", "tls"])
    def test_with_the_authority_known_it_sends(self, security: str) -> None:
        check({"security": security}, {"security": security, "ca_file": "the server's"}, "", "")

    @pytest.mark.parametrize("security", ["starttls", "tls"])
    def test_an_unknown_certificate_is_refused(self, security: str) -> None:
        check({"security": security}, {"security": security}, "smtp_tls_refused", "smtp.ca_file")

    def test_a_server_without_starttls_gets_nothing_in_the_clear(self) -> None:
        check({}, {"security": "starttls"}, "smtp_tls_refused", "STARTTLS")

    def test_an_authority_that_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        settings = {"security": "tls", "ca_file": tmp_path / "missing.pem"}
        check({"security": "tls"}, settings, "smtp_tls_refused", "smtp.ca_file")

    def test_tls_spoken_to_a_plain_server_is_refused(self) -> None:
        check({}, {"security": "tls"}, "smtp_tls_refused", "no secure connection")


class TestLogin:
    def test_the_right_password_signs_in_over_tls(self) -> None:
        settings = {"security": "starttls", "ca_file": "the server's", **LOGIN}
        settings["password"] = SecretStr("right")
        check({"security": "starttls", **LOGIN}, settings, "", "")

    def test_a_wrong_password_sends_nothing(self) -> None:
        settings = {"username": "notify", "password": SecretStr("wrong")}
        check(LOGIN, settings, "smtp_login_refused", "refused the user name or password")

    def test_a_server_without_login_refuses_one(self) -> None:
        settings = {"username": "notify", "password": SecretStr("wrong")}
        check({}, settings, "smtp_login_refused", "AUTH")

    def test_a_server_that_needs_login_calls_it_our_fault(self) -> None:
        async def case() -> None:
            async with mail_peer(**LOGIN) as peer:
                outcome = await send_one(peer.channel(), make_envelope("a@example.com"))
                assert (outcome.kind, outcome.reason) == (OutcomeKind.SENDER_FAULT, "smtp_530_5.7.0")

        run(case())
