"""Only plain values reach a template: no object of ours, nothing endless, nothing marked as safe HTML."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from templates.errors import BadFieldValueError
from templates.formats import kind_of

MAX_FIELD_CHARS = 10_000  #: of one text; a list's cell holds at most 4 000
MAX_FIELD_ITEMS = 1_000  #: of one field with everything inside it
MAX_DEPTH = 3
MAX_DIGITS = 15  #: before the point
MAX_DECIMALS = 15


def clean_field(name: str, value: object) -> object:
    """Return the value in its plain form; raises `BadFieldValueError` naming the field, never the value."""
    if isinstance(value, str) and type(value) is str and len(value) <= MAX_FIELD_CHARS:
        return value  # most fields are, and nothing is to be done
    if value is None or type(value) is date:
        return value
    return _Cleaner(name).clean(value, 0)


class _Cleaner:
    def __init__(self, name: str) -> None:
        self._name = name
        self._items = 0

    def clean(self, value: object, depth: int) -> object:
        self._items += 1
        if self._items > MAX_FIELD_ITEMS or depth > MAX_DEPTH:
            raise self._refuse("слишком большое значение")
        if isinstance(value, str):
            return self._clean_text(value)
        if isinstance(value, Mapping):
            return {self._clean_key(key): self.clean(item, depth + 1) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.clean(item, depth + 1) for item in value]
        if isinstance(value, Decimal):
            return self._clean_decimal(value)
        if isinstance(value, int) and not -(10**MAX_DIGITS) < value < 10**MAX_DIGITS:
            raise self._refuse("слишком большое число")
        if value is None or isinstance(value, (bool, int, float, date)):
            return value
        raise self._refuse(f"нельзя передать {kind_of(value)}")

    def _clean_text(self, value: str) -> str:
        if len(value) > MAX_FIELD_CHARS:
            raise self._refuse("слишком длинный текст")
        # An exact `str`: a subclass (Markup) could switch the HTML escaping off.
        return str.__str__(value)

    def _clean_key(self, key: object) -> str:
        if not isinstance(key, str):
            raise self._refuse("имена внутри поля должны быть текстом")
        return self._clean_text(key)

    def _clean_decimal(self, value: Decimal) -> Decimal:
        # Printing Decimal("1E+999999999") would take a gigabyte.
        exponent = value.as_tuple().exponent
        if not isinstance(exponent, int) or value.adjusted() >= MAX_DIGITS or exponent < -MAX_DECIMALS:
            raise self._refuse("число слишком велико или слишком точное")
        return value

    def _refuse(self, message: str) -> BadFieldValueError:
        return BadFieldValueError(f"поле {self._name}: {message}")
