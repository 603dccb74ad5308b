"""Places of what a process has in flight: as many rows in `sending` as its limit, never more (promise P3)."""

import threading


class Places:
    """Counts them over all threads of a process."""

    def __init__(self, limit: int) -> None:
        self.lock = threading.Lock()
        self.free = limit


class Share:
    """What the threads of one lane hold of the places together."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.held = 0


class Holding:
    """The places of one thread, which sends one group after the other."""

    def __init__(self, share: Share) -> None:
        self._share = share
        self.count = 0  #: held now

    def widen(self, most: int, *, least: int) -> int:
        """Take more, so that the lane holds `most` in all; returns how many this thread may claim then.

        That is 0 when it would be less than `least`. What is held stays held: what is still in flight is
        recorded in the transaction that claims anew.
        """
        places = self._share.places
        with places.lock:
            mine = most - (self._share.held - self.count)
            taken = max(0, min(mine - self.count, places.free))
            if self.count + taken < least or mine < least:
                return 0
            self._change(taken)
            return min(mine, self.count)

    def keep(self, count: int) -> None:
        """Give back all but so many."""
        with self._share.places.lock:
            self._change(min(0, count - self.count))

    def _change(self, by: int) -> None:
        self.count += by
        self._share.held += by
        self._share.places.free -= by
