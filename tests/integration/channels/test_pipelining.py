"""Pipelined transactions (RFC 2920): what is on the wire when, and what is known after every kind of cut."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import pytest

from channels.email.channel import EmailChannel
from channels.port import Envelope, Outcome, OutcomeKind
from tests.integration.channels.channel_contract import make_envelope, run, send_all
from tests.integration.channels.wire import Wire, usual, wired


def envelopes(count: int, **changes: Any) -> list[Envelope]:
    return [make_envelope(f"a{number}@example.com", **changes) for number in range(count)]


def by_attempt(outcomes: list[Outcome]) -> dict[str, Outcome]:
    found = {str(one.attempt.attempt_id): one for one in outcomes}
    assert len(found) == len(outcomes)
    return found


class TestWire:
    def test_the_next_envelope_leaves_behind_the_body_before_its_reply(self) -> None:
        def answer(verb: str, wire: Wire) -> str | None:
            # The reply to a dot is held back until the next MAIL is here: who waits for it waits for ever.
            is_last = wire.lines.count("MAIL") == 3
            return "hold" if verb == "DOT" and not is_last else usual(verb, wire)

        async def case() -> None:
            wire = Wire(answer)
            async with wired(wire) as channel:
                outcomes = await send_all(channel, *envelopes(3))
            assert [one.kind for one in outcomes] == [OutcomeKind.ACCEPTED] * 3
            assert wire.connections == 1

        run(case())

    def test_a_refused_recipient_whose_data_is_welcomed_gets_a_lone_dot_and_never_the_body(self) -> None:
        def answer(verb: str, wire: Wire) -> str | None:
            is_second = wire.lines.count("MAIL") == 2
            return "550 5.1.1 gone" if verb == "RCPT" and is_second else usual(verb, wire)

        async def case() -> None:
            wire, letters = Wire(answer), envelopes(3)
            async with wired(wire) as channel:
                outcomes = by_attempt(await send_all(channel, *letters))
            first, second, third = (str(one.attempt.attempt_id) for one in letters)
            assert outcomes[second].kind is OutcomeKind.PERMANENT
            assert outcomes[second].reason == "smtp_550_5.1.1"
            assert wire.taken == [first, third]
            assert "BODY 0" in wire.lines
            assert wire.connections == 1

        run(case())

    @pytest.mark.parametrize("refused", ["MAIL", "RCPT"])
    def test_a_refused_envelope_is_cleared_before_the_next_one(self, refused: str) -> None:
        def answer(verb: str, wire: Wire) -> str | None:
            is_refused = wire.lines.count("MAIL") == 2 and "RSET" not in wire.lines
            if is_refused and verb == refused:
                return "451 4.3.0 later"
            return "503 5.5.1 bad sequence" if is_refused and verb == "DATA" else usual(verb, wire)

        async def case() -> None:
            wire, letters = Wire(answer), envelopes(3)
            async with wired(wire) as channel:
                outcomes = by_attempt(await send_all(channel, *letters))
            assert [outcomes[str(one.attempt.attempt_id)].reason for one in letters] == [
                "",
                "smtp_451_4.3.0",
                "",
            ]
            assert wire.lines.count("RSET") == 1
            assert wire.connections == 1

        run(case())

    def test_an_envelope_refused_last_is_cleared_before_the_next_batch_on_the_connection(self) -> None:
        """Else the next person gets an empty letter from the refused one's sender, and nobody is told."""

        def answer(verb: str, wire: Wire) -> str | None:
            mails, resets = wire.lines.count("MAIL"), wire.lines.count("RSET")
            if mails == 1 and verb in {"RCPT", "DATA"}:
                return "550 5.1.1 gone" if verb == "RCPT" else "503 5.5.1 no valid recipients"
            return (
                "503 5.5.1 nested MAIL" if verb == "MAIL" and mails == 2 and not resets else usual(verb, wire)
            )

        async def case() -> None:
            wire, (first, second) = Wire(answer), envelopes(2)
            async with wired(wire) as channel:
                [refused] = await send_all(channel, first)
                [accepted] = await send_all(channel, second)
            assert (refused.reason, accepted.kind) == ("smtp_550_5.1.1", OutcomeKind.ACCEPTED)
            assert wire.taken == [str(second.attempt.attempt_id)]
            assert wire.connections == 1

        run(case())

    def test_a_recipient_taken_into_an_envelope_that_is_not_ours_gets_no_dot(self) -> None:
        def answer(verb: str, wire: Wire) -> str | None:
            is_first = wire.lines.count("MAIL") == 1
            return "503 5.5.1 nested MAIL" if verb == "MAIL" and is_first else usual(verb, wire)

        async def case() -> None:
            wire, (first, second) = Wire(answer), envelopes(2)
            async with wired(wire) as channel:
                outcomes = by_attempt(await send_all(channel, first, second))
            assert outcomes[str(first.attempt.attempt_id)].kind is not OutcomeKind.ACCEPTED
            assert outcomes[str(second.attempt.attempt_id)].kind is OutcomeKind.ACCEPTED
            assert wire.taken == [str(second.attempt.attempt_id)]
            assert "BODY 0" not in wire.lines
            assert wire.connections == 2

        run(case())

    def test_what_goes_away_after_a_421_costs_the_next_envelope_nothing(self) -> None:
        def answer(verb: str, wire: Wire) -> str | None:
            is_first = wire.connections == 1 and verb == "DOT"
            return "421 4.3.2 closing" if is_first else usual(verb, wire)

        async def case() -> None:
            wire, letters = Wire(answer), envelopes(2)
            async with wired(wire) as channel:
                outcomes = by_attempt(await send_all(channel, *letters))
            assert outcomes[str(letters[0].attempt.attempt_id)].kind is OutcomeKind.TRANSIENT
            assert outcomes[str(letters[1].attempt.attempt_id)].kind is OutcomeKind.ACCEPTED
            assert wire.connections == 2

        run(case())

    def test_a_reply_that_nobody_asked_for_ends_the_connection_before_anything_is_mistaken(self) -> None:
        def answer(verb: str, wire: Wire) -> str | None:
            is_first = wire.connections == 1 and verb == "DOT"
            return "250 ok\r\n250 and thanks" if is_first else usual(verb, wire)

        async def case() -> None:
            wire = Wire(answer)
            async with wired(wire) as channel:
                first = await send_all(channel, *envelopes(1))
                second = await send_all(channel, *envelopes(1))
            assert [one.kind for one in first + second] == [OutcomeKind.ACCEPTED] * 2
            assert len(wire.taken) == 2

        run(case())


