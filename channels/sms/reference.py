"""The name of an attempt on its way to a provider of short messages and back.

SMSC takes Latin letters, digits and `.-_`, at most 40 of them, and does not mind the same name twice, so
the name must be ours alone: the month of the run, then the attempt's id. It carries no secret: whatever
comes back with it is believed only behind a checksum.
"""

import re
from datetime import date
from typing import Final
from uuid import UUID

from channels.port import AttemptReference

_FORM: Final = re.compile(r"n(\d{4})(0[1-9]|1[0-2])-([0-9a-f]{32})", re.ASCII)


def message_name(attempt: AttemptReference) -> str:
    """`n202611-0193…`: 40 characters at most."""
    return f"n{attempt.period:%Y%m}-{attempt.attempt_id.hex}"


def read_name(name: str) -> AttemptReference | None:
    """The attempt that a name stands for; None when the name is not one of ours."""
    match = _FORM.fullmatch(name)
    if match is None or match[1] < "2000":
        return None
    return AttemptReference(date(int(match[1]), int(match[2]), 1), UUID(match[3]))
