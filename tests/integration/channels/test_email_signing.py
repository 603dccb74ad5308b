"""What a mail server receives from the channel verifies: signing survives the way over SMTP."""

from pathlib import Path

import dkim
import pytest

from channels.email.channel import EmailChannel
from channels.email.dkim_keys import DkimKey, KeyKind, make_private_key, to_pem
from channels.port import OutcomeKind
from dispatcher.core.settings import MailSettings, SmtpSettings
from tests.integration.channels.channel_contract import make_envelope, run, send_all
from tests.integration.channels.mail_peers import KEY, mail_peer

DOMAIN = "sender.example"
KINDS: tuple[KeyKind, ...] = ("rsa", "ed25519")
#: Lines that SMTP treats in its own way, blanks that canonical forms drop, letters that are not ASCII.
TEXT = ".\n..\nFrom here\n.hidden  \n\tДолг  1 250,40 ₽ \n\n\n"
LINKS = (
    ("List-Unsubscribe", f"<https://lk.{DOMAIN}/u/abc>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
)


@pytest.mark.parametrize("transfer_encoding", ["auto", "8bit"])
def test_both_signatures_of_every_received_message_are_good(tmp_path: Path, transfer_encoding: str) -> None:
    keys = [DkimKey(DOMAIN, kind, make_private_key(kind)) for kind in KINDS]
    wanted = []
    for key in keys:
        path = tmp_path / f"{key.selector}.pem"
        path.touch(mode=0o600)
        path.write_bytes(to_pem(key.private_key))
        wanted.append({"selector": key.selector, "private_key_file": path})
    mail = MailSettings.model_validate(
        {
            "from_address": f"notify@{DOMAIN}",
            "bounce_domain": f"bounces.{DOMAIN}",
            "message_id_domain": DOMAIN,
            "dkim_keys": wanted,
            "transfer_encoding": transfer_encoding,
        }
    )
    records = {f"{key.record_name}.".encode(): key.record.encode() for key in keys}

    async def case() -> None:
        async with mail_peer() as peer:
            smtp = SmtpSettings(host="127.0.0.1", port=peer.server.port, security="none", connections=3)
            channel = EmailChannel(smtp, mail, KEY)
            envelopes = [
                make_envelope(f"anna{number}@example.com", text=TEXT, html=f"<p>{TEXT}</p>", headers=LINKS)
                for number in range(20)
            ]
            try:
                outcomes = await send_all(channel, *envelopes)
            finally:
                await channel.close()
            assert {outcome.kind for outcome in outcomes} == {OutcomeKind.ACCEPTED}
            sent = {outcome.content for outcome in outcomes}
            assert {received.content for received in peer.received} == sent
            for received in peer.received:
                for index in range(len(KINDS)):
                    message = dkim.DKIM(received.content)
                    assert message.verify(idx=index, dnsfunc=lambda name, timeout=5: records[name])

    run(case())
