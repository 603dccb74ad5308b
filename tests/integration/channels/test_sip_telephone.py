"""The telephone on real SIP and RTP over loopback: the sandbox, SIPp, Debian's baresip at the other end."""

import asyncio
import ssl
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from channels.sandbox.certificate import make_certificate
from channels.sandbox.g711 import PCMA, PCMU, decode
from channels.sandbox.sip_server import SandboxSipServer, SipSandboxOptions
from channels.voice.errors import NotDialledError
from channels.voice.reasons import CallReason
from channels.voice.result import Signalling
from channels.voice.sip.call import SipCall
from channels.voice.sip.engine import Engine
from channels.voice.sip.statuses import judge
from channels.voice.sip.telephone import SipTelephone
from channels.voice.speech.wav import read_wav
from channels.voice.telephone import CallRequest
from dispatcher.core.voice_settings import TrunkSettings, VoiceSettings
from tests.integration.channels.channel_contract import run
from tests.integration.channels.sip_peers import (
    ACK,
    BYE,
    CALLED,
    INVITE,
    SIPP_FILES,
    Judgement,
    baresip,
    heard_by_baresip,
    judge_sound,
    response,
    sine,
    sipp,
)
from tests.integration.channels.undisturbed import run_undisturbed
from tests.ports import reserve_port

pytestmark = pytest.mark.timeout(300)  # what was disturbed is played again

RING_SECONDS = 60.0  #: of those who answer or refuse, however late
SHORT_RING_SECONDS = 1.5  #: of those who do neither
DIGEST = 'WWW-Authenticate: Digest realm="operator", nonce="47364c23432d2e131a5fb210812c", algorithm=MD5'


def trunk(port: int, **changes: Any) -> TrunkSettings:
    fields: dict[str, Any] = {
        "name": "main",
        "host": "127.0.0.1",
        "port": port,
        "caller_ids": [{"number": "74950000000"}],
        "calls_per_second": 50,
    }
    return TrunkSettings(**(fields | changes))


@asynccontextmanager
async def telephone(*trunks: TrunkSettings, **changes: Any) -> AsyncIterator[SipTelephone]:
    voice = VoiceSettings(trunks=list(trunks), address="127.0.0.1", **changes)
    phone = SipTelephone(voice, Engine(voice))
    try:
        yield phone
    finally:
        await phone.close()


@asynccontextmanager
async def sandbox(**options: Any) -> AsyncIterator[SandboxSipServer]:
    server = SandboxSipServer(SipSandboxOptions(**({"ring_seconds": 0.1, "keeps_sound": True} | options)))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def number(fate: int) -> str:
    return f"+7999{fate:03}0001"


def request(called: str = f"+{CALLED}", ring_seconds: float = RING_SECONDS) -> CallRequest:
    return CallRequest(called, "n202611-test", ring_seconds=ring_seconds)


async def answered(phone: SipTelephone, called: str = f"+{CALLED}") -> SipCall:
    call = await phone.call(request(called))
    assert isinstance(call, SipCall), call
    return call


async def refused(phone: SipTelephone, called: str = f"+{CALLED}", ring: float = RING_SECONDS) -> Signalling:
    answer = await phone.call(request(called, ring))
    assert isinstance(answer, Signalling)
    return answer


async def until_over(call: SipCall) -> None:
    while not call.is_over:
        await asyncio.sleep(0.02)


def fresh(directory: Path) -> Path:
    """An empty one within it, for each time that a call is played."""
    return Path(tempfile.mkdtemp(dir=directory))


def is_tone(heard: Judgement, hertz: float, seconds: float) -> bool:
    """The tone came through: its pitch, its loudness, nearly all of its length."""
    is_pitch, is_level = abs(heard.hertz - hertz) < 10, 6_000 < heard.level < 11_000
    return is_pitch and is_level and seconds - 0.3 < heard.seconds < seconds + 0.1


