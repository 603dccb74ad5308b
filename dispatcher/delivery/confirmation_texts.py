"""The words of a confirmation's letter and short message: nothing but what is asked (decision 19)."""

from typing import Final

_LETTERS: Final = {
    "ru": (
        "Подтвердите адрес",
        "Здравствуйте!\n\nДля этого адреса у {company} попросили присылать сообщения. Если это вы, откройте "
        "страницу и нажмите кнопку:\n{link}\n\nЕсли не вы, ничего не делайте: без подтверждения мы писать не "
        "будем.\n\n{company}{phone}\n",
    ),
    "uk": (
        "Підтвердьте адресу",
        "Вітаємо!\n\nДля цієї адреси в {company} попросили надсилати повідомлення. Якщо це ви, відкрийте "
        "сторінку і натисніть кнопку:\n{link}\n\nЯкщо не ви, нічого не робіть: без підтвердження ми не "
        "писатимемо.\n\n{company}{phone}\n",
    ),
    "en": (
        "Confirm your address",
        "Hello,\n\n{company} was asked to send messages to this address. If it was you, open the page and "
        "press "
        "the button:\n{link}\n\nIf not, do nothing: without a confirmation we shall not write.\n\n"
        "{company}{phone}\n",
    ),
}
_SHORT: Final = {
    "ru": "{code} - код подтверждения номера, {company}. Действует {minutes} мин. Если вы не просили, не "
    "отвечайте.",
    "uk": "{code} - код підтвердження номера, {company}. Діє {minutes} хв. Якщо ви не просили, не "
    "відповідайте.",
    "en": "{code} is your confirmation code, {company}. Valid for {minutes} min. If you did not ask, "
    "ignore it.",
}


def confirmation_text(
    channel: str, language: str, *, company: str, phone: str, link: str, code: str, minutes: int
) -> tuple[str, str]:
    """Subject and text in the person's language."""
    known = language if language in _LETTERS else "ru"
    if channel == "sms":
        return "", _SHORT[known].format(code=code, company=company, minutes=minutes)
    subject, body = _LETTERS[known]
    return subject, body.format(company=company, phone=f", {phone}" if phone else "", link=link)
