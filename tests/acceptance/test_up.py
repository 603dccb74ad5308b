"""`dispatcher up`: everything from one command, and nothing left behind by any end."""

import signal
from collections.abc import Iterator

import pytest

from tests.acceptance.product import Product, end, installation, wait_until

pytestmark = pytest.mark.timeout(600)  # a starved machine says nothing about the product


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """One installation; each test leaves nothing of it running."""
    with installation() as product:
        yield product


class TestUp:
    def test_no_end_leaves_a_process_and_a_new_up_works_each_time(self, product: Product) -> None:
        first = product.start("up")
        product.wait_until_up(first)
        assert product.find("postgres")
        assert product.find("valkey")
        assert "admin / " in product.output_of("up")

        first.kill()
        first.wait()
        wait_until(lambda: not product.processes(), "kill -9 of `up` ends everything")

        second = product.start("up")
        product.wait_until_up(second)
        assert end(second, signal.SIGTERM) == 0
        assert not product.processes()

        third = product.start("up")
        product.wait_until_up(third)
        assert end(third, signal.SIGINT) == 0
        assert not product.processes()
        assert "Traceback" not in product.output_of("up")

    def test_a_second_up_over_the_same_directory_is_refused(self, product: Product) -> None:
        with product.up():
            other = Product(product.directory)
            done = other.run("up")

            assert done.returncode == 1
            assert "in use by process" in done.stderr
            assert product.is_healthy()

    @pytest.mark.parametrize("setting", ["DISPATCHER_WEB__PORT", "DISPATCHER_BOUNCE_LISTENER__PORT"])
    def test_a_taken_port_is_said_with_the_setting_that_changes_it(
        self, product: Product, setting: str
    ) -> None:
        with product.mail_server():
            done = product.run("up", **{setting: str(product.smtp_port)})

            assert done.returncode == 1
            assert setting in done.stderr
            assert str(product.smtp_port) in done.stderr
            assert not product.processes()