class TestNotAnswered:
    def test_each_answer_has_its_meaning(self) -> None:
        expected = {
            486: CallReason.BUSY,
            404: CallReason.WRONG_NUMBER,
            480: CallReason.NO_ANSWER,
            603: CallReason.DECLINED,
            484: CallReason.NUMBER_INCOMPLETE,
            488: CallReason.CODEC_PROBLEM,
            608: CallReason.UNWANTED,
            503: CallReason.CONGESTION,
        }

        async def case() -> None:
            async with sandbox() as server, telephone(trunk(server.port)) as phone:
                said = {status: await refused(phone, number(status)) for status in expected}
                assert {status: judge(one).reason for status, one in said.items()} == expected
                assert {status: one.status for status, one in said.items()} == {one: one for one in expected}
                assert said[486].cause == 17
                assert phone.trunks.all[0].busy_lines == 0

        run(case())

    def test_a_trunk_may_have_a_name_that_only_this_machine_knows(self) -> None:
        async def case() -> None:
            async with sandbox() as server, telephone(trunk(server.port, host="localhost")) as phone:
                assert (await refused(phone, number(486))).status == 486

        run(case())

    def test_ringing_and_silence_are_told_apart(self) -> None:
        async def case() -> None:
            async with sandbox() as server, telephone(trunk(server.port)) as phone:
                rung = await refused(phone, number(180), SHORT_RING_SECONDS)
                early = await refused(phone, number(183), SHORT_RING_SECONDS)
                silent = await refused(phone, number(99), SHORT_RING_SECONDS)
                assert [judge(one).reason for one in (rung, early, silent)] == [
                    CallReason.NO_ANSWER,
                    CallReason.NO_ANSWER,
                    CallReason.NO_RESPONSE,
                ]
                while server.open_calls:  # CANCEL has arrived: nobody's telephone rings on
                    await asyncio.sleep(0.02)

        run(case())

    def test_an_answer_that_comes_before_the_call_is_known_is_not_lost(self) -> None:
        async def case() -> None:
            async with sandbox() as server, telephone(trunk(server.port)) as phone:
                for _ in range(60):
                    assert (await refused(phone, number(486))).status == 486

        run(case())

    def test_another_trunk_takes_over_from_one_that_fails_or_is_not_there(self) -> None:
        async def case() -> None:
            async with sandbox(lines=0) as full, sandbox() as well:
                nobody = trunk(reserve_port(), name="nobody", transport="tcp")
                trunks = (nobody, trunk(full.port, name="full"), trunk(well.port, name="well"))
                async with telephone(*trunks) as phone:
                    call = await answered(phone)
                    assert call.signalling().trunk == "well"
                    assert len(full.calls) == 1
                    await call.hang_up()
                    health = await phone.healthy()
                    assert health.ok
                    assert "trunk nobody" in health.problem

        run(case())

    def test_a_trunk_that_is_not_there_was_no_attempt(self) -> None:
        async def case() -> None:
            async with telephone(trunk(reserve_port(), transport="tcp")) as phone:
                assert not (await phone.healthy()).ok
                try:
                    reason = judge(await refused(phone)).reason
                except NotDialledError as error:
                    reason = error.reason
                assert reason is CallReason.TRUNK_UNREACHABLE

        run(case())


LOGIN: dict[str, Any] = {"username": "energo", "password": SecretStr("correct")}


