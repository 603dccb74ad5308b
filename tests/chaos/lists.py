"""The lists of the rounds: made-up people, whose addresses tell the sandbox what to do with their mail."""

import csv
import random
from pathlib import Path
from typing import Final

from campaigns.sample import write_sample

EMAIL_COLUMN: Final = "E-mail"
#: Shares of addresses at which the provider breaks the conversation: behind the dot, inside the body, before
#: it. All but the last leave us in doubt: a short body leaves together with its dot.
HANGS_UP: Final = {"hangdrop": 0.01, "drop": 0.01, "dropstartonce": 0.01}
TAKEN: Final = ("hangdrop.", "hang.")  #: taken, and never answered
UNTAKEN: Final = ("drop.",)  #: not taken, which we cannot know
#: Lists by name: an honest provider (that bounces and defers a few), one that leaves us in doubt at once, and
#: one that also keeps us waiting for an answer that never comes.
LISTS: Final = {"plain": {}, "doubtful": HANGS_UP, "silent": HANGS_UP | {"hang": 0.0015}}


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


def is_doubtful(address: str | None, *, is_received: bool, has_hung_up: bool) -> bool:
    """Whether the provider explains our doubt itself: it did to this attempt what the address asks for."""
    if address is None:
        return False
    return address.startswith(TAKEN) if is_received else has_hung_up and address.startswith(UNTAKEN)