class TestWear:
    @pytest.mark.parametrize(
        ("wear", "connections"),
        [({"messages_per_connection": 2}, 3), ({"connection_age_seconds": 0.000001}, 5)],
        ids=["messages", "age"],
    )
    def test_a_worn_connection_announces_nothing_more_and_the_rest_goes_by_new_ones(
        self, wear: dict[str, Any], connections: int
    ) -> None:
        async def case() -> None:
            wire = Wire(usual)
            async with wired(wire, **wear) as channel:
                outcomes = await send_all(channel, *envelopes(5))
            assert [one.kind for one in outcomes] == [OutcomeKind.ACCEPTED] * 5
            assert wire.connections == connections
            assert wire.lines.count("MAIL") == 5
            assert wire.lines.count("QUIT") == connections

        run(case())


class TestTime:
    def test_who_waits_behind_a_silent_server_is_given_back_in_time_and_never_sent(self) -> None:
        def answer(verb: str, wire: Wire) -> str | None:
            return None if verb == "DOT" else usual(verb, wire)

        async def case() -> None:
            wire = Wire(answer)
            letters = envelopes(2, begin_until=time.monotonic() + 3.0)
            async with wired(wire, timeout_seconds=6.0) as channel:
                outcomes = [one async for one in channel.send(letters)]
            assert [one.reason for one in outcomes] == ["not_begun_in_time", "smtp_no_reply"]
            assert wire.taken == [str(letters[0].attempt.attempt_id)]

        run(case())

    def test_no_body_begins_after_we_were_told_to_stop(self) -> None:
        async def case() -> None:
            channels: list[EmailChannel] = []

            def answer(verb: str, wire: Wire) -> str | None:
                if verb == "DATA" and wire.lines.count("DATA") == 2:
                    channels[0].stop_starting()
                return usual(verb, wire)

            wire = Wire(answer)
            async with wired(wire) as channel:
                channels.append(channel)
                outcomes = await send_all(channel, *envelopes(4))
            assert sorted(one.reason for one in outcomes) == ["", "stopped", "stopped", "stopped"]
            assert len(wire.taken) == 1

        run(case())


class TestCuts:
    """The connection is cut inside commands, inside bodies, behind dots: all over two transactions."""

    @pytest.mark.parametrize("first", range(0, 28, 7))
    def test_behind_any_octet_each_envelope_has_one_truthful_outcome(self, first: int) -> None:
        async def case() -> None:
            whole = await self._cut(None)
            assert whole.taken == whole.sent
            for position in range(first, whole.wire.read, 29):
                result = await self._cut(position)
                for attempt, outcome in result.outcomes.items():
                    copies = result.wire.taken.count(attempt)
                    if outcome.kind is OutcomeKind.ACCEPTED:
                        assert copies == 1, position
                    elif outcome.kind is OutcomeKind.UNKNOWN:
                        assert copies <= 1, position
                    else:
                        assert (outcome.kind, copies) == (OutcomeKind.NOT_SENT, 0), position
                unknown = [one for one in result.outcomes.values() if one.kind is OutcomeKind.UNKNOWN]
                assert len(unknown) <= 1, position

        asyncio.run(case())

    @dataclass
    class Result:
        """What was sent in one case, what the server took, and what the channel says."""

        sent: list[str]
        taken: list[str]
        outcomes: dict[str, Outcome]
        wire: Wire

    async def _cut(self, position: int | None) -> "TestCuts.Result":
        wire, letters = Wire(usual, cut_after=position), envelopes(2, text="Долг 1 ₽", subject="Долг")
        async with wired(wire) as channel:
            outcomes = by_attempt(await send_all(channel, *letters))
        sent = [str(one.attempt.attempt_id) for one in letters]
        return TestCuts.Result(sent, list(wire.taken), outcomes, wire)
