"""Several mail servers: who carries what, who stands in for whom, and what is known afterwards."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from pydantic import ValidationError

from channels.email import pool, server
from channels.email.channel import EmailChannel
from channels.port import ChannelKind, Envelope, Outcome, OutcomeKind
from dispatcher.bootstrap import provider_limits
from dispatcher.cli.doctor import examine_mail_servers
from dispatcher.core.settings import MailServerSettings, Settings, SmtpSettings
from tests.integration.channels.channel_contract import (
    PATIENCE_SECONDS,
    make_envelope,
    run,
    send_all,
    send_one,
)
from tests.integration.channels.mail_peers import KEY, MAIL, MailPeer, mail_peer
from tests.integration.channels.wire import Wire, served, usual

NAMES: Final = ("main", "second", "third")


def channel_to(
    *ports: int, of: Sequence[dict[str, Any]] = ({}, {}, {}), gate: Any = None, **both: Any
) -> EmailChannel:
    """A channel to servers on these ports; `of` are settings of each, `both` of all."""
    common = {"host": "127.0.0.1", "security": "none", "timeout_seconds": PATIENCE_SECONDS, **both}
    first, *others = [
        {"name": name, "port": port, **common, **own}
        for name, port, own in zip(NAMES, ports, of, strict=False)
    ]
    return EmailChannel(SmtpSettings.model_validate({**first, "servers": others}), MAIL, KEY, gate=gate)


@asynccontextmanager
async def two_peers(**both: Any) -> AsyncIterator[tuple[MailPeer, MailPeer, EmailChannel]]:
    async with mail_peer() as first, mail_peer() as second:
        channel = channel_to(first.server.port, second.server.port, **both)
        try:
            yield first, second, channel
        finally:
            await channel.close()


def letters(count: int, prefix: str = "") -> list[Envelope]:
    return [make_envelope(f"{prefix}a{number}@example.com") for number in range(count)]


def kinds(outcomes: list[Outcome]) -> set[OutcomeKind]:
    return {one.kind for one in outcomes}


@pytest.fixture
def short_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers come back as soon as anybody looks."""
    monkeypatch.setattr(server, "FIRST_ABSENCE_SECONDS", 0.01)
    monkeypatch.setattr(server, "LONGEST_ABSENCE_SECONDS", 0.02)


class TestSettings:
    def test_one_server_needs_nothing_new(self) -> None:
        (only,) = SmtpSettings(host="mail.example").all_servers()
        assert (only.host, only.connections) == ("mail.example", 8)

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"servers": [{"name": "b", "host": "b"}]}, "set smtp.host to the first one"),
            ({"host": "a", "servers": [{"name": "main", "host": "b"}]}, "the same name"),
            ({"host": "a", "servers": [{"name": "b", "host": "b", "weight": 2}]}, "or none of them"),
            ({"host": "a", "servers": [{"name": "b", "host": "b", "cafile": "x"}]}, "cafile"),
            ({"host": "a", "servers": [{"host": "b"}]}, "name"),
        ],
    )
    def test_what_does_not_fit_together_is_refused_with_words(
        self, wrong: dict[str, Any], words: str
    ) -> None:
        with pytest.raises(ValidationError, match=words):
            SmtpSettings(**wrong)


class TestShares:
    def test_turns_go_by_weight(self) -> None:
        async def case() -> None:
            async with two_peers(of=({"weight": 3}, {"weight": 1})) as (first, second, channel):
                for letter in letters(16):
                    await send_one(channel, letter)
                assert (len(first.received), len(second.received)) == (12, 4)

        run(case())

    def test_connections_are_spread_by_weight(self) -> None:
        async def case() -> None:
            async with two_peers(of=({"weight": 4}, {"weight": 1})) as (first, second, channel):
                assert kinds(await send_all(channel, *letters(30, "slow-50."))) == {OutcomeKind.ACCEPTED}
                assert (first.server.connections, second.server.connections) == (8, 2)

        run(case())

    def test_without_weights_each_has_all_its_connections(self) -> None:
        async def case() -> None:
            own = ({"connections": 6}, {"connections": 2})
            async with two_peers(of=own) as (first, second, channel):
                await send_all(channel, *letters(30, "slow-50."))
                assert (first.server.connections, second.server.connections) == (6, 2)

        run(case())

    def test_the_evidence_names_the_server_that_took_the_attempt(self) -> None:
        async def case() -> None:
            async with two_peers() as (first, _second, channel):
                accepted = [await send_one(channel, letter) for letter in letters(2)]
                (refused,) = await send_all(channel, make_envelope("reject-550-5.1.1.a@example.com"))
                single = await send_one(first.channel(), make_envelope("a@example.com"))
            assert [one.provider_id for one in accepted] == ["main/00000001", "second/00000001"]
            assert refused.provider_id == "main/"
            assert single.provider_id == "00000002"

        run(case())


