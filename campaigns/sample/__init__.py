"""Made-up debtors: the bundled list of the demo, and lists of any size in the same shape.

Nobody here exists: domains are reserved for examples, telephone numbers are not in use. What becomes of
a letter is written in its address and understood by the SMTP sandbox (`reject-550-5.1.1.…`,
`bounce-5.1.1.…`, `deferonce-451-4.3.0.…`); none of them hangs.
"""

import csv
import random
from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import count, islice
from pathlib import Path
from typing import Literal, NamedTuple

from campaigns.sample.names import FAMILY_NAMES, FEMALE_NAMES, MALE_NAMES, PATRONYMICS, STREETS, TOWNS

HEADER = (
    *("Лицевой счёт", "Код абонента", "ФИО", "Адрес", "E-mail", "Телефон", "Сумма долга", "Срок оплаты"),
    *("Согласие", "Часовой пояс", "Группа", "Договор"),
)
DOMAIN = "sandbox.example"

#: What happens to a recipient → share; the rest is reached
SHARES = {
    "says_nothing": 0.02,  # the consent column is empty
    "says_no": 0.02,
    "reject": 0.02,
    "bounce": 0.02,
    "deferonce": 0.01,
    "no_address": 0.01,
}
_LOCAL_PARTS = {
    "reject": "reject-550-5.1.1.",
    "bounce": "bounce-5.1.1.",
    "deferonce": "deferonce-451-4.3.0.",
}


class _Fates(NamedTuple):
    """What the numbers of a list ask of the sandbox."""

    of_kind: Mapping[str, str]
    odd: Mapping[int, str]  #: of so many who are reached, the first, the second, …
    odd_every: int


#: The same for a short message: refused at once, undeliverable, taken though the connection broke.
_NUMBER_FATES = {"reject": "108", "bounce": "220", "deferonce": "303"}
#: Over SMPP nobody can be asked after a broken connection, so there the queue is full at first instead.
_SMPP_FATES = {**_NUMBER_FATES, "deferonce": "312"}
#: Of every fifty who are reached: called back twice, before the answer, in the wrong order, slowly answered,
#: and one who answers СТОП.
_ODD_FATES = {3: "307", 13: "308", 23: "309", 33: "314", 43: "316"}
#: The same for a call: a wrong number, busy, declined.
_CALL_FATES = {"reject": "404", "bounce": "486", "deferonce": "603"}
#: Of every twenty who are reached: a machine, the wrong person, one who wants no calls, one who hears it
#: twice, one who hangs up behind the facts, and one who hangs up at once.
_ODD_CALLS = {2: "205", 5: "206", 8: "207", 11: "208", 14: "202", 17: "203"}
_FATES = {
    "smsc": _Fates(_NUMBER_FATES, _ODD_FATES, 50),
    "smpp": _Fates(_SMPP_FATES, _ODD_FATES, 50),
    "calls": _Fates(_CALL_FATES, _ODD_CALLS, 20),
}
_PHONE = HEADER.index("Телефон")
_CONSENT = {"says_nothing": "", "says_no": "нет"}
_AGREED = ("да", "да", "да", "email", "email, sms", "E-mail, SMS, звонок")
_MAX_PHONES = 10_000_000  #: +7 900 000-00-00 … +7 900 999-99-99 and then again


def sample_path() -> Path:
    """Return the bundled list: some 200 people, with faults in a few rows that an import must show."""
    return Path(str(files("campaigns.sample") / "debtors.csv"))


def write_sample(
    path: Path | str, recipients: int, seed: int = 1, *, fates: Literal["smsc", "smpp", "calls"] | None = None
) -> None:
    """Write a list of exactly so many good rows; the same seed gives the same file.

    `fates`: what happens to a letter happens to a short message of such a provider too
    (`channels.sandbox.numbers`), or to a call (`channels.sandbox.call_numbers`).
    """
    with Path(path).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow(HEADER)
        writer.writerows(islice(_rows(seed, fates), recipients))


def _rows(seed: int, fates: str | None) -> Iterator[list[str]]:
    chance = random.Random(seed)  # noqa: S311 - a demo needs repeatable, not secret, numbers
    kinds, weights = [*SHARES, "reached"], [*SHARES.values(), 1 - sum(SHARES.values())]
    for number in count(1):
        kind = chance.choices(kinds, weights)[0]
        row = _row(number, kind, chance)
        if fates is not None:
            row[_PHONE] = _phone_of(number, kind, _FATES[fates])
        yield row


def _row(number: int, kind: str, chance: random.Random) -> list[str]:
    name, latin = _person(chance)
    town, zone = chance.choice(TOWNS)
    street = f"ул. {chance.choice(STREETS)}, д. {chance.randint(1, 150)}, кв. {chance.randint(1, 200)}"
    local_part = f"{_LOCAL_PARTS.get(kind, '')}{latin}.{number}"
    return [
        f"{13_000_000 + number:010d}",
        f"A{number:07d}",
        name,
        f"{town}, {street}",
        "" if kind == "no_address" else f"{local_part}@{DOMAIN}",
        _phone(number),
        _sum(chance.randint(30_000, 1_500_000)),
        "25.12.2026",
        _CONSENT.get(kind, chance.choice(_AGREED)),
        zone if chance.random() < 0.1 else "",
        chance.choices("123", (0.96, 0.02, 0.02))[0],
        "да",
    ]


def _person(chance: random.Random) -> tuple[str, str]:
    (male, female, latin), patronymic = chance.choice(FAMILY_NAMES), chance.choice(PATRONYMICS)
    if chance.random() < 0.5:
        return f"{male} {chance.choice(MALE_NAMES)} {patronymic}ич", latin
    return f"{female} {chance.choice(FEMALE_NAMES)} {patronymic}на", f"{latin}a"


def _phone(number: int) -> str:
    digits = f"{number % _MAX_PHONES:07d}"
    return f"+7 900 {digits[:3]}-{digits[3:5]}-{digits[5:]}"


def _phone_of(number: int, kind: str, fates: _Fates) -> str:
    """A number that tells the sandbox what to do; some of those who are reached take an odd road."""
    if kind == "no_address":
        return ""
    fate = fates.of_kind.get(kind) or fates.odd.get(number % fates.odd_every)
    return _phone(number) if fate is None else f"+7 999 {fate} {number % 10_000:04d}"


def _sum(kopecks: int) -> str:
    roubles, rest = divmod(kopecks, 100)
    return f"{roubles:,}".replace(",", " ") + f",{rest:02d}"