class TestDigest:
    def test_the_sandbox_takes_the_right_password_and_no_other(self) -> None:
        async def case() -> None:
            async with sandbox(user="energo", password="correct") as server:
                wrong = LOGIN | {"password": SecretStr("wrong")}
                trunks = (trunk(server.port, **wrong), trunk(server.port, name="right", **LOGIN))
                async with telephone(*trunks) as phone:
                    call = await answered(phone)
                    assert call.signalling().trunk == "right"
                    await call.hang_up()

        run(case())

    def test_a_wrong_password_is_the_trunks_fault(self) -> None:
        async def case() -> None:
            async with sandbox(user="energo", password="correct") as server:
                wrong = LOGIN | {"password": SecretStr("wrong")}
                async with telephone(trunk(server.port, **wrong)) as phone:
                    assert judge(await refused(phone)).reason is CallReason.LOGIN_REFUSED

        run(case())

    def test_a_registration_goes_before_where_it_is_wanted(self) -> None:
        async def case() -> None:
            async with (
                sandbox(user="energo", password="correct") as server,
                telephone(trunk(server.port, registers=True, **LOGIN)) as phone,
            ):
                await (await answered(phone)).hang_up()

        run(case())

    def test_sipp_finds_our_answer_to_its_challenge_right(self, tmp_path: Path) -> None:
        check = (
            '<recv request="INVITE"><action>'
            '<verifyauth assign_to="right" username="energo" password="correct"/></action></recv>'
            f'<nop hide="true" test="right" next="taken"/>{response("403 Forbidden")}{ACK}'
            f'<nop next="end"/><label id="taken"/>{response("200 OK", sdp=True)}{ACK}{BYE}'
            f'{response("200 OK")}<label id="end"/>'
        )
        steps = INVITE + response("401 Unauthorized", DIGEST) + ACK + check

        async def case() -> None:
            async with sipp(tmp_path, steps) as port, telephone(trunk(port, **LOGIN)) as phone:
                await (await answered(phone)).hang_up()

        run(case())

    def test_a_challenge_of_a_proxy_is_answered_to_the_proxy(self, tmp_path: Path) -> None:
        challenge = DIGEST.replace("WWW-Authenticate", "Proxy-Authenticate")
        answer = (
            '<recv request="INVITE"><action><ereg regexp="username=.energo." search_in="hdr" '
            'header="Proxy-Authorization:" check_it="true" assign_to="1"/></action></recv>'
            '<Reference variables="1"/>'
        )
        steps = INVITE + response("407 Proxy Authentication Required", challenge) + ACK + answer
        steps += response("200 OK", sdp=True) + ACK + BYE + response("200 OK")

        async def case() -> None:
            async with sipp(tmp_path, steps) as port, telephone(trunk(port, **LOGIN)) as phone:
                await (await answered(phone)).hang_up()

        run(case())


class TestSound:
    @pytest.mark.parametrize(("codec", "kind"), [("pcma", PCMA), ("pcmu", PCMU)])
    def test_what_is_said_arrives(self, codec: str, kind: int) -> None:
        async def case() -> None:
            async with sandbox() as server, telephone(trunk(server.port, codecs=[codec])) as phone:
                call = await answered(phone, number(211))
                assert await call.play(sine(440, 1.5)) == pytest.approx(1.5)
                await call.play(sine(0, 0.3))
                await call.hang_up()
                (line,) = (one.line for one in server.calls)
                assert line is not None
                assert is_tone(judge_sound(decode(bytes(line.heard), kind)), 440, 1.5)

        run_undisturbed(case)

    def test_debians_baresip_hears_it_and_we_hear_its_echo(self, tmp_path: Path) -> None:
        async def case() -> None:
            kept = fresh(tmp_path)
            async with baresip(kept) as port, telephone(trunk(port), records_far_end=True) as phone:
                call = await answered(phone)
                await call.play(sine(700, 1.5))
                await call.play(sine(0, 0.5))
                await call.hang_up()
                assert is_tone(judge_sound(heard_by_baresip(kept)), 700, 1.5)
                recording = call.recording()
                assert recording is not None
                assert is_tone(judge_sound(recording[44:]), 700, 1.5)

        run_undisturbed(case)

    def test_no_frame_is_torn_while_something_is_said(self) -> None:
        async def case() -> None:
            async with sandbox() as server, telephone(trunk(server.port, lines=4)) as phone:
                calls = await asyncio.gather(*(answered(phone, number(211)) for _ in range(4)))
                await asyncio.gather(*(call.play(sine(440, 2.013)) for call in calls))
                assert [call.sound_stats().tx_starved_frames for call in calls] == [0] * 4

        run_undisturbed(case)

    def test_what_the_far_end_says_is_heard(self) -> None:
        async def case() -> None:
            async with sandbox() as server, telephone(trunk(server.port)) as phone:
                call = await answered(phone, number(205))  # a machine: a long greeting, then a tone
                heard = bytearray()
                while len(heard) < 3 * 16_000:
                    some = await call.listen(1.0)
                    assert some is not None
                    heard += some.samples
                assert judge_sound(bytes(heard)).seconds > 1.5

        run_undisturbed(case)

    def test_what_the_far_end_says_is_recorded_while_we_speak_where_that_is_switched_on(self) -> None:
        async def recorded(*, is_on: bool) -> bytes | None:
            async with sandbox() as server, telephone(trunk(server.port), records_far_end=is_on) as phone:
                call = await answered(phone, number(205))
                await call.play(sine(440, 2.5))
                await call.hang_up()
                return call.recording()

        async def case() -> None:
            assert await recorded(is_on=False) is None
            recording = await recorded(is_on=True)
            assert recording is not None
            heard = judge_sound(read_wav(recording).samples.tobytes())
            assert 1.0 < heard.seconds < 2.7
            assert abs(heard.hertz - 440) > 10  # theirs, not ours

        run_undisturbed(case)