class TestFailOver:
    def test_what_one_would_have_carried_goes_by_the_other(self) -> None:
        async def case() -> None:
            async with two_peers() as (first, second, channel):
                await first.server.stop()
                assert kinds(await send_all(channel, *letters(40))) == {OutcomeKind.ACCEPTED}
                assert len(second.received) == 40
                await first.server.start()

        run(case())

    @pytest.mark.parametrize("greeting", ["421 4.7.0 too many connections", "554 5.7.1 not you", "what?"])
    def test_one_that_takes_no_connection_is_left_out_for_a_while(self, greeting: str) -> None:
        async def case() -> None:
            wire = Wire(usual, greeting=greeting)
            async with served(wire) as port, mail_peer() as second:
                channel = channel_to(port, second.server.port, connections=1)
                for _ in range(5):
                    assert kinds(await send_all(channel, *letters(4))) == {OutcomeKind.ACCEPTED}
                await channel.close()
            assert wire.connections == 1

        run(case())

    def test_one_that_refuses_our_login_is_left_out(self) -> None:
        async def case() -> None:
            async with mail_peer(username="u", password="right") as first, mail_peer() as second:
                own = {"username": "u", "password": "wrong"}
                channel = channel_to(first.server.port, second.server.port, of=(own, {}), connections=1)
                for _ in range(3):
                    assert kinds(await send_all(channel, *letters(4))) == {OutcomeKind.ACCEPTED}
                health = await channel.healthy()
                assert health.ok
                assert "refused the user name or password" in health.problem
                await channel.close()
                assert first.received == []

        run(case())

    def test_one_that_never_greets_costs_a_moment_and_not_its_timeout(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pool, "PATIENCE_SECONDS", 0.5)

        async def case() -> None:
            wire = Wire(usual, greeting="")
            async with served(wire) as port, mail_peer() as second:
                channel = channel_to(port, second.server.port, timeout_seconds=1000.0, connections=2)
                assert kinds(await send_all(channel, *letters(20))) == {OutcomeKind.ACCEPTED}
                assert kinds(await send_all(channel, *letters(20))) == {OutcomeKind.ACCEPTED}
                await channel.close()
            assert wire.connections <= 2

        run(case())

    @pytest.mark.usefixtures("short_absence")
    def test_one_that_is_back_is_used_again_after_a_single_probe(self) -> None:
        async def case() -> None:
            async with two_peers(connections=1) as (first, _second, channel):
                port = first.server.port
                await first.server.stop()
                await send_all(channel, *letters(4))
                first.server._options = type(first.server._options)(port=port)
                await first.server.start()
                await asyncio.sleep(0.05)
                for letter in letters(6):
                    assert (await send_one(channel, letter)).kind is OutcomeKind.ACCEPTED
                assert len(first.received) >= 2
                assert first.server.connections == 1

        run(case())

    def test_only_when_all_are_away_is_the_service_unavailable(self) -> None:
        async def case() -> None:
            async with two_peers() as (first, second, channel):
                ports = first.server.port, second.server.port
                await first.server.stop()
                await second.server.stop()
                outcomes = await send_all(channel, *letters(20))
                assert len(outcomes) == 20
                assert {(o.kind, o.reason) for o in outcomes} == {(OutcomeKind.NOT_SENT, "smtp_unreachable")}
                assert not (await channel.healthy()).ok
                # Their time has not come yet; but somebody asks, and there is no other.
                second.server._options = type(second.server._options)(port=ports[1])
                await second.server.start()
                assert kinds(await send_all(channel, *letters(20))) == {OutcomeKind.ACCEPTED}
                await first.server.start()

        run(case())

    def test_tries_before_their_time_make_no_absence_longer(self) -> None:
        async def case() -> None:
            async with two_peers() as (first, second, channel):
                await first.server.stop()
                await second.server.stop()
                await send_all(channel, *letters(4))
                until = [one.away_until for one in channel._pool.servers]
                for _ in range(3):
                    await send_all(channel, *letters(4))
                assert [one.away_until for one in channel._pool.servers] == until
                await first.server.start()
                await second.server.start()

        run(case())

    def test_an_asker_that_went_away_says_nothing_against_the_server(self) -> None:
        """A batch sent before all its connections stand must not leave the next one a single place."""

        async def case() -> None:
            async with served(Wire(usual, greeting="")) as port:
                channel = channel_to(port, connections=4)
                asking = asyncio.create_task(channel._pool.take(lambda: False))
                await asyncio.sleep(0.05)
                asking.cancel()
                await asyncio.wait({asking})
                assert channel._pool.places() == 4
                await channel.close()

        run(case())

    def test_a_server_that_asks_to_slow_down_is_spared_for_a_while(self) -> None:
        def answer(verb: str, wire: Wire) -> str | None:
            return "421 4.7.0 too many messages" if verb == "MAIL" else usual(verb, wire)

        async def case() -> None:
            wire = Wire(answer)
            async with served(wire) as port, mail_peer() as second:
                channel = channel_to(port, second.server.port, connections=1)
                first = await send_all(channel, *letters(6))
                later = await send_all(channel, *letters(6))
                await channel.close()
            (slowed,) = [one for one in first if one.kind is OutcomeKind.THROTTLED]
            assert slowed.is_heeded  # by the pool: neither the service nor the recipient's domain is meant
            assert not slowed.is_for_provider
            assert kinds(later) == {OutcomeKind.ACCEPTED}
            assert wire.connections == 1

        run(case())


