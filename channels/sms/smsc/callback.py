"""What SMSC calls us back with: a status, or a message from a customer (domain: 2.7).

Nothing is believed without the account's secret: it goes into a checksum, MD5 or SHA-1 as the provider
defines it, compared in constant time. Forms and JSON, GET and POST occur; where the account was set up
without `charset=utf-8`, texts come in windows-1251.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final
from urllib.parse import parse_qsl

from channels.port import Price, Receipt
from channels.sms.errors import ForgedCallbackError, UnreadableCallbackError
from channels.sms.reference import read_name
from channels.sms.smsc.codes import read_report
from channels.sms.smsc.incoming import IncomingMessage

MOST_FIELDS: Final = 100
_CHECKSUMS: Final = ("sha1", "md5")


def read_fields(query: bytes, body: bytes, content_type: str) -> tuple[Mapping[str, str], str]:
    """The fields of a call and their encoding; raises `UnreadableCallbackError`.

    `query` is the part behind the question mark, as it came.
    """
    if "json" in content_type and body:
        return _json_fields(body), "utf-8"
    for encoding in ("utf-8", "windows-1251"):
        try:
            found = [
                pair
                for part in (query, body)
                for pair in parse_qsl(
                    part.decode("ascii", "replace"),
                    keep_blank_values=True,
                    encoding=encoding,
                    errors="strict",
                    max_num_fields=MOST_FIELDS,
                )
            ]
        except UnicodeDecodeError:
            continue
        except ValueError as error:
            raise UnreadableCallbackError("a call back with too many fields") from error
        return dict(found), encoding
    raise UnreadableCallbackError("a call back in an encoding that nobody knows")


def read_callback(fields: Mapping[str, str], encoding: str, secret: str) -> Receipt | IncomingMessage:
    """What was called back. Raises `ForgedCallbackError` and `UnreadableCallbackError`."""
    if "status" in fields:
        _check(fields, ("id", "phone", "status"), encoding, secret)
        return _receipt(fields)
    if "mes" in fields:
        _check(fields, ("phone", "mes", "to"), encoding, secret)
        return IncomingMessage(fields.get("id", ""), fields["phone"], fields["mes"], fields["to"])
    raise UnreadableCallbackError("neither a status nor a message")


def _check(fields: Mapping[str, str], signed: tuple[str, ...], encoding: str, secret: str) -> None:
    missing = [name for name in signed if name not in fields]
    if missing:
        raise UnreadableCallbackError(f"a call back without {', '.join(missing)}")
    text = ":".join([*(fields[name] for name in signed), secret]).encode(encoding)
    given = next((name for name in _CHECKSUMS if fields.get(name)), None)
    if given is None:
        raise ForgedCallbackError("a call back without a checksum: set md5 or sha1 in the account's handler")
    # The provider's own choice of algorithms; the path, which nobody can guess, stands beside it.
    expected = hashlib.new(given, text, usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(expected.encode(), fields[given].lower().encode()):
        raise ForgedCallbackError("a call back whose checksum is wrong: is the secret the account's own?")


def _receipt(fields: Mapping[str, str]) -> Receipt:
    try:
        report = read_report(int(fields["status"]), int(fields.get("err") or 0))
        price = _price(fields)
    except (ValueError, InvalidOperation) as error:
        raise UnreadableCallbackError("a status that is no number") from error
    raw = json.dumps(dict(fields), ensure_ascii=False).encode()
    return Receipt(read_name(fields["id"]), report.kind, report.reason, raw=raw, price=price)


def _price(fields: Mapping[str, str]) -> Price | None:
    if not fields.get("cost"):
        return None
    return Price(int(fields.get("cnt") or 1), Decimal(fields["cost"]))


def _json_fields(body: bytes) -> Mapping[str, str]:
    try:
        found = json.loads(body)
    except ValueError as error:
        raise UnreadableCallbackError("a call back whose JSON cannot be read") from error
    if not isinstance(found, dict) or len(found) > MOST_FIELDS:
        raise UnreadableCallbackError("a call back whose JSON is of another form")
    return {name: "" if value is None else str(value) for name, value in found.items()}
