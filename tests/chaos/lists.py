"""The lists of the rounds: made-up people, whose addresses tell the sandbox what to do with their mail."""

import csv
import random
from pathlib import Path
from typing import Final

from campaigns.sample import write_sample

EMAIL_COLUMN: Final = "E-mail"
#: Shares of addresses at which the provider breaks the conversation: behind the dot, never answering, inside
#: the body, before it. All leave us in doubt: a short body leaves together with its dot.
FAULTS: Final = {"hangdrop": 0.01, "hang": 0.0015, "drop": 0.01, "dropstartonce": 0.01}
TAKEN: Final = ("hangdrop.", "hang.")  #: taken, and never answered
#: Not taken, which we cannot know: the last hangs up behind its 354, which the body may overtake.
UNTAKEN: Final = ("drop.", "dropstartonce.")
#: Lists by name: an honest provider (that bounces and defers a few), and one that leaves us in doubt.
LISTS: Final = {"plain": {}, "doubtful": FAULTS}


def write_list(path: Path, kind: str, recipients: int, seed: int) -> None:
    """Write the list called `kind`; the same seed gives the same people and the same faults."""
    write_sample(path, recipients, seed=seed)
    faults = LISTS[kind]
    if not faults:
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    chance = random.Random(seed)
    fates, weights = [*faults, ""], [*faults.values(), 1 - sum(faults.values())]
    for row in rows:
        fate = chance.choices(fates, weights)[0]
        if fate and row[EMAIL_COLUMN]:
            row[EMAIL_COLUMN] = f"{fate}.{row[EMAIL_COLUMN]}"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)


def is_doubtful(address: str | None, *, is_received: bool) -> bool:
    """Whether the provider itself explains our doubt about this address."""
    return address is not None and address.startswith(TAKEN if is_received else UNTAKEN)
