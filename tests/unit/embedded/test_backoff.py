from dispatcher.embedded.backoff import HEALTHY_SECONDS, LONGEST_SECONDS, Backoff


class TestBackoff:
    def test_the_wait_doubles_up_to_ten_seconds(self) -> None:
        backoff = Backoff()
        delays = [backoff.delay_after(0.0) for _ in range(8)]
        assert delays == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, LONGEST_SECONDS, LONGEST_SECONDS]

    def test_a_healthy_life_begins_anew(self) -> None:
        backoff = Backoff()
        for _ in range(5):
            backoff.delay_after(1.0)
        assert backoff.delay_after(HEALTHY_SECONDS) == 0.2
        assert backoff.delay_after(0.0) == 0.4

    def test_thousands_of_deaths_are_no_overflow(self) -> None:
        assert Backoff(early_deaths=5_000).delay_after(0.0) == LONGEST_SECONDS
