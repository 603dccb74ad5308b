"""Fetching one bill: what is taken, what is refused, and that no server can keep us or lead us astray."""

import asyncio
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from channels.sandbox.certificate import make_certificate
from dispatcher.delivery.bills.content import FetchedBill
from dispatcher.delivery.bills.errors import BillFaultError
from dispatcher.delivery.bills.fetch import BillFetcher, FetchLimits
from dispatcher.delivery.bills.urls import UrlRules
from templates.errors import AttachmentError
from tests.integration.delivery.bill_server import (
    BILL,
    PICTURE,
    BillServer,
    bill,
    broken_off,
    dripping,
    drop,
    endless,
    redirect,
    silent,
    status,
)

LIMITS = FetchLimits(max_bytes=100_000, seconds=20)
SHORT = FetchLimits(max_bytes=100_000, seconds=1.5)


@pytest.fixture
def server() -> Iterator[BillServer]:
    with BillServer.running() as server:
        yield server


@pytest.fixture
def released() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def fetch(url: str, rules: UrlRules, limits: FetchLimits = LIMITS, **options: object) -> FetchedBill:
    async def once() -> FetchedBill:
        fetcher = BillFetcher(rules, limits, **options)  # type: ignore[arg-type]
        try:
            return await fetcher.fetch(url)
        finally:
            await fetcher.close()
            await asyncio.sleep(0)

    return asyncio.run(once())


def fault_of(url: str, rules: UrlRules, limits: FetchLimits = LIMITS, **options: object) -> BillFaultError:
    with pytest.raises(BillFaultError) as caught:
        fetch(url, rules, limits, **options)
    assert url not in str(caught.value)
    return caught.value


def inner(server: BillServer) -> UrlRules:
    return UrlRules(inner_hosts=[server.host])


