"""How many attempts a lane claims at a time: as many as its provider takes in about a second.

A large group costs less for each message: the statements of a claim cost the same for many as for few.
Yet what was claimed must begin within two seconds (`SENDING_MARGIN`), or it is put back for nothing: to a
server that takes ten a second most of a group of a hundred would be.
"""

from typing import Final

SMALLEST: Final = 8  #: one for each connection that is usual
FIRST: Final = 64  #: before anything is known of the provider
AIM_SECONDS: Final = 1.0  #: half of the time in which a claimed attempt must begin


class GroupSize:
    """Of one lane of a process, between `SMALLEST` and `largest`."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._smallest = min(SMALLEST, largest)
        self.now = min(FIRST, largest)

    @property
    def least(self) -> int:
        """With fewer places nothing is claimed: of two threads with half of them each one goes on alone."""
        return self.now // 2 + 1

    def heed(self, sent: int, seconds: float) -> None:
        """So many of a group were sent in so long, from its rendering to its last outcome."""
        fitting = int(sent * AIM_SECONDS / max(seconds, 0.001))
        if seconds > AIM_SECONDS:
            self.now = max(self._smallest, min(fitting, self.now))
        elif sent >= self.now:  # a small remainder says nothing about a large group
            self.now = min(self._largest, max(fitting, self.now))
