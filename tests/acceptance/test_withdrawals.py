"""The race of withdrawals against four workers (promise P5): after the commit nothing enters `sending`.

`make withdrawals` runs the full race: 500 withdrawals in a campaign of 20 000.
"""

import os
from collections.abc import Iterator
from typing import Final

import pytest

from dispatcher.core.db import Database
from tests.acceptance.product import Product, installation
from tests.acceptance.singles import use_servers
from tests.acceptance.withdrawal_race import race

RECIPIENTS: Final = int(os.environ.get("WITHDRAWAL_RECIPIENTS", "2000"))
WITHDRAWALS: Final = int(os.environ.get("WITHDRAWALS", "50"))
SEED: Final = int(os.environ.get("WITHDRAWAL_SEED", "1"))


@pytest.fixture
def product(servers, migrated_template) -> Iterator[Product]:
    """An installation with four bulk workers on a database of its own."""
    workers = {"DISPATCHER_WORKERS__BULK_PROCESSES": "4"}
    with installation(**workers) as product, use_servers(product, servers, migrated_template):
        yield product


@pytest.mark.timeout(600)
@pytest.mark.requirement(12, "who withdraws in the middle of a run is not written to from that moment")
def test_after_a_withdrawal_nothing_is_begun_and_only_what_it_named_arrives(product: Product) -> None:
    database = Database(product.environment["DISPATCHER_DATABASE_URL"])
    try:
        with product.mail_server(), product.up():
            result = race(product, database, recipients=RECIPIENTS, withdrawals=WITHDRAWALS, seed=SEED)
    finally:
        database.close()
    print(result)
    assert result.begun_after == []
    assert result.arrived_unnamed == []
    # The race was one: some came in time, and what was sent and what was held back add up to everybody.
    assert result.withdrawn >= WITHDRAWALS / 2
    assert result.blocked > 0
    assert result.sent + result.blocked == RECIPIENTS
