"""The breaking wire of the chaos rounds between channel and sandbox: what is said of each letter is true."""

import asyncio
from collections import Counter

import pytest

from channels.email import verp
from channels.port import OutcomeKind
from tests.chaos.wire import Place, Wire
from tests.integration.channels.channel_contract import make_envelope, send_all
from tests.integration.channels.mail_peers import mail_peer, make_channel


@pytest.mark.parametrize("chunking", [False, True], ids=["DATA", "BDAT"])
@pytest.mark.parametrize("seed", [1, 2])
def test_wherever_the_wire_breaks_nobody_is_lost_or_written_to_twice(chunking: bool, seed: int) -> None:
    wire = Wire(seed)

    async def case() -> None:
        async with mail_peer() as peer:
            wire.server_port = peer.server.port
            wire.arm()
            channel = make_channel(wire.port, connections=4, chunking=chunking)
            sent = [make_envelope(f"a{number}@example.com") for number in range(400)]
            outcomes = {one.attempt: one for one in await send_all(channel, *sent)}
            await channel.close()
            assert outcomes.keys() == {one.attempt for one in sent}
            received = Counter(verp.read_unchecked(mail.sender) for mail in peer.received)
            assert max(received.values()) == 1
            for attempt, outcome in outcomes.items():
                if outcome.kind is OutcomeKind.ACCEPTED:
                    assert received[attempt] == 1
                elif outcome.kind is OutcomeKind.NOT_SENT:
                    assert received[attempt] == 0
                else:
                    assert outcome.kind is OutcomeKind.UNKNOWN
                    assert attempt.attempt_id in wire.doubted
            assert set(wire.cuts) == set(Place)

    try:
        asyncio.run(case())
    finally:
        wire.close()
