"""The words that answer a refusal by short message: what was done, and where to ask. Nothing else.

Short, so that one part holds them with a usual name and number; Cyrillic leaves 70 characters.
"""

from typing import Final

_KIND: Final = {
    "ru": "{company}: СМС этого вида больше не пришлём.{phone}",
    "uk": "{company}: СМС цього виду більше не надсилатимемо.{phone}",
    "en": "{company}: no more SMS of this kind.{phone}",
}
_ALL: Final = {
    "ru": "{company}: больше ничего не пришлём.{phone}",
    "uk": "{company}: більше нічого не надсилатимемо.{phone}",
    "en": "{company}: no more messages from us.{phone}",
}
_PHONE: Final = {"ru": " Справки {phone}", "uk": " Довідки {phone}", "en": " Questions: {phone}"}


def refusal_answer_text(language: str, *, company: str, phone: str, is_for_all: bool) -> str:
    """The answer in the person's language; `phone` may be empty."""
    known = language if language in _KIND else "ru"
    words = (_ALL if is_for_all else _KIND)[known]
    return words.format(company=company, phone=_PHONE[known].format(phone=phone) if phone else "")
