"""The channel of calls over real SIP and sound: what is heard and pressed, and what becomes of it."""

import asyncio
import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from channels.port import OutcomeKind
from channels.sandbox.journal import Journal, read_journal
from channels.sandbox.sip_server import SandboxSipServer, SipSandboxOptions
from channels.voice.channel import VoiceChannel
from channels.voice.reasons import CallReason
from channels.voice.result import AnsweredBy
from channels.voice.script import Ask, CallScript, Counts, KeyAction, Say
from channels.voice.sip.engine import Engine
from channels.voice.sip.telephone import SipTelephone
from channels.voice.sound import Phrase, Spoken
from dispatcher.core.voice_settings import VoiceSettings
from dispatcher.delivery.bridge import Bridge
from tests.integration.channels.channel_contract import make_envelope, run, send_all
from tests.integration.channels.sip_peers import sine
from tests.integration.channels.test_sip_telephone import fresh, number, trunk
from tests.integration.channels.undisturbed import run_undisturbed

pytestmark = pytest.mark.timeout(300)  # what was disturbed is played again

LIMIT_SECONDS = 60.0  #: a starved machine says nothing about a call
FACT = Phrase("Ваш долг одна тысяча рублей.")
SCRIPT = CallScript(
    (
        Say((Phrase("Здравствуйте, это автоматическое сообщение."),)),
        Ask(
            (Phrase("Если это вы, нажмите один."),),
            {"1": KeyAction.CONTINUE, "3": KeyAction.WRONG_PERSON},
            is_identity=True,
            times=1,
        ),
        Say((FACT,), is_fact=True),
        Ask((Phrase("Нажмите один."),), {"1": KeyAction.CONFIRM, "9": KeyAction.STOP_CALLS}, times=1),
    ),
    counts=Counts.CONFIRMED,
)


class ToneSpeaker:
    """Every phrase is a tone of its own of half a second."""

    async def close(self) -> None: ...

    async def speak(self, phrases: Sequence[Phrase]) -> Sequence[Spoken]:
        return [self._spoken(phrase) for phrase in phrases]

    def _spoken(self, phrase: Phrase) -> Spoken:
        digest = hashlib.sha256(phrase.text.encode()).hexdigest()
        return Spoken(sine(300 + int(digest[:2], 16), 0.5), digest)


class TestCampaignOfFour:
    def test_each_call_ends_as_the_person_wanted(self, tmp_path: Path) -> None:
        fates = {"patient": 999, "wrong person": 206, "machine": 205, "busy": 486}

        async def case() -> None:
            journal = Journal(fresh(tmp_path) / "journal")
            server = SandboxSipServer(SipSandboxOptions(ring_seconds=0.1), journal=journal)
            await server.start()
            voice = VoiceSettings(trunks=[trunk(server.port)], address="127.0.0.1")
            channel = VoiceChannel(voice, SipTelephone(voice, Engine(voice)), ToneSpeaker())
            envelopes = {name: make_envelope(number(fate), call=SCRIPT) for name, fate in fates.items()}
            try:
                assert (await channel.healthy()).ok
                outcomes = await send_all(channel, *envelopes.values())
            finally:
                await channel.close()
                await server.stop()
            by_attempt = {outcome.attempt: outcome for outcome in outcomes}
            patient, wrong, machine, busy = (by_attempt[one.attempt] for one in envelopes.values())
            assert (patient.kind, patient.reason) == (OutcomeKind.DELIVERED, "")
            assert patient.call is not None
            assert (patient.call.reached, patient.call.keys) == (Counts.CONFIRMED, "11")
            assert patient.call.answered_by is not AnsweredBy.MACHINE
            assert FACT.text in (patient.content or b"").decode()
            assert wrong.reason == CallReason.WRONG_PERSON
            assert FACT.text not in str(json.loads(wrong.content or b"")["said"])
            assert machine.reason == CallReason.MACHINE
            assert busy.reason == CallReason.BUSY
            answered = {entry.attempt for entry in read_journal(journal.path)}
            assert answered == {envelopes[name].attempt for name in ("patient", "wrong person", "machine")}

        run_undisturbed(case)


class TestStopping:
    def test_a_stopping_process_ends_its_calls_and_says_what_was_heard(self) -> None:
        async def case() -> None:
            server = SandboxSipServer(SipSandboxOptions(ring_seconds=0.1))
            await server.start()
            voice = VoiceSettings(trunks=[trunk(server.port)], address="127.0.0.1", finish_seconds=0.5)
            channel = VoiceChannel(voice, SipTelephone(voice, Engine(voice)), ToneSpeaker())
            try:
                sending = asyncio.create_task(send_all(channel, make_envelope(number(211), call=SCRIPT)))
                while not server.open_calls:
                    await asyncio.sleep(0.02)
                channel.stop_starting()
                (outcome,) = await sending
                assert outcome.kind is OutcomeKind.TRANSIENT
                assert outcome.call is not None
                assert not outcome.call.signalling.ended_by_them
                while server.open_calls:
                    await asyncio.sleep(0.02)
            finally:
                await channel.close()
                await server.stop()

        run(case())


class TestBridge:
    def test_it_lives_on_the_loop_of_a_worker_which_asks_from_other_threads(self) -> None:
        bridge = Bridge()

        async def open_all() -> tuple[SandboxSipServer, VoiceChannel]:
            server = SandboxSipServer(SipSandboxOptions(ring_seconds=0.1))
            await server.start()
            voice = VoiceSettings(trunks=[trunk(server.port)], address="127.0.0.1")
            return server, VoiceChannel(voice, SipTelephone(voice, Engine(voice)), ToneSpeaker())

        server, channel = bridge.run(open_all(), LIMIT_SECONDS)
        try:
            envelopes = [make_envelope(number(fate), call=SCRIPT) for fate in (486, 211)]
            groups = bridge.groups(lambda: channel.send(envelopes), size=1, wait_seconds=0.1)
            (busy,) = next(groups)
            assert busy.reason == CallReason.BUSY
            while len(server.calls) < 2:
                time.sleep(0.02)
            assert channel.free_lines() == 9
            channel.stop_starting()
            assert channel.free_lines() == 0
            bridge.run(channel.close(), LIMIT_SECONDS)
            ((ended,),) = list(groups)
            assert ended.kind is OutcomeKind.TRANSIENT
        finally:
            bridge.run(server.stop(), LIMIT_SECONDS)
            bridge.close()
