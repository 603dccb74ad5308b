"""What the SIP sandbox is made of: messages, the digest, numbers, sound."""

import hashlib
import struct

import pytest

from channels.sandbox.call_numbers import CALL_GRAMMAR, PATIENT, CallFate, Manner, read_called_number
from channels.sandbox.errors import SandboxError
from channels.sandbox.g711 import PCMA, PCMU, decode, encode, is_loud, silence, tone
from channels.sandbox.sip_digest import REALM, Digest
from channels.sandbox.sip_media import read_offer
from channels.sandbox.sip_message import read_message, tag_of, uri_of, write_answer, write_request

INVITE = (
    b"INVITE sip:79994860001@127.0.0.1:5078 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:5097;branch=z9hG4bK1\r\n"
    b"From: <sip:notify@127.0.0.1>;tag=abc\r\nTo: <sip:79994860001@127.0.0.1>\r\n"
    b"Call-ID: one\r\nCSeq: 7 INVITE\r\nX-Attempt: n202611-0\r\n folded\r\nContent-Length: 4\r\n\r\nbody"
)


class TestMessages:
    def test_a_request_is_read_with_short_and_folded_headers(self) -> None:
        message = read_message(INVITE)
        assert (message.method, message.user, message.sequence) == ("INVITE", "79994860001", (7, "INVITE"))
        assert message.get("via").endswith("branch=z9hG4bK1")
        assert message.get("x-attempt") == "n202611-0 folded"
        assert message.body == b"body"

    def test_an_answer_repeats_what_names_the_request_and_tags_the_dialog(self) -> None:
        answer = read_message(write_answer(read_message(INVITE), 486, to_tag="t1"))
        assert answer.status == 486
        assert answer.get("call-id") == "one"
        assert answer.get("cseq") == "7 INVITE"
        assert tag_of(answer.get("to")) == "t1"
        assert uri_of(answer.get("to")) == "sip:79994860001@127.0.0.1"

    def test_what_is_written_is_read_the_same(self) -> None:
        message = read_message(write_request("BYE", "sip:a@b", (("cseq", "2 BYE"),), b"x"))
        assert (message.method, message.target, message.body) == ("BYE", "sip:a@b", b"x")

    @pytest.mark.parametrize(
        "data", [b"", b"\x00\xff", b"GET / HTTP/1.1\r\n\r\n", b"INVITE x SIP/2.0\r\nno colon"]
    )
    def test_anything_else_is_refused(self, data: bytes) -> None:
        with pytest.raises(SandboxError):
            read_message(data)


class TestDigest:
    def test_only_the_right_password_for_our_challenge_passes(self) -> None:
        digest = Digest("user", "secret")
        nonce = digest.challenge().partition('nonce="')[2].partition('"')[0]

        def proof(password: str) -> str:
            first = hashlib.md5(f"user:{REALM}:{password}".encode()).hexdigest()
            second = hashlib.md5(b"INVITE:sip:a@b").hexdigest()
            response = hashlib.md5(f"{first}:{nonce}:1:c:auth:{second}".encode()).hexdigest()
            return (
                f'Digest username="user", realm="{REALM}", nonce="{nonce}", uri="sip:a@b", qop=auth, nc=1,'
                f' cnonce="c", response="{response}"'
            )

        assert digest.is_right(proof("secret"), "INVITE")
        assert not digest.is_right(proof("wrong"), "INVITE")
        assert not digest.is_right("", "INVITE")
        assert not Digest("user", "secret").is_right(proof("secret"), "INVITE")


class TestNumbers:
    def test_each_fate_of_the_grammar_is_told_apart_from_a_patient_person(self) -> None:
        named = [one for one in CALL_GRAMMAR if "–" not in one]
        assert len({read_called_number(f"+7999{fate}0001") for fate in named}) == len(named)
        assert PATIENT not in {read_called_number(f"7999{fate}0001") for fate in named}

    def test_a_status_is_what_the_call_is_answered_with(self) -> None:
        directive = read_called_number("79994860001")
        assert (directive.fate, directive.status) == (CallFate.REFUSE, 486)

    @pytest.mark.parametrize("number", ["79161234567", "79990000001", "", "79993000001"])
    def test_at_every_other_number_a_person_answers_and_presses_one(self, number: str) -> None:
        assert read_called_number(number) == PATIENT
        assert PATIENT.manner is Manner.PATIENT


class TestSound:
    @pytest.mark.parametrize("kind", [PCMA, PCMU])
    def test_samples_come_back_within_the_steps_of_the_law(self, kind: int) -> None:
        samples = struct.pack("<9h", -32000, -5000, -300, -9, 0, 9, 300, 5000, 32000)
        back = struct.unpack("<9h", decode(encode(samples, kind), kind))
        for before, after in zip(struct.unpack("<9h", samples), back, strict=True):
            assert abs(before - after) <= max(16, abs(before) * 0.04)

    def test_the_octets_are_those_of_the_recommendation(self) -> None:
        """G.711: the code of zero is D5 in A-law and FF in µ-law; full scale is AA and 80."""
        assert encode(struct.pack("<2h", 8, 32767), PCMA) == b"\xd5\xaa"
        assert encode(struct.pack("<2h", 0, 32767), PCMU) == b"\xff\x80"

    @pytest.mark.parametrize("kind", [PCMA, PCMU])
    def test_a_tone_is_loud_and_silence_is_not(self, kind: int) -> None:
        assert is_loud(encode(tone(440, 0.02), kind), kind)
        assert not is_loud(encode(silence(0.02), kind), kind)


class TestOffer:
    def test_the_first_g711_codec_and_the_event_type_are_taken(self) -> None:
        offer = read_offer(
            b"v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 111 0 8 101\r\n"
            b"a=rtpmap:101 telephone-event/8000\r\n"
        )
        assert (offer.host, offer.port, offer.codec, offer.event) == ("127.0.0.1", 4000, PCMU, 101)

    @pytest.mark.parametrize("body", [b"", b"c=IN IP4 1.1.1.1\r\nm=audio 4000 RTP/AVP 111\r\n"])
    def test_an_offer_without_g711_is_refused(self, body: bytes) -> None:
        with pytest.raises(SandboxError):
            read_offer(body)
