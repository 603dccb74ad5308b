"""A campaign by command line against a running `up`, and what happens when its surroundings fail."""

from collections.abc import Iterator

import pytest

from tests.acceptance.product import Product, installation, wait_until

pytestmark = pytest.mark.timeout(600)  # a starved machine says nothing about the product


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """One installation with everything running, without a mail server."""
    with installation() as product, product.up():
        yield product


def reached(product: Product, status: dict) -> None:
    """Everybody is in a terminal state, nothing is unknown, and nobody was told twice."""
    assert status["is_balanced"]
    assert status["open"] == 0
    assert status["notices"].get("unknown", 0) == 0
    assert status["notices"]["notified"] > 0.8 * status["planned"]
    received = product.received()
    assert len(received) == len(set(received))


class TestCampaign:
    def test_import_create_watch_pause_resume_and_stop(self, product: Product) -> None:
        with product.mail_server():
            run = product.start_campaign(recipients=400, **{"max-per-second": "8"})
            wait_until(product.received, "letters arrive")

            paused = product.ask("campaign", "pause", run)
            assert paused["left"] + paused["in_flight"] + paused["waiting"] > 0
            wait_until(lambda: product.status(run)["in_flight"] == 0, "nothing is under way")
            left = len(product.received())
            assert product.status(run)["run"]["state"] == "paused"
            assert len(product.received()) == left

            product.ask("campaign", "resume", run)
            wait_until(lambda: len(product.received()) > left, "it goes on")

            stopped = product.ask("campaign", "stop", run)
            assert stopped["waiting"] > 0
            status = product.wait_for(run, "closed")
            assert status["is_balanced"]
            assert status["notices"]["stopped"] > 0

            again = product.run("campaign", "resume", run)
            assert again.returncode == 1
            assert "closed" in again.stderr

            watched = product.run("campaign", "watch", run)
            assert watched.returncode == 0
            assert "400" in watched.stdout

    def test_a_mail_server_that_goes_away_is_waited_for(self, product: Product) -> None:
        with product.mail_server() as server:
            before = len(product.received())
            run = product.start_campaign(recipients=150, **{"max-per-second": "15"})
            wait_until(lambda: len(product.received()) > before + 5, "letters arrive")
            server.close()
            status = product.wait_status(run, lambda status: status["channel_pauses"], "the channel waits")
            assert status["channel_pauses"][0]["reason"] == "smtp_unreachable"
            assert status["run"]["state"] == "running"

            server.open()
            product.wait_for(run, "closed")

            status = product.status(run)
            # In doubt is at most what one worker may have had in flight, however slowly the server went.
            assert status["is_balanced"]
            assert status["notices"].get("unknown", 0) <= 64
            assert status["notices"]["notified"] + status["notices"].get("unknown", 0) > 90

    @pytest.mark.parametrize("name", ["postgres", "valkey"])
    def test_a_server_that_dies_is_started_again_and_the_run_goes_on(
        self, product: Product, name: str
    ) -> None:
        with product.mail_server():
            before = len(product.received())
            run = product.start_campaign(recipients=150, **{"max-per-second": "15"})
            wait_until(lambda: len(product.received()) > before, "sending")

            product.kill_server(name)

            wait_until(lambda: product.run("campaign", "status", run).returncode == 0, "it answers again")
            reached(product, product.wait_for(run, "closed"))
