"""Commands that the tests have loaded already are what users run: the same words, and the same end."""

from collections.abc import Iterator

import pytest

from tests.acceptance.product import Product, installation
from tests.acceptance.singles import use_servers

pytestmark = pytest.mark.timeout(300)  # a starved machine says nothing about the product


@pytest.fixture
def product(servers, migrated_template) -> Iterator[Product]:
    with installation() as product, use_servers(product, servers, migrated_template):
        yield product


class TestRun:
    @pytest.mark.parametrize(
        ("command", "code"),
        [
            (("campaign", "list"), 0),
            (("campaign", "list", "--json"), 0),
            (("import", "missing.csv"), 1),
            (("campaign", "status", "no-id"), 2),
        ],
    )
    def test_it_says_and_ends_as_the_installed_command_does(
        self, product: Product, command: tuple[str, ...], code: int
    ) -> None:
        loaded, installed = product.run(*command), product.run_installed(*command)

        assert loaded.returncode == installed.returncode == code
        assert loaded.stdout == installed.stdout
        assert loaded.stderr == installed.stderr

    def test_a_variable_of_one_command_is_unknown_to_the_next(self, product: Product) -> None:
        assert product.run("campaign", "list", DISPATCHER_SMTP__PORT="many").returncode == 1
        assert product.run("campaign", "list").returncode == 0
