"""A holder gives what was put in, and says plainly when nothing was."""

import pytest

from dispatcher.core.errors import ConfigurationError
from dispatcher.core.holder import Holder


class TestHolder:
    def test_it_gives_what_was_filled_last(self) -> None:
        holder = Holder[int]("the number")
        holder.fill(1)
        holder.fill(2)
        assert holder.get() == 2

    def test_an_empty_one_names_what_is_missing(self) -> None:
        with pytest.raises(ConfigurationError, match="the number"):
            Holder[int]("the number").get()