class TestKeys:
    async def keys_of(self, call: SipCall, count: int) -> Sequence[str]:
        keys: list[str] = []
        while len(keys) < count and not call.is_over:
            await call.play(sine(440, 0.3))  # people press when the caller falls silent
            while (key := await call.key(1.5)) is not None:
                keys.append(key)
        return keys

    def test_each_press_counts_once_though_its_end_is_sent_three_times(self) -> None:
        async def case() -> None:
            async with sandbox() as server, telephone(trunk(server.port)) as phone:
                call = await answered(phone, number(213))
                assert "".join(await self.keys_of(call, 8)) == "112345#1"

        run_undisturbed(case)

    @staticmethod
    def press(key: str) -> str:
        file = SIPP_FILES / f"dtmf_2833_{key}.pcap"
        return f'<nop><action><exec play_pcap_audio="{file}"/></action></nop><pause milliseconds="700"/>'

    def test_keys_of_sipp_arrive(self, tmp_path: Path) -> None:
        steps = INVITE + response("200 OK", sdp=True) + ACK + '<pause milliseconds="300"/>'
        steps += self.press("1") + self.press("5") + self.press("star") + BYE + response("200 OK")

        async def case() -> None:
            async with sipp(tmp_path, steps) as port, telephone(trunk(port)) as phone:
                call = await answered(phone)
                keys = [await call.key(5.0) for _ in range(3)]
                assert keys == ["1", "5", "*"]
                assert await call.key(0.3) is None
                await call.hang_up()

        run_undisturbed(case)

    def test_a_key_cuts_off_what_is_said(self, tmp_path: Path) -> None:
        steps = INVITE + response("200 OK", sdp=True) + ACK + '<pause milliseconds="500"/>'
        steps += self.press("3") + BYE + response("200 OK")

        async def case() -> None:
            async with sipp(tmp_path, steps) as port, telephone(trunk(port)) as phone:
                call = await answered(phone)
                assert 0 < await call.play(sine(440, 20)) < 19
                assert await call.play(sine(440, 20)) == 0.0  # nobody has read the key yet
                assert await call.key(0.0) == "3"
                await call.hang_up()

        run_undisturbed(case)


