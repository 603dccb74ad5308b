"""Python's search for circular garbage, set for processes that live long.

It walks through all objects of a generation. What a process loads at its start stays to its end, some hundred
thousand objects; without this a busy worker walks through them again and again (docs/performance.md).
"""

import gc
from typing import Final

#: So many more objects than at the last look, and the youngest are looked through: several groups of
#: messages, which come and go whole. A cycle is a rare thing here, so what one search finds late is little.
YOUNG_OBJECTS: Final = 20_000


def settle_loaded_objects() -> None:
    """Call it once, when the process has loaded what it needs: nothing of it is ever looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 10, 10)
