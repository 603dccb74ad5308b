"""The answerer against a name server on loopback: records, no records, refusals, silence."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from dispatcher.cli.doctor_dns import DnsSilentError, SystemDns

RECORDS = {
    ("example.com.", "TXT"): ['"v=spf1 -all"', '"two " "strings"'],
    ("example.com.", "MX"): ["20 b.example.com.", "10 a.example.com."],
    ("example.com.", "A"): ["192.0.2.1"],
    ("example.com.", "AAAA"): ["2001:db8::1"],
    ("null.example.com.", "MX"): ["0 ."],
}
FAILURES = {"refused.example.com.": dns.rcode.REFUSED, "broken.example.com.": dns.rcode.SERVFAIL}


def answer(wire: bytes) -> bytes:
    question = dns.message.from_wire(wire)
    name = question.question[0].name.to_text()
    kind = dns.rdatatype.to_text(question.question[0].rdtype)
    reply = dns.message.make_response(question)
    reply.flags |= dns.flags.RA
    if name in FAILURES:
        reply.set_rcode(FAILURES[name])
    elif (name, kind) in RECORDS:
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *RECORDS[name, kind]))
    elif all(known != name for known, _ in RECORDS):
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply.to_wire()


@contextmanager
def name_server(*, is_silent: bool = False) -> Iterator[SystemDns]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.05)
        is_over = threading.Event()

        def serve() -> None:
            while not is_over.is_set():
                try:
                    wire, peer = server.recvfrom(4096)
                except TimeoutError:
                    continue
                if not is_silent:
                    server.sendto(answer(wire), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
        try:
            yield SystemDns(resolver, answer_seconds=0.3 if is_silent else 10.0)
        finally:
            is_over.set()
            thread.join()


class TestSystemDns:
    def test_records_are_read(self) -> None:
        with name_server() as answerer:
            assert sorted(answerer.texts("example.com")) == ["two strings", "v=spf1 -all"]
            assert answerer.mail_hosts("example.com") == [(10, "a.example.com"), (20, "b.example.com")]
            assert answerer.addresses("example.com") == ["192.0.2.1", "2001:db8::1"]
            assert answerer.mail_hosts("null.example.com") == [(0, "")]

    def test_no_such_record_and_no_such_name_are_empty_answers(self) -> None:
        with name_server() as answerer:
            assert list(answerer.texts("null.example.com")) == []
            assert list(answerer.texts("nowhere.example.com")) == []

    @pytest.mark.parametrize("name", ["refused.example.com", "broken.example.com"])
    def test_a_server_that_cannot_tell_is_silence(self, name: str) -> None:
        with name_server() as answerer, pytest.raises(DnsSilentError, match="SERVFAIL or REFUSED"):
            answerer.texts(name)

    def test_no_answer_is_silence(self) -> None:
        with name_server(is_silent=True) as answerer, pytest.raises(DnsSilentError, match="in time"):
            answerer.texts("example.com")

    def test_a_name_that_is_none_is_silence_too(self) -> None:
        with name_server() as answerer, pytest.raises(DnsSilentError, match="failed"):
            answerer.texts("a" * 64 + ".example.com")

    def test_when_the_time_for_all_is_up_nothing_more_is_asked(self) -> None:
        answerer = SystemDns(dns.resolver.Resolver(configure=False), total_seconds=0)
        with pytest.raises(DnsSilentError, match="was up"):
            answerer.texts("example.com")