class TestTheEnd:
    def test_whoever_hangs_up_early_heard_only_so_much(self) -> None:
        async def case() -> None:
            async with sandbox() as server, telephone(trunk(server.port)) as phone:
                call = await answered(phone, number(203))  # hangs up after a second
                assert 0.5 < await call.play(sine(440, 30)) < 25
                said = call.signalling()
                assert said.ended_by_them
                assert said.status == 200
                assert await call.play(sine(440, 30)) == 0.0
                assert phone.free_lines() == 10

        run_undisturbed(case)

    def test_a_far_end_that_vanishes_ends_the_call(self) -> None:
        async def case() -> None:
            async with sandbox() as server, telephone(trunk(server.port), rtp_timeout_seconds=1) as phone:
                call = await answered(phone, number(212))
                await until_over(call)
                assert call.signalling().reason == "rtp stream error"

        run_undisturbed(case)

    def test_hanging_up_tells_the_far_end(self) -> None:
        async def case() -> None:
            async with sandbox() as server, telephone(trunk(server.port)) as phone:
                call = await answered(phone, number(211))
                await call.hang_up()
                await call.hang_up()
                while server.open_calls:
                    await asyncio.sleep(0.02)

        run_undisturbed(case)

    def test_a_call_is_handed_over_to_an_operator(self) -> None:
        async def case() -> None:
            async with sandbox() as server, telephone(trunk(server.port)) as phone:
                call = await answered(phone, number(211))
                assert await call.transfer("+74951234567")
                assert call.is_over

        run_undisturbed(case)

    def test_after_close_another_telephone_can_be_opened_in_the_process(self) -> None:
        async def case() -> None:
            async with sandbox() as server:
                for _ in range(2):
                    async with telephone(trunk(server.port)) as phone:
                        await answered(phone)

        run_undisturbed(case)


class TestTransports:
    def test_sound_under_keys_that_tls_carries_is_understood_by_debians_baresip(self, tmp_path: Path) -> None:
        certificate, key = make_certificate(tmp_path)
        both = tmp_path / "both.pem"
        both.write_bytes(certificate.read_bytes() + key.read_bytes())

        async def case() -> None:
            kept = fresh(tmp_path)
            async with baresip(kept, account=";mediaenc=srtp-mand", more=f"sip_certificate {both}\n") as port:
                secret = trunk(port + 1, transport="tls", srtp="required")
                async with telephone(secret, ca_file=certificate) as phone:
                    call = await answered(phone)
                    await call.play(sine(700, 1.0))
                    await call.play(sine(0, 0.5))
                    await call.hang_up()
                    assert is_tone(judge_sound(heard_by_baresip(kept)), 700, 1.0)
                async with telephone(trunk(port)) as phone:  # without keys it is not taken
                    assert judge(await refused(phone)).reason is CallReason.CODEC_PROBLEM

        run_undisturbed(case)

    def test_tcp(self) -> None:
        async def case() -> None:
            async with sandbox() as server, telephone(trunk(server.port, transport="tcp")) as phone:
                assert (await phone.healthy()).ok
                await (await answered(phone)).hang_up()
                assert [call.wire.name for call in server.calls] == ["TCP"]

        run(case())

    def test_tls_with_a_certificate_that_is_known(self, tmp_path: Path) -> None:
        certificate, key = make_certificate(tmp_path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)

        async def case() -> None:
            async with sandbox(tls=context) as server:
                there = trunk(server.port, transport="tls")
                async with telephone(there, ca_file=certificate) as phone:
                    assert (await phone.healthy()).ok
                    await (await answered(phone)).hang_up()
                async with telephone(there) as phone:  # nobody vouches for the certificate
                    health = await phone.healthy()
                    assert not health.ok
                    assert "TLS" in health.problem
                    assert not isinstance(await _result(phone), SipCall)
                assert len(server.calls) == 1

        run(case())


async def _result(phone: SipTelephone) -> SipCall | Signalling | NotDialledError:
    try:
        return await phone.call(request(ring_seconds=2.0))
    except NotDialledError as error:
        return error
