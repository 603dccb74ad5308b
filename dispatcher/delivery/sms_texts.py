"""What a text is as a short message before it is sent: in which alphabet, how many parts, at what price.

The reckoning of previews and dry runs is that of sending: a text of more parts than its scenario may have
is refused by the renderer itself, so nothing longer than was shown is ever paid for.
"""

from dataclasses import dataclass
from decimal import Decimal

from channels.sms.parts import measure
from dispatcher.core.settings import SmsSettings
from templates.errors import TooManyPartsError

FOREIGN_SHOWN = 10  #: characters that make a text UCS-2, named to staff


@dataclass(frozen=True, slots=True)
class SmsLength:
    """A text as it goes out. `foreign` are the first characters that GSM-7 lacks, `price` is an estimate."""

    alphabet: str
    units: int
    parts: int
    left: int  #: units that are free in the last part
    foreign: tuple[str, ...]
    saved_parts: int  #: how many parts fewer without the foreign characters
    price: Decimal | None = None  #: by `sms.price_per_part`; None: it is not set


class SmsTexts:
    """Measures texts as the channel will send them, transliterated where the settings say so."""

    def __init__(self, settings: SmsSettings) -> None:
        self._scheme = settings.transliteration
        self._price = settings.price_per_part

    def measure(self, text: str) -> SmsLength:
        """The length and the price of a text."""
        found = measure(self._as_sent(text))
        return SmsLength(
            found.alphabet.value,
            found.units,
            found.parts,
            found.left,
            found.foreign[:FOREIGN_SHOWN],
            found.saved_parts,
            None if self._price is None else self._price * found.parts,
        )

    def check(self, text: str, most: int) -> None:
        """Raise `TooManyPartsError` for a text of more than `most` parts."""
        parts = measure(self._as_sent(text)).parts
        if parts > most:
            raise TooManyPartsError(
                f"частей СМС: {parts}, можно не больше {most}; сократите текст", part="text"
            )

    def _as_sent(self, text: str) -> str:
        if self._scheme is None:
            return text
        # Loaded only where it is needed: previews of most companies never write in Latin letters.
        from channels.sms.transliteration import Scheme, transliterate

        return transliterate(text, Scheme(self._scheme))
