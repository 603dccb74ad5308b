"""Loaded objects are out of Python's search for circular garbage, and later ones are not."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from dispatcher.core.garbage import YOUNG_OBJECTS, settle_loaded_objects


class _Ring:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


class TestSettling:
    def test_what_is_loaded_is_never_looked_at_again(self) -> None:
        settle_loaded_objects()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[0] == YOUNG_OBJECTS

    def test_circles_that_come_later_are_still_found(self) -> None:
        settle_loaded_objects()
        ring = weakref.ref(_Ring())
        gc.collect()
        assert ring() is None

    def test_circles_of_the_start_do_not_stay(self) -> None:
        ring = weakref.ref(_Ring())
        settle_loaded_objects()
        assert ring() is None
