"""Calls by a real worker: one that is killed in the middle of them, and a telephone that is not ours."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dispatcher.core.call_settings import CALL_RETRIES
from tests.acceptance.halfway import end_leases, rows, value
from tests.acceptance.product import DELIVERY, LIMIT_SECONDS, Product, end, installation, wait_until
from tests.acceptance.singles import use_servers
from tests.integration.channels.sip_peers import ACK, INVITE, SIPP_FILES, response, sipp
from tests.ports import reserve_port

pytestmark = pytest.mark.timeout(300)  # a starved machine says nothing about the product

LINES = 3
#: They press 1 and hang up two seconds later: time enough for a kill, and nobody waits for the whole text.
PHONES = [f"+7999204{number:04}" for number in range(4)]
_HEADER = "Лицевой счёт;Код абонента;ФИО;Адрес;Телефон;Сумма долга;Срок оплаты;Согласие\n"
_SENDING = "SELECT id::text FROM attempt WHERE run_id = %s AND state = 'sending'"
_ATTEMPTS = "SELECT id::text FROM attempt WHERE run_id = %s"
_UNKNOWN = "SELECT id::text FROM attempt WHERE run_id = %s AND state = 'unknown'"


@pytest.fixture
def product(servers, migrated_template) -> Iterator[Product]:
    """An installation that calls everybody once."""
    calls = {"retries": {reason: {} for reason in CALL_RETRIES}}
    delivery = DELIVERY | {"calls": calls}
    with (
        installation(DISPATCHER_DELIVERY=json.dumps(delivery), USER="olga") as product,
        use_servers(product, servers, migrated_template),
    ):
        yield product


def use_trunk(product: Product, port: int) -> None:
    trunk = {
        "name": "operator",
        "host": "127.0.0.1",
        "port": port,
        "lines": LINES,
        "calls_per_second": 10,
        "caller_ids": [{"number": "+74951234567", "label": "Энергосбыт"}],
    }
    product.environment["DISPATCHER_VOICE"] = json.dumps({"trunks": [trunk], "address": "127.0.0.1"})


def call_all(product: Product, phones: Sequence[str]) -> str:
    """Import these numbers and begin a campaign by calls; the run's id."""
    path = product.directory / "debtors.csv"
    lines = [
        f"{number:08};B{number};Иванова Анна;Москва;{phone};10,00;25.12.2026;да\n"
        for number, phone in enumerate(phones)
    ]
    path.write_text(_HEADER + "".join(lines), encoding="utf-8")
    product.ask("import", str(path), "--name", "debtors")
    ends = (datetime.now().astimezone() + timedelta(hours=3)).isoformat(timespec="minutes")
    arguments = ("--list", "debtors", "--ends", ends, "--policy", "always", "--channel", "voice")
    return str(product.ask("campaign", "create", *arguments)["run_id"])


def found(product: Product, statement: str, run: str) -> list[str]:
    return sorted(one for (one,) in rows(product, statement, run))


class TestKilled:
    def test_who_was_on_the_line_is_unknown_never_called_again_and_the_lines_are_free(
        self, product: Product
    ) -> None:
        port = reserve_port()
        use_trunk(product, port)
        with ExitStack() as running:
            ports = ("--port", str(product.smtp_port), "--sip-port", str(port))
            options = ("--journal", str(product.journal), "--bounce-port", str(product.bounce_port))
            running.callback(end, product.start("sandbox", *ports, *options))
            run = call_all(product, PHONES)
            running.callback(end, product.start("scheduler"))
            victim = product.start("worker", "--lane", "voice-bulk")
            wait_until(lambda: product.journal.exists() and len(product.received()) >= 2, "two are talking")

            victim.kill()
            victim.wait()
            cut_off = found(product, _SENDING, run)
            end_leases(product)
            assert 2 <= len(cut_off) <= LINES
            running.callback(end, product.start("worker", "--lane", "voice-bulk"))
            status = product.wait_for(run, "closed")

            assert status["is_balanced"]
            assert found(product, _UNKNOWN, run) == cut_off
            assert status["notices"]["unknown"] == len(cut_off)
            assert sum(status["notices"].values()) == len(PHONES)
            assert set(Counter(product.received()).values()) == {1}
            # Whom nobody had answered yet may have no line in the journal; all others have theirs.
            rest = set(found(product, _ATTEMPTS, run)) - set(cut_off)
            assert len(rest) == len(PHONES) - len(cut_off)
            assert rest <= set(product.received())


@contextmanager
def sipp_answers(directory: Path, steps: str) -> Iterator[int]:
    """SIPp beside the test's own thread; yields its port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    peer = sipp(directory, steps)
    try:
        yield asyncio.run_coroutine_threadsafe(peer.__aenter__(), loop).result(LIMIT_SECONDS)
    finally:
        leaving = peer.__aexit__(None, None, None)
        asyncio.run_coroutine_threadsafe(leaving, loop).result(LIMIT_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class TestSipp:
    @pytest.mark.requirement(11, "an automatic call tells a debtor and is on record")
    @pytest.mark.requirement(61, "keys of a telephone lead through the call")
    def test_keys_of_a_telephone_that_is_not_ours_lead_through_the_call(
        self, product: Product, tmp_path: Path
    ) -> None:
        """It presses 1 again and again: "it is me", then "I have understood"; in between 1 does nothing."""
        press = f'<nop><action><exec play_pcap_audio="{SIPP_FILES}/dtmf_2833_1.pcap"/></action></nop>'
        steps = INVITE + response("180 Ringing") + response("200 OK", sdp=True) + ACK
        steps += '<pause milliseconds="1000"/>' + (press + '<pause milliseconds="2000"/>') * 60
        with sipp_answers(tmp_path, steps) as port, ExitStack() as running:
            use_trunk(product, port)
            run = call_all(product, ["+79161234567"])
            running.callback(end, product.start("scheduler"))
            running.callback(end, product.start("worker", "--lane", "voice-bulk"))
            status = product.wait_for(run, "closed")

        assert status["is_balanced"]
        assert status["notices"] == {"notified": 1}
        [(sip_status, keys)] = rows(product, "SELECT status, keys FROM attempt_call")
        assert sip_status == 200
        assert set(keys) == {"1"}
        assert value(product, "SELECT strength::text FROM notice WHERE run_id = %s", run) == "confirmed"
