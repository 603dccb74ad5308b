"""structlog without `rich`: it loads that wherever it is installed, to colour tracebacks that we write plain.

Import this before structlog is first imported. `rich` is with us for the commands that staff type; a worker
never writes with it, and would hold 5 MB for nothing (docs/performance.md, Memory).
"""

import sys
from typing import Any

_WITHOUT = "rich"


def load_structlog_plain() -> None:
    """Load structlog as where `rich` is not installed; who asks for `rich` later gets it all the same."""
    modules: dict[str, Any] = sys.modules
    if _WITHOUT in modules or "structlog" in modules:
        return
    modules[_WITHOUT] = None  # the language's own way to say that a module cannot be imported
    try:
        import structlog  # noqa: F401 - loading it is what this is for
    finally:
        del modules[_WITHOUT]
