"""A place for an object that the composition root builds and lower layers use.

Actors need the channel registry and the database, yet may not import the composition root above them.
They declare a holder; the worker fills it at boot (design: section 4, seam 1).
"""

from typing import Generic, TypeVar

from dispatcher.core.errors import ConfigurationError

Held = TypeVar("Held")


class Holder(Generic[Held]):
    """Holds one object; `get` before `fill` is a programming error said plainly."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._held: Held | None = None

    def fill(self, held: Held) -> None:
        """Put the object in; a second call replaces it (tests build several applications)."""
        self._held = held

    def get(self) -> Held:
        """The object; raises `ConfigurationError` when the process was not booted."""
        if self._held is None:
            raise ConfigurationError(f"{self._name} is not built yet: start through dispatcher.bootstrap")
        return self._held