class TestOneOutcome:
    """A server is lost at any octet of its conversation, for good: the other one carries on."""

    @pytest.mark.parametrize("first", range(0, 40, 10))
    def test_each_envelope_has_one_truthful_outcome_whatever_octet_was_the_last(self, first: int) -> None:
        async def case() -> None:
            for position in range(first, 2400, 71):
                await self._lose_a_server_behind(position)

        asyncio.run(case())

    async def _lose_a_server_behind(self, position: int) -> None:
        lost, stays = Wire(usual, cut_after=position, is_lost_when_cut=True), Wire(usual)
        sent = letters(6)
        async with served(lost) as port, served(stays) as other:
            channel = channel_to(port, other, connections=1)
            outcomes = await send_all(channel, *sent)
            await channel.close()
        assert sorted(str(o.attempt.attempt_id) for o in outcomes) == sorted(
            str(e.attempt.attempt_id) for e in sent
        )
        for outcome in outcomes:
            attempt = str(outcome.attempt.attempt_id)
            copies = lost.taken.count(attempt) + stays.taken.count(attempt)
            if outcome.kind is OutcomeKind.ACCEPTED:
                assert copies == 1, position
                carrier = stays if attempt in stays.taken else lost
                assert outcome.provider_id == ("second/" if carrier is stays else "main/")
            elif outcome.kind is OutcomeKind.UNKNOWN:
                assert copies <= 1, position
            else:
                assert (outcome.kind, copies) == (OutcomeKind.NOT_SENT, 0), position
        in_doubt = [one for one in outcomes if one.kind is OutcomeKind.UNKNOWN]
        not_sent = [one for one in outcomes if one.kind is OutcomeKind.NOT_SENT]
        assert len(in_doubt) <= 1, position  # one connection has one body under way
        assert len(not_sent) <= 1, position


