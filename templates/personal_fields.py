"""Which fields tell who somebody is, or what concerns them alone, by the names that lists give them."""

import re
from typing import Final

#: Names of fields that tell who somebody is, or what they owe; parts of words of lists' own columns as well.
_PERSONAL: Final = re.compile(
    r"account|full_?name|surname|address|debt|e_?mail|phone|person|contract|application|passport|birth|sum$"
    r"|л_?с$|лиц|сч[её]т|рахун|фио|фамил|имя|піб|адрес|долг|борг|сумм|сума|почт|пошт|тел|договор|договір|паспорт",
    re.IGNORECASE,
)
#: What is about a person though its name does not say so, and what a person's money is called besides.
_OF_ACCOUNT: Final = re.compile(
    r"^(?:volume|calculation|answer|progress|missing_documents)$|amount|balance|saldo|сальдо|плат[её]ж|показан",
    re.IGNORECASE,
)
_OF_COMPANY: Final = frozenset(("company_phone", "contact_phone", "executor_phone", "payee"))


def tells_of_person(field: str) -> bool:
    """Whether a field must not stand where strangers look: in a link."""
    return field not in _OF_COMPANY and _PERSONAL.search(field) is not None


def tells_of_account(field: str) -> bool:
    """Whether a field must not be heard by strangers: all that is about a person or their account."""
    return tells_of_person(field) or _OF_ACCOUNT.search(field) is not None
