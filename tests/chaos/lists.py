"""The lists of the rounds: made-up people, whose addresses and numbers tell the sandbox what to do."""

import csv
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from campaigns.sample import write_sample
from channels.sandbox.numbers import NumberFate, read_number

EMAIL_COLUMN: Final = "E-mail"
PHONE_COLUMN: Final = "Телефон"
#: Shares of addresses at which the provider breaks the conversation: behind the dot, inside the body, before
#: it. All but the last leave us in doubt: a short body leaves together with its dot.
HANGS_UP: Final = {"hangdrop": 0.01, "drop": 0.01, "dropstartonce": 0.01}
TAKEN: Final = ("hangdrop.", "hang.")  #: taken, and never answered
UNTAKEN: Final = ("drop.",)  #: not taken, which we cannot know
#: Lists by name: an honest provider (that bounces and defers a few), one that leaves us in doubt at once, and
#: one that also keeps us waiting for an answer that never comes.
LISTS: Final = {"plain": {}, "doubtful": HANGS_UP, "silent": HANGS_UP | {"hang": 0.0015}, "texts": {}}
#: Numbers of whose message nothing is reported.
NEVER_REPORTED: Final = "305"
#: Shares of numbers in the list "texts": taken and never answered, not taken and never answered, taken and
#: hung up, not taken and hung up, never reported, callback lost, twice, before the answer, in the wrong
#: order, odd answers, an answer that is slow, a late callback, undeliverable, expired; else one callback.
NUMBERS: Final = {
    **{"301": 0.001, "302": 0.001, "303": 0.01, "304": 0.01, NEVER_REPORTED: 0.04, "306": 0.75},
    **{"307": 0.03, "308": 0.03, "309": 0.03, "310": 0.01, "311": 0.01, "313": 0.01, "314": 0.01},
    **{"318": 0.01, "220": 0.02, "203": 0.01},
}
#: Of these no answer comes for seconds. They stand in the first quarter of the list, so that the others are
#: sent meanwhile and no round waits for them alone.
SILENT_NUMBERS: Final = frozenset({"301", "302"})
SILENT_PART: Final = 4
STATUS_DELIVERED: Final = 1


def write_list(path: Path, kind: str, recipients: int, seed: int) -> None:
    """Write the list called `kind`; the same seed gives the same people and the same faults."""
    write_sample(path, recipients, seed=seed)
    if kind == "plain":
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    if kind == "texts":
        _give_numbers(rows, random.Random(seed))
    else:
        _give_faults(rows, LISTS[kind], random.Random(seed))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)


def _give_faults(rows: Sequence[dict[str, str]], faults: Mapping[str, float], chance: random.Random) -> None:
    fates, weights = [*faults, ""], [*faults.values(), 1 - sum(faults.values())]
    for row in rows:
        fate = chance.choices(fates, weights)[0]
        if fate and row[EMAIL_COLUMN]:
            row[EMAIL_COLUMN] = f"{fate}.{row[EMAIL_COLUMN]}"


def _give_numbers(rows: Sequence[dict[str, str]], chance: random.Random) -> None:
    weights = [*NUMBERS.values(), 1 - sum(NUMBERS.values())]
    reachable = [number for number, row in enumerate(rows) if row[PHONE_COLUMN]]
    fates = chance.choices([*NUMBERS, ""], weights, k=len(reachable))
    for place, fate in enumerate(fates):
        if fate in SILENT_NUMBERS:
            early = place // SILENT_PART
            fates[place], fates[early] = fates[early], fate
    for number, fate in zip(reachable, fates, strict=True):
        if fate:
            rows[number][PHONE_COLUMN] = f"+7999{fate}{number % 10_000:04d}"


def is_doubtful(address: str | None, *, is_received: bool, is_unanswered: bool) -> bool:
    """Whether the provider explains our doubt itself: it did to this attempt what the address asks for.

    Of a short message that it took it can be asked, so no such doubt is excused.
    """
    if address is None:
        return False
    if is_received:
        return address.startswith(TAKEN)
    return is_unanswered and address.startswith(("+", *UNTAKEN))


def contradicts(address: str | None, *, is_delivered: bool) -> bool:
    """Whether an attempt at this number ended otherwise than all that its provider reports of it."""
    if address is None or not address.startswith("+"):
        return False
    wish = read_number(address)
    arrives = wish.status == STATUS_DELIVERED and wish.fate is not NumberFate.NEVER_REPORTED
    return arrives is not is_delivered