class Gate:
    """Limits as the engine keeps them, in memory; remembers what was asked."""

    def __init__(self, tokens: dict[str, int]) -> None:
        self.tokens = tokens
        self.slowed: list[str] = []

    async def take(self, server: MailServerSettings, wanted: int) -> int:
        await asyncio.sleep(0)
        granted = min(wanted, self.tokens[server.name])
        self.tokens[server.name] -= granted
        return granted

    async def give_back(self, server: MailServerSettings, unused: int) -> None:
        self.tokens[server.name] += unused

    async def slow_down(self, server: MailServerSettings) -> None:
        self.slowed.append(server.name)


class TestLimits:
    @pytest.mark.parametrize(
        ("first", "second", "together"), [(5.0, 7.0, 12.0), (5.0, None, None), (None, None, None)]
    )
    def test_several_servers_take_what_they_take_together(
        self, first: float | None, second: float | None, together: float | None
    ) -> None:
        further = {"name": "b", "host": "b", "max_per_second": second}
        smtp = SmtpSettings.model_validate({"host": "a", "max_per_second": first, "servers": [further]})
        assert provider_limits(Settings(smtp=smtp))[ChannelKind.EMAIL] == together

    def test_a_server_takes_what_its_limit_allows_and_others_the_rest(self) -> None:
        async def case() -> None:
            gate = Gate({"main": 5})
            async with two_peers(of=({"max_per_second": 5.0}, {}), gate=gate) as (first, second, channel):
                assert kinds(await send_all(channel, *letters(40))) == {OutcomeKind.ACCEPTED}
                assert len(first.received) + len(second.received) == 40
                assert gate.tokens == {"main": 5 - len(first.received)}

        run(case())

    def test_where_all_limits_are_reached_the_rest_is_not_begun_in_time(self) -> None:
        async def case() -> None:
            gate = Gate({"main": 3, "second": 4})
            async with two_peers(max_per_second=5.0, gate=gate) as (_first, _second, channel):
                until = time.monotonic() + 1.5
                envelopes = [make_envelope("a@example.com", begin_until=until) for _ in range(10)]
                outcomes = await send_all(channel, *envelopes)
                assert sorted(one.reason for one in outcomes) == [""] * 7 + ["not_begun_in_time"] * 3

        run(case())

    def test_what_was_allowed_and_not_used_is_given_back(self) -> None:
        async def case() -> None:
            gate = Gate({"main": 100, "second": 100})
            async with two_peers(max_per_second=100.0, gate=gate) as (_first, _second, channel):
                await send_all(channel, *letters(10))
            assert sum(gate.tokens.values()) == 190

        run(case())

    def test_a_server_with_a_limit_that_asks_for_less_gets_less(self) -> None:
        def answer(verb: str, wire: Wire) -> str | None:
            return "451 4.7.1 too many messages" if verb == "MAIL" else usual(verb, wire)

        async def case() -> None:
            gate = Gate({"main": 100, "second": 100})
            async with served(Wire(answer)) as port, mail_peer() as second:
                channel = channel_to(port, second.server.port, connections=1, max_per_second=9.0, gate=gate)
                await send_all(channel, *letters(2))
                await channel.close()
            assert set(gate.slowed) == {"main"}

        run(case())


class TestDoctor:
    def test_it_names_each_server_and_what_is_wrong_with_it(self) -> None:
        async def case() -> None:
            async with two_peers() as (first, second, _channel):
                settings = Settings(
                    smtp=SmtpSettings.model_validate(
                        {
                            **{"host": "127.0.0.1", "port": first.server.port, "security": "none"},
                            "servers": [
                                {"name": "b", "host": "127.0.0.1", "port": 1, "security": "none"},
                                {"name": "c", "host": "127.0.0.1", "port": second.server.port},
                            ],
                        }
                    )
                )
                found = await asyncio.to_thread(lambda: list(examine_mail_servers(settings)))
            assert [(one.subject, one.is_well) for one in found] == [
                ("mail server main", True),
                ("mail server b", False),
                ("mail server c", False),  # it offers no TLS
            ]
            assert "127.0.0.1:1" in found[1].words

        run(case())
