"""Places in flight: never more than the limit, and none is lost."""

import random
import threading

import pytest

from dispatcher.delivery.places import Holding, Places, Share


class TestOneLane:
    def test_what_is_in_flight_is_held_while_more_is_taken(self) -> None:
        lane = Share(Places(128))
        one, other = Holding(lane), Holding(lane)
        assert one.widen(128, least=65) == 128
        assert other.widen(128, least=65) == 0
        one.keep(8)  # slow answers
        assert other.widen(128, least=65) == 120
        assert one.widen(128, least=65) == 0
        assert one.count == 8

    def test_its_threads_together_hold_no_more_than_its_provider_takes(self) -> None:
        lane = Share(Places(128))
        one, other = Holding(lane), Holding(lane)
        assert one.widen(8, least=5) == 8
        assert other.widen(8, least=5) == 0
        assert other.count == 0

    def test_a_smaller_group_takes_no_more_than_it_wants(self) -> None:
        holding = Holding(Share(Places(128)))
        assert holding.widen(100, least=1) == 100
        assert holding.widen(10, least=1) == 10


class TestTwoLanes:
    def test_together_they_take_no_more_than_there_are(self) -> None:
        places = Places(128)
        one, other = Holding(Share(places)), Holding(Share(places))
        assert one.widen(100, least=1) == 100
        assert other.widen(100, least=29) == 0
        assert other.widen(100, least=28) == 28
        one.keep(97)
        assert other.widen(100, least=1) == 31

    @pytest.mark.parametrize("seed", range(3))
    def test_threads_together_never_hold_more_than_the_limit(self, seed: int) -> None:
        places, held, most = Places(50), [0] * 6, list[int]()
        lanes = [Share(places), Share(places)]

        def work(number: int) -> None:
            chance, holding = random.Random(seed * 10 + number), Holding(lanes[number % 2])
            for _ in range(400):
                holding.widen(chance.randint(1, 60), least=chance.randint(1, 10))
                held[number] = holding.count
                most.append(sum(held))
                held[number] = kept = chance.randint(0, holding.count)
                holding.keep(kept)
            held[number] = 0
            holding.keep(0)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert max(most) <= 50
        assert places.free == 50
