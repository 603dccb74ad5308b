"""Places in flight: never more than the limit, and none is lost."""

import random
import threading

import pytest

from dispatcher.delivery.places import Holding, Places


class TestPlaces:
    def test_no_more_are_taken_than_there_are(self) -> None:
        places = Places(128)
        assert places.take(100) == 100
        assert places.take(100) == 28
        assert places.take(1) == 0
        places.give_back(3)
        assert places.take(100) == 3

    def test_fewer_than_are_worth_while_are_left_to_others(self) -> None:
        places = Places(128)
        places.take(100)
        assert places.take(128, least=32) == 0
        assert places.take(28, least=28) == 28


class TestHolding:
    def test_what_is_in_flight_is_held_while_more_is_taken(self) -> None:
        places = Places(128)
        one, other = Holding(places), Holding(places)
        assert one.widen(128, least=32) == 128
        assert other.widen(128, least=32) == 0
        one.keep(8)  # slow answers
        assert other.widen(128, least=32) == 120
        assert one.widen(128, least=32) == 0
        assert one.count == 8

    def test_a_smaller_group_takes_no_more_than_it_wants(self) -> None:
        holding = Holding(Places(128))
        assert holding.widen(100, least=1) == 100
        assert holding.widen(10, least=1) == 10

    @pytest.mark.parametrize("seed", range(3))
    def test_threads_together_never_hold_more_than_the_limit(self, seed: int) -> None:
        places, held, most = Places(50), [0] * 6, list[int]()

        def work(number: int) -> None:
            chance, holding = random.Random(seed * 10 + number), Holding(places)
            for _ in range(400):
                holding.widen(chance.randint(1, 30), least=chance.randint(1, 10))
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
        assert places.take(1_000) == 50
