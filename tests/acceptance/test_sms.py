"""Short messages by a real worker process, to providers that come, go and fall silent."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.acceptance.halfway import end_leases, rows, value
from tests.acceptance.product import DELIVERY, Product, end, installation, wait_until
from tests.acceptance.singles import use_servers
from tests.acceptance.sms_servers import SmsServer

pytestmark = pytest.mark.timeout(300)  # a starved machine says nothing about the product

SILENT = 6  #: people whose messages are taken and never answered
_HEADER = "Лицевой счёт;Код абонента;ФИО;Адрес;Телефон;Сумма долга;Срок оплаты;Согласие\n"
_SENDING = "SELECT count(*) FROM attempt WHERE run_id = %s AND state = 'sending'"
_ATTEMPTS = "SELECT id::text FROM attempt WHERE run_id = %s"


@pytest.fixture
def product(servers, migrated_template) -> Iterator[Product]:
    """An installation on a database of its own."""
    delivery = DELIVERY | {"settle_seconds": {"sms": 3.0}}
    with (
        installation(DISPATCHER_DELIVERY=json.dumps(delivery), USER="olga") as product,
        use_servers(product, servers, migrated_template),
    ):
        yield product


def smpp_account(server: SmsServer) -> dict[str, Any]:
    return {
        "name": "operator",
        "hosts": [f"127.0.0.1:{server.port}"],
        "system_id": "sandbox",
        "password": "sandbox",
        "sends_attempt_name": True,
        "timeout_seconds": 120.0,
        "connect_seconds": 60.0,
        "reconnect_seconds": [0.2],
    }


def smsc_account(server: SmsServer) -> dict[str, Any]:
    return {
        "name": "smsc",
        "hosts": [f"http://127.0.0.1:{server.port}"],
        "login": "sandbox",
        "password": "sandbox",
    }


def use_providers(product: Product, **settings: Any) -> None:
    product.environment["DISPATCHER_SMS"] = json.dumps(settings)


def tell(product: Product, name: str, phones: Sequence[str]) -> str:
    """Import these numbers and begin a campaign by SMS; the run's id."""
    path = product.directory / f"{name}.csv"
    lines = [
        f"{name}{number};{name}{number};Иванова Анна;Москва;{phone};10,00;25.12.2026;да\n"
        for number, phone in enumerate(phones)
    ]
    path.write_text(_HEADER + "".join(lines), encoding="utf-8")
    product.ask("import", str(path), "--name", name)
    # Nothing is handed over in a window's last hour: providers hold a message for so long at least.
    ends = (datetime.now().astimezone() + timedelta(hours=3)).isoformat(timespec="minutes")
    arguments = ("--list", name, "--ends", ends, "--policy", "always", "--channel", "sms")
    return str(product.ask("campaign", "create", *arguments)["run_id"])


def attempts(product: Product, run: str) -> set[str]:
    return {found for (found,) in rows(product, _ATTEMPTS, run)}


class TestKilled:
    def test_a_worker_killed_with_messages_in_flight_over_smpp_leaves_them_unknown_and_sends_none_twice(
        self, product: Product
    ) -> None:
        with closing(SmsServer(product.directory, "smpp")) as operator, ExitStack() as running:
            operator.open()
            use_providers(product, smpp=[smpp_account(operator)])
            silent = [f"+7999301{number:04}" for number in range(SILENT)]
            run = tell(product, "dolg", [*silent, *(f"+7900555{number:04}" for number in range(20))])
            running.callback(end, product.start("scheduler"))
            victim = product.start("worker", "--lane", "sms-bulk")
            wait_until(lambda: len(operator.received()) == SILENT + 20, "everything is at the operator")
            wait_until(lambda: value(product, _SENDING, run) == SILENT, "the others are recorded")

            victim.kill()
            victim.wait()
            end_leases(product)
            running.callback(end, product.start("worker", "--lane", "sms-bulk"))
            status = product.wait_for(run, "closed")

            assert status["is_balanced"]
            assert status["notices"] == {"notified": 20, "unknown": SILENT}
            assert sorted(operator.received()) == sorted(attempts(product, run))


class TestSwitching:
    def test_another_provider_takes_over_and_gives_back_by_itself(self, product: Product) -> None:
        with (
            closing(SmsServer(product.directory, "smpp")) as first,
            closing(SmsServer(product.directory, "smsc")) as second,
            ExitStack() as running,
        ):
            first.open()
            second.open()
            use_providers(
                product,
                smpp=[smpp_account(first)],
                smsc=[smsc_account(second)],
                routes=[{"prefix": "+", "providers": ["operator", "smsc"]}],
                fault_sample=3,
                spare_seconds=2.0,
            )
            running.callback(end, product.start("scheduler"))
            running.callback(end, product.start("worker", "--lane", "sms-bulk"))

            taken = [self._tell_ten(product, "one", first, second)]
            first.close()
            taken.append(self._tell_ten(product, "two", first, second))
            first.open()
            wait_until(
                lambda: "sms.not_bound" in product.output_of("worker"), "the worker has noticed the absence"
            )
            for name in ("three", "four", "five"):
                taken.append(self._tell_ten(product, name, first, second))
                if taken[-1] == (10, 0):
                    break

            assert taken[:2] == [(10, 0), (0, 10)]
            assert taken[-1] == (10, 0), taken

    @staticmethod
    def _tell_ten(product: Product, name: str, first: SmsServer, second: SmsServer) -> tuple[int, int]:
        """A run of ten people, to its end: how many of them each provider took."""
        before = len(first.received()), len(second.received())
        run = tell(product, name, [f"+7900{before[0]:03}{before[1]:02}{number:02}" for number in range(10)])
        status = product.wait_for(run, "closed")
        assert status["notices"] == {"notified": 10}
        received = [*first.received()[before[0] :], *second.received()[before[1] :]]
        assert sorted(received) == sorted(attempts(product, run))
        return len(first.received()) - before[0], len(second.received()) - before[1]
