"""How long the calls of a run take, as this process has measured them: near the end of the hours it counts.

Only the channel knows, once it has made the phrases audible; a claim must know before. So the longest call of
a run so far stands for the next ones. The channel itself does not dial a longer one, which then counts.
"""

import threading
from collections import OrderedDict
from typing import Final
from uuid import UUID

MOST_RUNS: Final = 1000  #: that are remembered; of others the setting counts again


class CallLengths:
    """The longest reckoned call of each run, in seconds. On every thread."""

    def __init__(self) -> None:
        self._seconds: OrderedDict[UUID, float] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, run: UUID, seconds: float) -> None:
        """A call of the run was reckoned to ring and talk for so long."""
        with self._lock:
            self._seconds[run] = max(seconds, self._seconds.pop(run, 0.0))
            if len(self._seconds) > MOST_RUNS:
                self._seconds.popitem(last=False)

    def of(self, run: UUID) -> float | None:
        """The longest so far; None: none was measured yet."""
        with self._lock:
            return self._seconds.get(run)
