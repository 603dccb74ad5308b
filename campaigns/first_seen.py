"""Remember where each key was first seen, in 12 to 36 bytes a key instead of the 150 of a dict.

A list of a million accounts is checked for duplicates while it streams by; memory stays flat (P12).
Keys are kept as 64-bit hashes: two different ones collide once in tens of millions of full lists.
"""

from array import array

_START_BITS = 10
_MASK = (1 << 64) - 1


class FirstSeen:
    """A set of keys with the line of each, by open addressing over two arrays."""

    def __init__(self) -> None:
        self._count = 0
        self._resize(_START_BITS)

    def __len__(self) -> int:
        return self._count

    def line_of(self, key: str) -> int | None:
        """Return the line at which the key was added, or None."""
        slot = self._find(_hash(key))
        return self._lines[slot] or None

    def add(self, key: str, line: int) -> None:
        """Remember a key that is not there yet; lines count from 1."""
        digest = _hash(key)
        self._put(self._find(digest), digest, line)

    def meet(self, key: str, line: int) -> int | None:
        """Return the line at which the key was first seen; None, and remember it, when it is new."""
        digest = _hash(key)
        slot = self._find(digest)
        if self._lines[slot]:
            return self._lines[slot]
        self._put(slot, digest, line)
        return None

    def _put(self, slot: int, digest: int, line: int) -> None:
        self._hashes[slot], self._lines[slot] = digest, line
        self._count += 1
        if self._count * 3 > len(self._lines) * 2:
            self._grow()

    def _find(self, digest: int) -> int:
        slot = digest & self._mask
        while self._lines[slot] and self._hashes[slot] != digest:
            slot = (slot + 1) & self._mask
        return slot

    def _resize(self, bits: int) -> None:
        self._bits, self._mask = bits, (1 << bits) - 1
        self._hashes = array("Q", bytes(8 << bits))
        self._lines = array("I", bytes(4 << bits))

    def _grow(self) -> None:
        old = zip(self._hashes, self._lines, strict=True)
        self._resize(self._bits + 1)
        for digest, line in old:
            if line:
                slot = self._find(digest)
                self._hashes[slot], self._lines[slot] = digest, line


def _hash(key: str) -> int:
    # Python's own keyed hash: the table lives and dies with this process, so it need not be repeatable.
    return hash(key) & _MASK
