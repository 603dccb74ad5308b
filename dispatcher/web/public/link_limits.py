"""How often one link may be pressed: enough for every person and program, too little to keep us busy.

Kept in the memory of this process, by a hash of the token with a salt that dies with it: nothing about who
asked from where is kept anywhere. Withdrawing twice writes nothing, so a refused repetition loses nothing.
"""

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

PRESSES: Final = 30  #: of one link
WINDOW_SECONDS: Final = 60.0
MAX_LINKS: Final = 10_000  #: remembered at once, some hundred bytes each


class LinkLimits:
    """Counts the presses of links; thread-safe."""

    def __init__(self, *, presses: int = PRESSES, now: Callable[[], float] = time.monotonic) -> None:
        self._presses = presses
        self._now = now
        self._salt = secrets.token_bytes(16)
        self._links: OrderedDict[bytes, tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def may_press(self, token: str) -> bool:
        """Count one press; false when there were too many within the window."""
        name = hashlib.blake2b(token.encode(), key=self._salt, digest_size=16).digest()
        with self._lock:
            now = self._now()
            since, count = self._links.pop(name, (now, 0))
            if now - since >= WINDOW_SECONDS:
                since, count = now, 0
            self._links[name] = (since, count + 1)
            while len(self._links) > MAX_LINKS:
                self._links.popitem(last=False)
            return count < self._presses
