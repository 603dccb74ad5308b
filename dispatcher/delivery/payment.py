"""How a customer can pay: the link, and the two-dimensional code of ГОСТ Р 56042-2014 for bank apps.

Decision 0007: what stands in an address is seen by proxies and logs, so the link carries an opaque signed
token, unless the company's own pattern names `{account}`. The code is a picture inside the letter itself.
"""

import struct
import zlib
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from urllib.parse import quote, urlsplit
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer

from dispatcher.core.errors import ConfigurationError, DispatcherError
from dispatcher.core.settings import PaymentSettings
from templates.names import read_name

QR_SCALE: Final = 4  #: pixels of one module
QR_BORDER: Final = 4  #: modules of white around it, as ISO/IEC 18004 asks
#: Trying all eight masks takes four times as long (60 ms); any mask can be read.
QR_MASK: Final = 4
MAX_SUM: Final = Decimal(10**9)
_PLACEHOLDERS: Final = ("{account}", "{sum}", "{token}")
_SALT: Final = "payment.v1"


class BadPaymentTokenError(DispatcherError):
    """Raised when a payment token is damaged or was not made by us."""


class Payments:
    """Makes links and codes; raises `ConfigurationError` at once when the settings cannot be used.

    Tokens that `former_keys` signed are read too.
    """

    def __init__(
        self, settings: PaymentSettings, secret_key: bytes, former_keys: Sequence[bytes] = ()
    ) -> None:
        _check(settings)
        self._settings = settings
        self._tokens = URLSafeSerializer([*former_keys, secret_key], salt=_SALT)

    def url(self, account: str, amount: object, notice: UUID) -> str | None:
        """The link for one notice, or None without a pattern or without a sum to pay."""
        pattern = self._settings.url_pattern
        kopecks = _kopecks(amount) if pattern else None
        if kopecks is None:
            return None
        link = pattern.replace("{account}", quote(account, safe="")).replace("{sum}", str(kopecks))
        return link.replace("{token}", self.token(notice)) if "{token}" in link else link

    def token(self, notice: UUID) -> str:
        """An opaque signed name of a notice, for the payment page to ask us about."""
        made = self._tokens.dumps(notice.hex)
        return made if isinstance(made, str) else made.decode()

    def read_token(self, token: str) -> UUID:
        """The notice that a token names; raises `BadPaymentTokenError`."""
        try:
            return UUID(hex=self._tokens.loads(token))
        except (BadSignature, ValueError, TypeError, AttributeError) as error:
            raise BadPaymentTokenError("the payment link is damaged") from error

    def details(self) -> Mapping[str, str] | None:
        """The company's bank details for the text of a letter."""
        settings = self._settings
        if not settings.payee:
            return None
        return {
            "name": settings.payee,
            "inn": settings.payee_inn,
            "account": settings.account,
            "bank": settings.bank,
            "bic": settings.bic,
            "correspondent_account": settings.correspondent_account,
        }

    def code_text(self, account: str, amount: object, full_name: str) -> str | None:
        """What the code says (service field ST00012: UTF-8, `|` between), or None without details or sum."""
        kopecks, settings = _kopecks(amount), self._settings
        if not settings.payee or kopecks is None:
            return None
        name = read_name(full_name, "ru") or read_name(full_name, "uk")
        values = {
            "Name": settings.payee[:160],
            "PersonalAcc": settings.account,
            "BankName": settings.bank[:45],
            "BIC": settings.bic,
            "CorrespAcc": settings.correspondent_account,
            "Sum": str(kopecks),
            "Purpose": settings.purpose[:210],
            "PayeeINN": settings.payee_inn,
            "PersAcc": account,
            "LastName": name.surname if name else "",
            "FirstName": name.first if name else "",
            "MiddleName": name.patronymic if name else "",
        }
        pairs = [f"{key}={_clean(value)}" for key, value in values.items() if value]
        return "|".join(["ST00012", *pairs])

    def code_image(self, account: str, amount: object, full_name: str) -> bytes | None:
        """The code as a PNG."""
        said = self.code_text(account, amount, full_name)
        return None if said is None else draw_code(said)


def draw_code(said: str) -> bytes:
    """A black and white PNG of a QR code, error correction M."""
    import segno  # only for those who pay by a code

    code = segno.make_qr(said.encode(), error="m", mode="byte", mask=QR_MASK, boost_error=False)
    rows = [bytes(row) for row in code.matrix_iter(scale=QR_SCALE, border=QR_BORDER)]
    width = len(rows[0])
    lines = b"".join(b"\0" + _packed(row, width) for row in rows)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 1, 0, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(lines))
        + _chunk(b"IEND", b"")
    )


def _packed(row: bytes, width: int) -> bytes:
    """One row of modules as bits; in a picture 1 is white, in a code it is dark."""
    octets = (width + 7) // 8
    bits = "".join("0" if module else "1" for module in row).ljust(octets * 8, "1")
    return int(bits, 2).to_bytes(octets, "big")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _kopecks(amount: object) -> int | None:
    if isinstance(amount, bool) or not isinstance(amount, (Decimal, int)):
        return None
    value = Decimal(amount)
    if not value.is_finite() or not 0 < value < MAX_SUM:
        return None
    return int((value * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)) or None


def _clean(value: str) -> str:
    """No value may hold the separator or a line break."""
    return " ".join(value.replace("|", " ").split())


def _check(settings: PaymentSettings) -> None:
    pattern = settings.url_pattern
    rest = pattern
    for placeholder in _PLACEHOLDERS:
        rest = rest.replace(placeholder, "0")
    parts = urlsplit(rest)
    if pattern and (parts.scheme != "https" or not parts.hostname or "{" in rest or "}" in rest):
        raise ConfigurationError(
            "DISPATCHER_PAYMENT__URL_PATTERN must be an https address with {account}, {sum} or {token}"
        )
    if "{account}" in pattern and "{token}" in pattern:
        raise ConfigurationError(
            "DISPATCHER_PAYMENT__URL_PATTERN: take either {account} or {token}, not both"
        )
    if pattern and any(mark in urlsplit(pattern).netloc for mark in _PLACEHOLDERS):
        raise ConfigurationError("DISPATCHER_PAYMENT__URL_PATTERN: no placeholder may stand in the host name")
    details = (settings.account, settings.bank, settings.bic, settings.correspondent_account)
    if settings.payee and not all(details):
        raise ConfigurationError(
            "DISPATCHER_PAYMENT__PAYEE needs __ACCOUNT, __BANK, __BIC and __CORRESPONDENT_ACCOUNT beside it"
        )