class TestWhatIsTaken:
    @pytest.mark.parametrize(
        ("content", "content_type"),
        [(BILL, "application/pdf"), (PICTURE, "image/png"), (BILL[:9], "application/pdf")],
    )
    def test_bills_and_pictures_whatever_the_server_calls_them(
        self, server: BillServer, content: bytes, content_type: str
    ) -> None:
        url = server.answer("/x", bill(content, "text/html"))
        assert fetch(url, inner(server)) == FetchedBill(content_type, content)

    @pytest.mark.parametrize("content", [b"<html>", b"", b"MZ", b"\x1f\x8b" + BILL])
    def test_nothing_else_whatever_the_server_calls_it(self, server: BillServer, content: bytes) -> None:
        fault = fault_of(server.answer("/x", bill(content)), inner(server))
        assert (fault.fault, fault.is_final) == ("bad_type", True)

    def test_the_request_tells_nothing_about_us_and_takes_no_cookie_along(
        self, server: BillServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        url = server.answer("/a", status(302, Location="/b", Set_Cookie="a=b; Path=/"))
        server.answer("/b", bill())
        assert fetch(url, inner(server)).content == BILL
        assert all("Cookie" not in headers and "Authorization" not in headers for headers in server.headers)
        assert server.headers[0]["Accept-Encoding"] == "identity"

    def test_a_signed_link_is_asked_for_letter_by_letter(self, server: BillServer) -> None:
        path = "/%2Fa%41?sig=%7E%2b+x&n=%31"
        fetch(server.answer(path, bill()), inner(server))
        assert server.asked[path] == 1


class TestLimits:
    def test_a_file_that_says_it_is_too_large_is_not_read(self, server: BillServer) -> None:
        url = server.answer("/x", bill(BILL + b"x" * 100_000))
        assert fault_of(url, inner(server)).fault == "too_large"

    def test_a_file_without_end_is_cut_off(self, server: BillServer) -> None:
        fault = fault_of(server.answer("/x", endless()), inner(server))
        assert (fault.fault, fault.is_final) == ("too_large", True)

    def test_a_server_that_says_nothing_is_left(self, server: BillServer, released: threading.Event) -> None:
        fault = fault_of(server.answer("/x", silent(released)), inner(server), SHORT)
        assert (fault.fault, fault.is_final) == ("timeout", False)

    def test_a_server_that_drips_is_left(self, server: BillServer, released: threading.Event) -> None:
        assert fault_of(server.answer("/x", dripping(released)), inner(server), SHORT).fault == "timeout"

    @pytest.mark.parametrize("says_length", [True, False])
    def test_a_file_that_was_broken_off_is_not_taken_for_whole(
        self, server: BillServer, says_length: bool
    ) -> None:
        fault = fault_of(server.answer("/x", broken_off(says_length=says_length)), inner(server))
        assert (fault.fault, fault.is_final) == ("broken_off", False)

    def test_a_whole_file_without_a_length_is_taken(self, server: BillServer) -> None:
        def unmeasured(handler: object) -> None:
            handler.begin(200, {})  # type: ignore[attr-defined]
            handler.wfile.write(BILL)  # type: ignore[attr-defined]

        assert fetch(server.answer("/x", unmeasured), inner(server)).content == BILL


class TestAnswers:
    @pytest.mark.parametrize(
        ("code", "is_final"), [(404, True), (410, True), (403, True), (204, True), (500, False), (503, False)]
    )
    def test_the_status_says_whether_another_try_helps(
        self, server: BillServer, code: int, is_final: bool
    ) -> None:
        fault = fault_of(server.answer("/x", status(code)), inner(server))
        assert (fault.fault, fault.is_final) == (f"http_{code}", is_final)

    @pytest.mark.parametrize(
        ("wished", "kept"), [("90", 90.0), ("999999", 3600.0), ("soon", None), ("-5", None)]
    )
    def test_the_servers_wish_is_bounded(self, server: BillServer, wished: str, kept: float | None) -> None:
        url = server.answer("/x", status(429, Retry_After=wished))
        fault = fault_of(url, inner(server))
        assert (fault.is_final, fault.retry_after_seconds) == (False, kept)

    def test_a_connection_dropped_or_refused_may_be_tried_again(self, server: BillServer) -> None:
        fault = fault_of(server.answer("/x", drop), inner(server))
        assert (fault.fault, fault.is_final) == ("broken_off", False)
        assert fault_of("http://127.0.0.1:1/x", UrlRules(inner_hosts=["127.0.0.1:1"])).fault == "unreachable"

    def test_an_answer_that_is_no_http_is_a_fault(self, server: BillServer) -> None:
        def nonsense(handler: object) -> None:
            handler.wfile.write(b"\0\1\2 nonsense\r\n\r\n")  # type: ignore[attr-defined]

        assert fault_of(server.answer("/x", nonsense), inner(server)).fault == "bad_answer"


class TestRedirects:
    def test_three_are_followed_and_not_a_fourth(self, server: BillServer) -> None:
        for number in range(1, 5):
            server.answer(f"/{number}", redirect(f"/{number + 1}"))
        server.answer("/5", bill())
        assert fetch(server.url("/2"), inner(server)).content == BILL
        fault = fault_of(server.url("/1"), inner(server))
        assert (fault.fault, fault.is_final) == ("redirects_too_many", True)

    def test_a_loop_ends(self, server: BillServer) -> None:
        fault_of(server.answer("/x", redirect("/x")), inner(server))
        assert server.asked["/x"] == 4

    @pytest.mark.parametrize(
        "to",
        [
            *(
                "http://169.254.169.254/latest/",
                "http://127.0.0.1:1/",
                "//evil.example.org/",
                "",
                "file:///etc",
            ),
            *("http://[::1]/", "http://user@127.0.0.1/", "https://evil.org\\@x/", "\t//evil.org", "http://["),
        ],
    )
    def test_none_leads_off_the_list(self, server: BillServer, to: str) -> None:
        fault = fault_of(server.answer("/x", redirect(to)), inner(server))
        assert (fault.fault, fault.is_final) == ("redirect_refused", True)


class TestNames:
    """The name's addresses are what is judged and what is connected to."""

    def test_a_named_host_with_an_inner_address_is_refused(self, server: BillServer) -> None:
        url = f"https://bills.example.org:{server.port}/x"
        rules = UrlRules([f"bills.example.org:{server.port}"])
        for addresses in (["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"]):
            fault = fault_of(url, rules, lookup=answers(addresses))
            assert (fault.fault, fault.is_final) == ("address_refused", True)
        assert server.asked.total() == 0

    def test_a_name_that_answers_differently_the_second_time_gains_nothing(self, server: BillServer) -> None:
        """Inside, then outside: it is asked once, and the connection goes where the judged answer said."""
        server.answer("/x", bill())
        lookup = answers(["127.0.0.1"], ["10.99.99.99"])
        rules = UrlRules(inner_hosts=[f"billing.local:{server.port}"])
        assert fetch(server.url("/x", "billing.local"), rules, lookup=lookup).content == BILL
        assert server.headers[0]["Host"] == f"billing.local:{server.port}"
        outer = UrlRules([f"billing.local:{server.port}"])
        url = f"https://billing.local:{server.port}/x"
        fault = fault_of(url, outer, lookup=answers(["127.0.0.1"], ["93.184.216.34"]))
        assert fault.fault == "address_refused"

    def test_an_inner_host_may_not_have_the_address_of_a_metadata_service(self, server: BillServer) -> None:
        rules = UrlRules(inner_hosts=["billing.local"])
        fault = fault_of("http://billing.local/x", rules, lookup=answers(["169.254.169.254"]))
        assert fault.fault == "address_refused"

    def test_a_name_without_an_address_may_be_tried_again(self) -> None:
        fault = fault_of("https://b.example.org/x", UrlRules(["b.example.org"]), lookup=answers([]))
        assert (fault.fault, fault.is_final) == ("dns", False)

    def test_nobody_outside_sends_us_into_the_inner_network(self, server: BillServer, tls: "Tls") -> None:
        with BillServer.running(tls.files) as outside:
            outside.answer("/x", redirect(server.answer("/secret", bill())))
            # The sandbox's certificate names localhost; its address stands for one of the internet here.
            rules = _Outer([f"localhost:{outside.port}"], [server.host])
            fault = fault_of(outside.url("/x", "localhost"), rules, ca_file=tls.authority)
        assert (fault.fault, outside.asked["/x"], server.asked["/secret"]) == ("redirect_refused", 1, 0)

    def test_a_url_that_is_not_allowed_is_not_asked_for(self, server: BillServer) -> None:
        with pytest.raises(AttachmentError):
            fetch(server.url("/x"), UrlRules(["bills.example.org"]))
        assert server.asked.total() == 0


class Tls:
    def __init__(self, files: tuple[Path, Path]) -> None:
        self.files = files
        self.authority = files[0]


class _Outer(UrlRules):
    """Lets the connection to this machine through, as to a server of the internet."""

    def is_inner(self, host: str, port: int) -> bool:
        return True


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    if shutil.which("openssl") is None:
        if os.environ.get("CI"):
            pytest.fail("openssl is missing: the TLS tests need it")
        pytest.skip("openssl is missing: install it to run the TLS tests")
    return Tls(make_certificate(tmp_path))


class TestTls:
    def test_a_known_authority_is_needed_and_the_name_must_fit(self, tls: Tls) -> None:
        with BillServer.running(tls.files) as server:
            server.answer("/x", bill())
            rules = UrlRules(inner_hosts=[f"localhost:{server.port}", f"other.local:{server.port}"])
            url, other = server.url("/x", "localhost"), server.url("/x", "other.local")
            assert fetch(url, rules, ca_file=tls.authority, lookup=answers(["127.0.0.1"])).content == BILL
            assert fault_of(url, rules, lookup=answers(["127.0.0.1"])).fault == "tls"
            fault = fault_of(other, rules, ca_file=tls.authority, lookup=answers(["127.0.0.1"]))
            assert (fault.fault, fault.is_final) == ("tls", False)


def answers(*replies: Sequence[str]) -> object:
    """A name server that answers so, one reply after the other; more questions than replies are a fault."""
    left = list(replies)

    async def lookup(host: str, port: int) -> Sequence[str]:
        return left.pop(0)

    # A rebinding name must not get a second chance within one fetch: the rest of its replies stays unasked.
    return lookup
