"""An address or a number as staff type it, checked and written as lists are (one spelling everywhere)."""

from campaigns.list_errors import REASONS
from campaigns.list_values import BadValueError, clean_text, read_email, read_phone
from consent.errors import BadPersonValueError


def read_contact(typed: str, country: str) -> str:
    """An e-mail address (with its domain in ASCII) or an E.164 number; raises `BadPersonValueError`."""
    text = clean_text(typed)
    try:
        return read_email(text) if "@" in text else read_phone(text, country)[0]
    except BadValueError as error:
        raise BadPersonValueError(REASONS[error.reason][1].removesuffix("; dropped")) from error
