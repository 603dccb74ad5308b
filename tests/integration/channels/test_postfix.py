"""The channel against a whole Postfix, as a company's relay would be; behind it stands the sandbox."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from channels.email.channel import EmailChannel
from channels.port import OutcomeKind
from tests.integration.channels.channel_contract import make_envelope, run, send_all
from tests.integration.channels.mail_peers import MailPeer, mail_peer, make_channel
from tests.integration.channels.postfix_relay import postfix_relay, why_not


@pytest.fixture(autouse=True)
def _postfix_can_be_started() -> None:
    problem = why_not()
    if problem is not None:
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)


@asynccontextmanager
async def relayed(
    settings: dict[str, str] | None = None, **fields: Any
) -> AsyncIterator[tuple[EmailChannel, MailPeer]]:
    async with mail_peer() as peer, postfix_relay(peer.server.port, settings or {}) as port:
        channel = make_channel(port, connections=3, **fields)
        try:
            yield channel, peer
        finally:
            await channel.close()


async def until_received(peer: MailPeer, count: int) -> None:
    while len(peer.received) < count:
        await asyncio.sleep(0.02)


class TestPostfix:
    @pytest.mark.parametrize("is_chunked", [False, True], ids=["data", "bdat"])
    def test_what_it_relays_is_what_we_sent(self, is_chunked: bool) -> None:
        async def case() -> None:
            texts = ["Долг 1 ₽\n", ".\n..\n.конец\n", "да " * 20 + "\n", ("я" * 60 + "\n") * 2_000] * 6
            letters = [make_envelope("a@example.com", text=text) for text in texts]
            async with relayed(chunking=is_chunked) as (channel, peer):
                outcomes = await send_all(channel, *letters)
                assert {one.kind for one in outcomes} == {OutcomeKind.ACCEPTED}
                assert all(one.provider_id for one in outcomes)
                await until_received(peer, len(letters))
            # It writes its own line on top and leaves the rest as it is.
            arrived = sorted(mail.content[mail.content.index(b"From:") :] for mail in peer.received)
            sent = sorted(one.content[one.content.index(b"From:") :] for one in outcomes if one.content)
            assert arrived == sent

        run(case())

    @pytest.mark.parametrize("is_chunked", [False, True], ids=["data", "bdat"])
    def test_a_refused_recipient_among_others_costs_nobody_else(self, is_chunked: bool) -> None:
        async def case() -> None:
            table = "inline:{ { gone@example.com = 550 5.1.1 gone } }"
            settings = {"smtpd_recipient_restrictions": f"check_recipient_access {table}, permit_mynetworks"}
            addresses = [f"{'gone' if n % 3 == 1 else 'a'}@example.com" for n in range(30)]
            letters = [make_envelope(address) for address in addresses]
            async with relayed(settings, chunking=is_chunked) as (channel, peer):
                outcomes = {one.attempt: one for one in await send_all(channel, *letters)}
                await until_received(peer, 20)
            for letter in letters:
                outcome = outcomes[letter.attempt]
                is_gone = letter.address.startswith("gone")
                assert outcome.kind is (OutcomeKind.PERMANENT if is_gone else OutcomeKind.ACCEPTED)
                assert outcome.reason == ("smtp_550_5.1.1" if is_gone else "")

        run(case())

    def test_its_limit_of_messages_is_heard_as_its_own(self) -> None:
        async def case() -> None:
            settings = {"smtpd_client_message_rate_limit": "5", "smtpd_client_event_limit_exceptions": ""}
            async with relayed(settings) as (channel, _peer):
                outcomes = await send_all(channel, *(make_envelope("a@example.com") for _ in range(12)))
            kinds = [one.kind for one in outcomes]
            assert kinds.count(OutcomeKind.ACCEPTED) == 5
            slowed = [one for one in outcomes if one.kind is OutcomeKind.THROTTLED]
            assert len(slowed) == 7
            assert all(one.is_for_provider for one in slowed)

        run(case())
