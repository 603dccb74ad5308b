"""Several contacts in one cell, and domains that are nearly those of great mail services.

Billing clerks write «a@b.ru; c@d.ru» or two telephones on two lines. All are kept, the first good one is
preferred. A likely slip of the keyboard is said, never mended: there are people at `gmail.con`'s owner.
"""

import re
from functools import lru_cache

EMAIL_SEPARATORS = re.compile(r"[;,/\n]|\s(?=\S*@)")
PHONE_SEPARATORS = re.compile(r"[;,/\n]")
MAX_CONTACTS = 10  #: in one cell; more is not a cell of contacts

_GREAT_DOMAINS = (
    *("gmail.com", "mail.ru", "yandex.ru", "ya.ru", "bk.ru", "list.ru", "inbox.ru", "rambler.ru"),
    *("ukr.net", "icloud.com", "outlook.com", "hotmail.com", "yahoo.com", "mail.com"),
)
#: Real services that look like slips of others
_REAL = frozenset(
    ("gmail.ru", "ya.com", "mail.ua", "mail.kz", "yandex.com", "yandex.ua", "yandex.kz", "yahoo.ru")
)
_SLIPS = {
    **dict.fromkeys(
        ("gmail.con", "gmail.co", "gmail.cm", "gmail.om", "gmail.comm", "gmail.cpm"), "gmail.com"
    ),
    **dict.fromkeys(
        ("gmial.com", "gmai.com", "gamil.com", "gmal.com", "gnail.com", "gmaill.com"), "gmail.com"
    ),
    **dict.fromkeys(("mail.ry", "mail.r", "mail.tu", "mail.ri", "meil.ru", "mai.ru", "mali.ru"), "mail.ru"),
    **dict.fromkeys(("maill.ru", "mial.ru", "nail.ru", "mail.rus", "mail.rv"), "mail.ru"),
    **dict.fromkeys(
        ("yandex.r", "yandex.ry", "yandex.tu", "yndex.ru", "yandeks.ru", "jandex.ru"), "yandex.ru"
    ),
    **dict.fromkeys(
        ("yadex.ru", "yanex.ru", "yandx.ru", "yande.ru", "yandexx.ru", "yandex.rus"), "yandex.ru"
    ),
    **dict.fromkeys(("rambler.ry", "ramler.ru", "ramdler.ru", "rambler.r"), "rambler.ru"),
    **dict.fromkeys(("bk.ry", "bk.r"), "bk.ru"),
    **dict.fromkeys(("list.ry", "lisr.ru"), "list.ru"),
    **dict.fromkeys(("inbox.ry", "inbx.ru"), "inbox.ru"),
    **dict.fromkeys(("icloud.con", "iclod.com", "icloud.co"), "icloud.com"),
}
_ENDINGS = {".con": ".com", ".cim": ".com", ".vom": ".com", ".ry": ".ru", ".rru": ".ru"}


def split_emails(cell: str) -> list[str]:
    """The e-mail addresses of a cell, as they were typed; one that holds a slash stays whole."""
    if cell.count("@") < 2 and not re.search(r"[;\n]", cell):
        return [cell.strip().rstrip(",/").rstrip()]
    return _parts(EMAIL_SEPARATORS, cell)


def split_phones(cell: str) -> list[str]:
    """The telephones of a cell, as they were typed."""
    return _parts(PHONE_SEPARATORS, cell)


@lru_cache(maxsize=4096)
def likely_domain(domain: str) -> str | None:
    """The domain that was probably meant, when this one looks like a slip of the keyboard."""
    if domain in _GREAT_DOMAINS or domain in _REAL:
        return None
    if meant := _SLIPS.get(domain):
        return meant
    for wrong, right in _ENDINGS.items():
        if domain.endswith(wrong):
            return domain.removesuffix(wrong) + right
    return None


def _parts(separators: re.Pattern[str], cell: str) -> list[str]:
    return [part.strip() for part in separators.split(cell) if part.strip()][:MAX_CONTACTS]
