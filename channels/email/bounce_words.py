"""What servers say in words where they give no code: a code of RFC 3463 for what they mean.

A code is worth more than words, so these are asked only where there is none, or one that says nothing
(5.0.0). The order is that of harm: words about us must not ban an address.
"""

import re
from typing import Final

_MEANINGS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (status, re.compile(words, re.IGNORECASE))
    for status, words in (
        (
            "5.7.0",
            r"\bspam\b|спам|\bpolicy\b|black ?list|block ?list|blocked|reputation|\brbl\b|dnsbl|\bdmarc\b"
            r"|\bdkim\b|\bspf\b|unauthenticated|relay(ing)? (access )?denied|отклонено политикой",
        ),
        (
            "5.2.2",
            r"(mail)?box (is |size )?(full|limit|exceed)|quota|over (the )?limit|storage (limit|exceeded)"
            r"|переполнен|превышен (размер|лимит|объ[её]м) (почтового )?ящика",
        ),
        (
            "5.2.1",
            r"(account|mailbox|user|address)( \S+)? (is |has been |was )?"
            r"(disabled|suspended|inactive|deactivated|locked)|(inactive|disabled) (user|account|mailbox)"
            r"|ящик (заблокирован|отключ[её]н)|пользователь заблокирован",
        ),
        (
            "5.1.1",
            r"(user|recipient|mailbox|address|account)( \S+)? (is )?(unknown|not found|unavailable|invalid)"
            r"|(unknown|invalid|no such|non-?existent) (user|recipient|mailbox|address|account|local)"
            r"|does ?n[o']t exist|no mailbox here|not (our customer|a valid|recognized)"
            r"|пользователь не найден|(такого )?(ящика|адреса|пользователя) (не существует|нет)|нет такого",
        ),
        (
            "5.1.2",
            r"(host|domain|name)( \S+)? (was )?not found|unrouteable (mail )?domain|домен не найден",
        ),
        ("5.3.4", r"(message|size) (is )?too (big|large)|exceeds? (the )?(maximum|size)|размер сообщения"),
    )
)


def status_in_words(text: str) -> str | None:
    """The code for what the words mean; None when they are not known."""
    folded = " ".join(text.split())
    return next((status for status, words in _MEANINGS if words.search(folded)), None)
