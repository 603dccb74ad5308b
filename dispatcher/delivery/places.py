"""Places of what a process has in flight: as many rows in `sending` as its limit, never more (promise P3)."""

import threading


class Places:
    """Counts them over all threads of a process."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._free = limit
        self._lock = threading.Lock()

    def take(self, most: int, *, least: int = 1) -> int:
        """Take free places, `most` at most; returns how many, 0 when fewer than `least` are free."""
        with self._lock:
            taken = min(most, self._free)
            if taken < max(1, least):
                return 0
            self._free -= taken
            return taken

    def give_back(self, count: int) -> None:
        """So many are free again."""
        with self._lock:
            self._free += count


class Holding:
    """The places of one thread, which sends one group after the other."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self.count = 0  #: held now

    def widen(self, most: int, *, least: int) -> int:
        """Take more, up to `most` in all; returns how many are held then, 0 when that is less than `least`.

        What is held stays held: what is still in flight is recorded in the transaction that claims anew.
        """
        missing = most - self.count
        if missing > 0:
            self.count += self._places.take(missing, least=least - self.count)
        return 0 if self.count < least else min(most, self.count)

    def keep(self, count: int) -> None:
        """Give back all but so many."""
        if self.count > count:
            self._places.give_back(self.count - count)
            self.count = count
