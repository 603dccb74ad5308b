"""Where commands print: results to standard output, problems to standard error."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console

output = Console(soft_wrap=True)
errors = Console(stderr=True, soft_wrap=True)


def print_json(values: Mapping[str, Any]) -> None:
    """One JSON object for other programs."""
    output.print_json(json.dumps(values, ensure_ascii=False, default=str))
