"""Words that make a notice look like advertising (law 38-FZ, article 18: one such sentence is enough).

Russian and Ukrainian words stand as dictionary forms, so that every case is found and «акционерный» or
«предложение об изменении договора» are not. Words that honest notices need («тариф», «услуга», «рассрочка»,
«бесплатный звонок») are left out on purpose.
"""

import re
from collections.abc import Iterator
from typing import Final

from templates.morphology import dictionary_forms

#: A single word in any form.
_LEMMAS: Final = {
    "ru": frozenset(
        (
            *("акция", "скидка", "распродажа", "бонус", "розыгрыш", "приз", "подарок", "кэшбэк", "кешбэк"),
            *(
                "кэшбек",
                "кешбек",
                "промокод",
                "промоакция",
                "лотерея",
                "выгодный",
                "купон",
                "спецпредложение",
            ),
            *("суперцена", "спеццена", "новинка", "эксклюзивный"),
        )
    ),
    "uk": frozenset(
        (
            *("акція", "знижка", "розпродаж", "бонус", "розіграш", "приз", "подарунок", "кешбек", "промокод"),
            *("лотерея", "вигідний", "купон", "спецпропозиція", "суперціна", "новинка", "ексклюзивний"),
        )
    ),
}
#: Imperatives and turns of speech, as they stand.
_PHRASES: Final = {
    "ru": (
        *("закажите", "заказывайте", "приобретите", "приобретайте", "купите", "покупайте", "успейте"),
        *("не упустите", "спешите", "только сегодня", "только до конца", "по выгодной цене", "лучшая цена"),
        *("специальное предложение", "уникальное предложение", "лучшее предложение", "выиграйте"),
        *("специальная цена", "в подарок", "хит продаж", "гарантированный приз"),
    ),
    "uk": (
        *(
            "замовте",
            "замовляйте",
            "придбайте",
            "купіть",
            "купуйте",
            "встигніть",
            "не проґавте",
            "поспішайте",
        ),
        *("лише сьогодні", "тільки сьогодні", "за вигідною ціною", "найкраща ціна", "виграйте"),
        *("спеціальна пропозиція", "унікальна пропозиція", "найкраща пропозиція", "спеціальна ціна"),
    ),
    "en": (
        *("discount", "discounts", "cashback", "promo code", "promotion", "promotional", "special offer"),
        *(
            "limited offer",
            "best offer",
            "exclusive offer",
            "on sale",
            "bonus",
            "giveaway",
            "lottery",
            "coupon",
        ),
        *(
            "buy now",
            "order now",
            "hurry up",
            "don't miss",
            "do not miss",
            "best price",
            "win a",
            "free gift",
        ),
        *("prize", "prizes"),
    ),
}
_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_PATTERNS: Final = {
    language: re.compile(
        r"(?<!\w)(?:" + "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in phrases) + r")(?!\w)",
        re.IGNORECASE,
    )
    for language, phrases in _PHRASES.items()
}


def advertising_words(text: str, language: str) -> Iterator[tuple[str, int]]:
    """Each word or phrase that looks like advertising, as written, with its place in the text."""
    for found in _PATTERNS[language].finditer(text):
        yield found[0], found.start()
    lemmas = _LEMMAS.get(language)
    if lemmas is None:
        return
    for word in _WORD.finditer(text):
        if not lemmas.isdisjoint(dictionary_forms(word[0].casefold(), language)):
            yield word[0], word.start()
