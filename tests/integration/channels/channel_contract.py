"""What every channel must keep, whatever it speaks. Adapters subclass `ChannelContract`.

A subclass says how to start a provider (the sandbox's) and which addresses make it answer how; the
tests here then ask for the one promise of the port: exactly one outcome per envelope.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from channels.port import AttemptReference, Channel, Envelope, Outcome, OutcomeKind

CASE_SECONDS = 100  #: generous: a starved machine says nothing about a channel
PATIENCE_SECONDS = 60.0  #: of channels whose peer answers, however late
SILENCE_SECONDS = (
    3.0  #: of channels whose peer never answers; shorter, and a starved one would be taken for it
)


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A running provider with a channel to it."""

    channel: Channel
    addresses: Mapping[OutcomeKind, str]  #: an address for each outcome the provider can be made to give
    slow_address: str  #: accepted, but only after a while (some tenths of a second)
    taken: OutcomeKind = OutcomeKind.ACCEPTED  #: what a channel says when all went well
    changes: Mapping[str, Any] = field(default_factory=dict)  #: what its envelopes need besides
    extra: dict[str, Any] = field(default_factory=dict)

    def envelope(self, address: str) -> Envelope:
        return make_envelope(address, **self.changes)


def make_envelope(address: str, **changes: Any) -> Envelope:
    fields: dict[str, Any] = {
        "attempt": AttemptReference(date(2026, 11, 1), uuid4()),
        "notice_key": uuid4().hex,
        "address": address,
        "recipient_name": "Анна Петрова",
        "subject": "Задолженность за электроэнергию",
        "text": "Здравствуйте!\nВаш долг 1 250,40 ₽.\n",
    }
    return Envelope(**(fields | changes))


def run(case: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(CASE_SECONDS):
            await case

    asyncio.run(bounded())


async def send_all(channel: Channel, *envelopes: Envelope) -> list[Outcome]:
    return [outcome async for outcome in channel.send(envelopes)]


async def send_one(channel: Channel, envelope: Envelope) -> Outcome:
    (outcome,) = await send_all(channel, envelope)
    return outcome


class ChannelContract:
    """The tests; `start_peer` is the only thing a subclass must give."""

    def start_peer(self) -> AbstractAsyncContextManager[Peer]:
        raise NotImplementedError

    def start_peer_of_every_kind(self) -> AbstractAsyncContextManager[Peer]:
        """One that may fall silent: its channel need not wait as long as others."""
        return self.start_peer()

    def test_each_envelope_has_exactly_one_outcome_of_its_kind(self) -> None:
        async def case() -> None:
            async with self.start_peer_of_every_kind() as peer:
                envelopes = [peer.envelope(a) for a in peer.addresses.values() for _ in range(3)]
                expected = {
                    e.attempt: kind
                    for e, kind in zip(envelopes, [k for k in peer.addresses for _ in range(3)], strict=True)
                }
                outcomes = await send_all(peer.channel, *envelopes)
                assert Counter(o.attempt for o in outcomes) == Counter(e.attempt for e in envelopes)
                assert {o.attempt: o.kind for o in outcomes} == expected

        run(case())

    def test_an_empty_batch_has_no_outcome(self) -> None:
        async def case() -> None:
            async with self.start_peer() as peer:
                assert await send_all(peer.channel) == []

        run(case())

    def test_two_batches_at_once_do_not_mix(self) -> None:
        async def case() -> None:
            async with self.start_peer() as peer:
                accepted = peer.addresses[peer.taken]
                batches = [[peer.envelope(accepted) for _ in range(20)] for _ in range(2)]
                results = await asyncio.gather(*(send_all(peer.channel, *batch) for batch in batches))
                for batch, outcomes in zip(batches, results, strict=True):
                    assert {o.attempt for o in outcomes} == {e.attempt for e in batch}
                    assert {o.kind for o in outcomes} == {peer.taken}

        run(case())

    def test_an_accepted_outcome_carries_time_and_content(self) -> None:
        async def case() -> None:
            async with self.start_peer() as peer:
                outcome = await send_one(peer.channel, peer.envelope(peer.addresses[peer.taken]))
                assert outcome.at is not None
                assert outcome.at.utcoffset() is not None
                assert outcome.content

        run(case())

    def test_after_stop_starting_nothing_is_begun(self) -> None:
        async def case() -> None:
            async with self.start_peer() as peer:
                peer.channel.stop_starting()
                accepted = peer.addresses[peer.taken]
                outcomes = await send_all(peer.channel, *(peer.envelope(accepted) for _ in range(5)))
                assert [o.kind for o in outcomes] == [OutcomeKind.NOT_SENT] * 5

        run(case())

    def test_stop_starting_lets_running_envelopes_end(self) -> None:
        async def case() -> None:
            async with self.start_peer() as peer:
                envelopes = [peer.envelope(peer.slow_address) for _ in range(60)]
                kinds = []
                async for outcome in peer.channel.send(envelopes):
                    peer.channel.stop_starting()
                    kinds.append(outcome.kind)
                assert len(kinds) == len(envelopes)
                assert set(kinds) == {peer.taken, OutcomeKind.NOT_SENT}

        run(case())

    def test_a_cancelled_caller_still_gets_every_outcome(self) -> None:
        async def case() -> None:
            async with self.start_peer() as peer:
                envelopes = [peer.envelope(peer.slow_address) for _ in range(60)]
                got: list[Outcome] = []
                first = asyncio.Event()

                async def consume() -> None:
                    async for outcome in peer.channel.send(envelopes):
                        got.append(outcome)
                        first.set()

                task = asyncio.create_task(consume())
                await first.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert Counter(o.attempt for o in got) == Counter(e.attempt for e in envelopes)
                assert {o.kind for o in got} == {peer.taken, OutcomeKind.NOT_SENT}

        run(case())

    def test_closing_the_iterator_early_leaves_the_channel_usable(self) -> None:
        async def case() -> None:
            async with self.start_peer() as peer:
                accepted = peer.addresses[peer.taken]
                iterator = peer.channel.send([peer.envelope(accepted) for _ in range(30)])
                assert isinstance(iterator, AsyncIterator)
                await anext(iterator)
                await iterator.aclose()  # type: ignore[attr-defined]
                outcome = await send_one(peer.channel, peer.envelope(accepted))
                assert outcome.kind is peer.taken

        run(case())

    def test_a_running_provider_is_healthy(self) -> None:
        async def case() -> None:
            async with self.start_peer() as peer:
                health = await peer.channel.healthy()
                assert health.ok
                assert health.problem == ""

        run(case())
