"""The SMS channel over SMSC, against the sandbox's look-alike: a real server on a real port."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from channels.port import Outcome, OutcomeKind, Question, ReceiptKind
from channels.sandbox.journal import Journal, JournalVerdict, read_journal
from channels.sandbox.smsc_account import PRICE_PER_PART
from channels.sandbox.smsc_callbacks import CallbackTarget
from channels.sandbox.smsc_server import SandboxSmscServer, SmscSandboxOptions
from channels.sms.channel import SmsChannel
from channels.sms.smsc.client import SmscClient
from channels.sms.smsc.provider import SmscProvider
from dispatcher.cli.doctor import examine_sms_accounts
from dispatcher.core.settings import Settings, SmscSettings, SmsRouteSettings, SmsSettings, WebSettings
from dispatcher.web.callbacks.paths import smsc_path
from tests.integration.channels.channel_contract import (
    PATIENCE_SECONDS,
    SILENCE_SECONDS,
    ChannelContract,
    Peer,
    make_envelope,
    run,
    send_all,
    send_one,
)

#: The contract sends one text to one number again and again, which the provider itself refuses.
PATIENT = SmscSandboxOptions(identical_per_minute=1000)
ACCEPTED = "+79161234567"
KINDS = {
    OutcomeKind.ACCEPTED: ACCEPTED,
    OutcomeKind.PERMANENT: "+79991070001",
    OutcomeKind.SENDER_FAULT: "+79991060001",
    OutcomeKind.NOT_SENT: "+79991030001",
    OutcomeKind.THROTTLED: "+79991090001",
    OutcomeKind.UNKNOWN: "+79993020001",
}


def patience(fate: str) -> dict[str, float]:
    """Settings of a channel for a number of this fate."""
    return {"timeout_seconds": SILENCE_SECONDS} if fate in {"301", "302"} else {}


def account_at(server: SandboxSmscServer | str, **changes: Any) -> SmscSettings:
    url = server if isinstance(server, str) else server.url
    fields: dict[str, Any] = {
        "hosts": [url],
        "login": "sandbox",
        "password": SecretStr("sandbox"),
        "timeout_seconds": PATIENCE_SECONDS,
        "connect_seconds": PATIENCE_SECONDS,
        "doubt_seconds": [0.02, 0.05],
    }
    return SmscSettings(**(fields | changes))


def channel_of(*accounts: SmscSettings, **changes: Any) -> SmsChannel:
    settings = SmsSettings(smsc=list(accounts), **changes)
    return SmsChannel(settings, [SmscProvider(account) for account in accounts])


@asynccontextmanager
async def running(
    options: SmscSandboxOptions | None = None, journal: Journal | None = None
) -> AsyncIterator[SandboxSmscServer]:
    server = SandboxSmscServer(options, journal=journal)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def talking(server: SandboxSmscServer, **changes: Any) -> AsyncIterator[SmsChannel]:
    channel = channel_of(account_at(server, **changes))
    try:
        yield channel
    finally:
        await channel.close()


class TestSmscContract(ChannelContract):
    def start_peer(self) -> AbstractAsyncContextManager[Peer]:
        return self._peer()

    def start_peer_of_every_kind(self) -> AbstractAsyncContextManager[Peer]:
        return self._peer(timeout_seconds=SILENCE_SECONDS)

    @asynccontextmanager
    async def _peer(self, **changes: Any) -> AsyncIterator[Peer]:
        async with running(PATIENT) as server, talking(server, **changes) as channel:
            yield Peer(channel=channel, addresses=KINDS, slow_address="+79993140001")


class TestInDoubt:
    """What became of a message whose answer was lost is asked, and it is never sent again from here."""

    @pytest.mark.parametrize("fate", ["301", "303", "310", "311", "313"])
    def test_a_message_that_was_taken_is_found_by_our_own_name(self, fate: str, tmp_path: Path) -> None:
        async def case() -> None:
            journal = Journal(tmp_path / "journal")
            async with running(journal=journal) as server, talking(server, **patience(fate)) as channel:
                envelope = make_envelope(f"+7999{fate}0001")
                outcome = await send_one(channel, envelope)
                assert outcome.kind is OutcomeKind.ACCEPTED
            assert [entry.attempt for entry in read_journal(journal.path)] == [envelope.attempt]

        run(case())

    @pytest.mark.parametrize("fate", ["302", "304"])
    def test_not_found_after_a_silence_proves_nothing(self, fate: str, tmp_path: Path) -> None:
        async def case() -> None:
            journal = Journal(tmp_path / "journal")
            async with running(journal=journal) as server, talking(server, **patience(fate)) as channel:
                envelope = make_envelope(f"+7999{fate}0001")
                assert (await send_one(channel, envelope)).kind is OutcomeKind.UNKNOWN
            (entry,) = read_journal(journal.path)
            assert (entry.attempt, entry.verdict) == (envelope.attempt, JournalVerdict.UNANSWERED)

        run(case())

    def test_error_9_for_what_the_provider_does_not_know_waits_a_minute_and_counts_as_no_attempt(
        self,
    ) -> None:
        async def case() -> None:
            async with running() as server, talking(server) as channel:
                outcome = await send_one(channel, make_envelope("+79993120001"))
                assert outcome.kind is OutcomeKind.THROTTLED
                assert outcome.retry_after_seconds is not None
                assert outcome.retry_after_seconds >= 60

        run(case())

    def test_a_host_that_cannot_be_reached_is_no_doubt_and_the_reserve_takes_over(self) -> None:
        async def case() -> None:
            async with running() as server:
                nobody = "http://127.0.0.1:1"
                channel = channel_of(account_at(server, hosts=[nobody, server.url]))
                outcome = await send_one(channel, make_envelope(ACCEPTED))
                await channel.close()
                assert outcome.kind is OutcomeKind.ACCEPTED
                assert len(server.account.messages) == 1

        run(case())

    def test_no_host_at_all_is_not_an_attempt(self) -> None:
        async def case() -> None:
            channel = channel_of(account_at("http://127.0.0.1:1"))
            outcome = await send_one(channel, make_envelope(ACCEPTED))
            await channel.close()
            assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_SENT, "smsc_unreachable")

        run(case())

    @pytest.mark.parametrize(
        "body",
        [
            "[]",
            "{}",
            '{"cnt": "many"}',
            '{"id": 1}',
            '"text"',
            "null",
            '{"error": "?", "error_code": 77}',
            '{"error_code": null}',
        ],
    )
    def test_an_answer_of_another_form_is_no_answer(self, body: str) -> None:
        async def case() -> None:
            async def strange(_: web.Request) -> web.Response:
                return web.Response(text=body, content_type="application/json")

            app = web.Application()
            app.router.add_post("/{path:.*}", strange)
            runner = web.AppRunner(app)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            channel = channel_of(account_at(f"http://127.0.0.1:{runner.addresses[0][1]}"))
            outcome = await send_one(channel, make_envelope(ACCEPTED))
            await channel.close()
            await runner.cleanup()
            assert outcome.kind is OutcomeKind.UNKNOWN

        run(case())


class TestQuery:
    @pytest.mark.parametrize(
        ("number", "kind"),
        [
            (ACCEPTED, ReceiptKind.DELIVERED),
            ("+79992200001", ReceiptKind.FAILED),
            ("+79993050001", ReceiptKind.DELAYED),
            ("+79993150001", ReceiptKind.UNKNOWN),
        ],
    )
    def test_what_became_of_a_message(self, number: str, kind: ReceiptKind) -> None:
        async def case() -> None:
            async with running() as server, talking(server) as channel:
                envelope = make_envelope(number)
                await send_one(channel, envelope)
                receipt = None
                while receipt is None or receipt.kind is not kind:  # it reports when it has a result
                    await asyncio.sleep(0.05)
                    (receipt,) = await channel.query([Question(envelope.attempt, number)])
                assert receipt.attempt == envelope.attempt
                assert receipt.price is not None

        run(case())

    def test_many_are_asked_about_at_once_and_those_nobody_knows_are_left_out(self) -> None:
        async def case() -> None:
            async with running() as server, talking(server) as channel:
                sent = [make_envelope(f"+7916{number:07}") for number in range(150)]
                await send_all(channel, *sent)
                unsent = [make_envelope(f"+7917{number:07}") for number in range(5)]
                before = server.requests
                found = await channel.query([Question(one.attempt, one.address) for one in (*unsent, *sent)])
                assert {one.attempt for one in found} == {one.attempt for one in sent}
                assert server.requests - before == 2

        run(case())

    def test_a_provider_that_is_away_decides_nothing(self) -> None:
        async def case() -> None:
            channel = channel_of(account_at("http://127.0.0.1:1"))
            envelope = make_envelope(ACCEPTED)
            assert await channel.query([Question(envelope.attempt, envelope.address)]) == []
            await channel.close()

        run(case())


class TestWindow:
    @pytest.mark.parametrize(("minutes", "valid"), [(90, "01:29"), (60 * 48, "24:00")])
    def test_the_providers_tries_end_with_the_window(self, minutes: int, valid: str) -> None:
        async def case() -> None:
            asked: list[Mapping[str, str]] = []
            async with recording(asked) as url:
                channel = channel_of(account_at(url))
                ends = datetime.now(UTC) + timedelta(minutes=minutes)
                await send_one(channel, make_envelope(ACCEPTED, deliver_until=ends))
                await channel.close()
            assert asked[0]["valid"] == valid

        run(case())

    def test_in_its_last_hour_nothing_is_handed_over(self) -> None:
        async def case() -> None:
            async with running() as server, talking(server) as channel:
                ends = datetime.now(UTC) + timedelta(minutes=59)
                outcome = await send_one(channel, make_envelope(ACCEPTED, deliver_until=ends))
                assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_SENT, "sms_window_too_short")
                assert server.account.messages == {}

        run(case())


class TestInbox:
    """What customers wrote is fetched from the account, from where the last look ended."""

    def test_the_account_gives_what_came_after_the_last_text_oldest_first(self) -> None:
        async def case() -> None:
            async with running() as server, talking(server) as channel:
                for words in ("СТОП", "Когда свет?", "Да"):
                    server.account.answer(ACCEPTED, words)
                assert channel.inboxes() == {"smsc": 60.0}
                first = await channel.collect("smsc", None)
                later = await channel.collect("smsc", "2")
                assert first is not None
                assert later is not None
                assert [(one.id, one.text) for one in first] == [
                    ("1", "СТОП"),
                    ("2", "Когда свет?"),
                    ("3", "Да"),
                ]
                assert [(one.id, one.provider, one.phone) for one in later] == [("3", "smsc", ACCEPTED[1:])]

        run(case())

    def test_an_account_that_does_not_answer_is_not_an_empty_one(self) -> None:
        async def case() -> None:
            channel = channel_of(account_at("http://127.0.0.1:1"))
            assert await channel.collect("smsc", None) is None
            await channel.close()

        run(case())

    def test_an_account_may_be_left_to_its_callbacks(self) -> None:
        assert channel_of(account_at("http://127.0.0.1:1", inbox_seconds=None)).inboxes() == {}

    def test_a_long_answer_is_read_to_its_end(self) -> None:
        async def slowly(request: web.Request) -> web.StreamResponse:
            answer = web.StreamResponse()
            await answer.prepare(request)
            texts = [
                {"id": n, "phone": ACCEPTED[1:], "message": "Ж" * 70, "to_phone": "7"} for n in range(1, 400)
            ]
            octets = json.dumps(texts).encode()
            for start in range(0, len(octets), 20_000):
                await answer.write(octets[start : start + 20_000])
                await asyncio.sleep(0.001)
            return answer

        async def case() -> None:
            async with serving(slowly) as url:
                channel = channel_of(account_at(url))
                found = await channel.collect("smsc", None)
                await channel.close()
            assert found is not None
            assert len(found) == 399

        run(case())


class TestMoney:
    def test_each_message_has_its_price(self) -> None:
        async def case() -> None:
            async with running() as server, talking(server) as channel:
                outcome = await send_one(channel, make_envelope(ACCEPTED, text="Ж" * 71))
                assert outcome.price is not None
                assert (outcome.price.parts, outcome.price.amount) == (2, 2 * PRICE_PER_PART)

        run(case())

    def test_nothing_is_begun_once_the_account_is_too_low(self) -> None:
        async def case() -> None:
            options = SmscSandboxOptions(balance=PRICE_PER_PART * 4)
            async with (
                running(options) as server,
                talking(server, least_balance=PRICE_PER_PART * 3) as channel,
            ):
                outcomes = [
                    await send_one(channel, make_envelope(ACCEPTED, text=f"Dolg {n}")) for n in range(3)
                ]
                assert [one.kind for one in outcomes] == [
                    OutcomeKind.ACCEPTED,
                    OutcomeKind.ACCEPTED,
                    OutcomeKind.NOT_SENT,
                ]
                assert outcomes[-1].reason == "smsc_low_balance"
                health = await channel.healthy()
                assert not health.ok
                assert "pay it in" in health.problem

        run(case())

    def test_a_price_can_be_asked_without_sending(self) -> None:
        async def case() -> None:
            async with running() as server:
                client = SmscClient(account_at(server))
                price = await client.price([(ACCEPTED, "Dolg\n100"), ("+79170000000", "Ж" * 100)])
                await client.close()
                assert (price.parts, price.cost) == (3, 3 * PRICE_PER_PART)
                assert server.account.messages == {}

        run(case())


class TestRouting:
    def test_the_longest_prefix_names_the_provider(self) -> None:
        async def case() -> None:
            async with running() as first, running() as second:
                channel = channel_of(
                    account_at(first, name="first"),
                    account_at(second, name="second"),
                    routes=[
                        SmsRouteSettings(prefix="+", providers=["first"]),
                        SmsRouteSettings(prefix="+380", providers=["second"]),
                    ],
                )
                outcomes = await send_all(channel, make_envelope(ACCEPTED), make_envelope("+380671234567"))
                await channel.close()
                assert {one.provider_id.partition("/")[0] for one in outcomes if one.provider_id} == {
                    "first",
                    "second",
                }
                assert [len(one.account.messages) for one in (first, second)] == [1, 1]

        run(case())

    def test_a_number_without_a_route_is_our_own_fault_and_is_said(self) -> None:
        async def case() -> None:
            async with running() as server:
                channel = channel_of(
                    account_at(server), routes=[SmsRouteSettings(prefix="+380", providers=["smsc"])]
                )
                outcome = await send_one(channel, make_envelope(ACCEPTED))
                await channel.close()
                assert (outcome.kind, outcome.reason) == (OutcomeKind.SENDER_FAULT, "sms_no_route")

        run(case())

    def test_another_provider_takes_what_certainly_has_not_left(self) -> None:
        async def case() -> None:
            async with running() as server:
                channel = channel_of(
                    account_at("http://127.0.0.1:1", name="away"), account_at(server, name="there")
                )
                outcomes = await send_all(channel, *(make_envelope(f"+7916{n:07}") for n in range(30)))
                await channel.close()
                assert {one.kind for one in outcomes} == {OutcomeKind.ACCEPTED}

        run(case())

    def test_another_provider_never_takes_what_may_have_left(self) -> None:
        async def case() -> None:
            async with running() as first, running() as second:
                silent = account_at(first, name="first", timeout_seconds=SILENCE_SECONDS)
                channel = channel_of(silent, account_at(second, name="second"))
                outcome = await send_one(channel, make_envelope("+79993020001"))
                await channel.close()
                assert outcome.kind is OutcomeKind.UNKNOWN
                assert second.account.messages == {}

        run(case())


class TestSandboxLimits:
    def test_the_fifteenth_request_at_once_is_answered_with_error_9(self) -> None:
        async def case() -> None:
            async with running() as server:
                channels = [channel_of(account_at(server, parallel_requests=10)) for _ in range(2)]
                envelopes = [make_envelope("+79993140001", text=f"Dolg {n}") for n in range(20)]
                outcomes: list[Outcome] = []
                for some in await asyncio.gather(
                    send_all(channels[0], *envelopes[:10]), send_all(channels[1], *envelopes[10:])
                ):
                    outcomes += some
                for channel in channels:
                    await channel.close()
                assert {one.kind for one in outcomes} == {OutcomeKind.ACCEPTED, OutcomeKind.THROTTLED}
                assert {one.reason for one in outcomes} == {"", "smsc_duplicate"}

        run(case())

    def test_a_request_that_its_client_has_given_up_counts_no_longer(self) -> None:
        async def case() -> None:
            async with (
                running() as server,
                talking(server, parallel_requests=14, timeout_seconds=SILENCE_SECONDS) as channel,
            ):
                silent = [make_envelope("+79993020001", text=f"Dolg {n}") for n in range(14)]
                sending = asyncio.create_task(send_all(channel, *silent))
                while server.account.requests_at_once < 14:
                    await asyncio.sleep(0.01)
                await sending
                while server.account.requests_at_once:
                    await asyncio.sleep(0.01)
                outcome = await send_one(channel, make_envelope(ACCEPTED))
                assert outcome.kind is OutcomeKind.ACCEPTED

        run(case())

    def test_a_wrong_password_is_said_in_plain_words(self) -> None:
        async def case() -> None:
            async with running() as server, talking(server, password=SecretStr("wrong")) as channel:
                health = await channel.healthy()
                assert not health.ok
                assert "password" in health.problem
                outcome = await send_one(channel, make_envelope(ACCEPTED))
                assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_SENT, "smsc_login_refused")

        run(case())


class TestCallbacks:
    @pytest.mark.parametrize(
        ("number", "statuses"),
        [
            (ACCEPTED, ["1"]),
            ("+79992200001", ["20"]),
            ("+79993060001", []),
            ("+79993070001", ["1", "1"]),
            ("+79993090001", ["1", "0"]),
        ],
    )
    def test_they_come_as_the_number_asks(self, number: str, statuses: list[str]) -> None:
        async def case() -> None:
            called: list[Mapping[str, str]] = []
            async with recording(called) as url:
                options = SmscSandboxOptions(callback=CallbackTarget(url, "secret"))
                async with running(options) as server, talking(server) as channel:
                    await send_one(channel, make_envelope(number))
                    while len(called) < len(statuses):
                        await asyncio.sleep(0.05)
                    await asyncio.sleep(0.5)  # for one too many
            assert [one["status"] for one in called] == statuses

        run(case())

    def test_a_handler_that_is_away_holds_no_answer_back_and_hears_of_it_later(self) -> None:
        async def case() -> None:
            called: list[int] = []

            async def away_at_first(_: web.Request) -> web.Response:
                called.append(503 if len(called) < 2 else 200)
                return web.Response(status=called[-1])

            async with serving(away_at_first) as url:
                options = SmscSandboxOptions(callback=CallbackTarget(url, "secret"))
                async with running(options) as server, talking(server) as channel:
                    outcome = await send_one(channel, make_envelope("+79993080001"))
                    assert (outcome.kind, called) == (OutcomeKind.ACCEPTED, [503])
                    while 200 not in called:
                        await asyncio.sleep(0.05)
            assert called == [503, 503, 200]

        run(case())


@asynccontextmanager
async def recording(requests: list[Mapping[str, str]]) -> AsyncIterator[str]:
    """A server that keeps the form fields of every request and answers as for a taken message."""

    async def keep(request: web.Request) -> web.Response:
        requests.append({name: str(value) for name, value in (await request.post()).items()})
        return web.json_response({"id": "1", "cnt": 1, "cost": str(Decimal(1)), "balance": "100"})

    async with serving(keep) as url:
        yield url


@asynccontextmanager
async def serving(handle: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A server of which every path is answered so."""
    app = web.Application()
    app.router.add_post("/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class TestDoctor:
    def test_says_whether_each_account_takes_us_and_what_to_enter_there(self) -> None:
        async def case() -> None:
            async with running() as server:
                good = account_at(server, callback_secret=SecretStr("secret"))
                bad = account_at(server, name="bad", password=SecretStr("wrong"))
                settings = Settings(
                    sms=SmsSettings(smsc=[good, bad]),
                    secret_key=SecretStr("k" * 32),
                    web=WebSettings(public_url="https://notify.example/"),
                )
                found = await asyncio.to_thread(lambda: list(examine_sms_accounts(settings)))
            assert [(one.subject, one.is_well) for one in found] == [
                ("SMS account smsc", True),
                ("SMS callbacks smsc", True),
                ("SMS account bad", False),
                ("SMS callbacks bad", False),
            ]
            assert "https://notify.example" + smsc_path(b"k" * 32, "smsc") in found[1].words
            assert "callback_secret" in found[3].words

        run(case())
