"""Addresses as they travel over SMTP.

The lists that come from billing systems hold every kind of mistake; one bad address is the outcome of
one envelope (`bad_address`), never an exception of a batch.
"""

import re
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from channels.email.errors import UnsendableError
from dispatcher.core.errors import ConfigurationError

MAX_LOCAL_OCTETS = 64  # RFC 5321 4.5.3.1.1
MAX_ADDRESS_OCTETS = 254  # RFC 3696 erratum 1690
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PLAIN = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@({_LABEL}(?:\.{_LABEL})*)", re.ASCII)


@dataclass(slots=True)  # one is made for each message: freezing would take four times as long
class MailAddress:
    """An address with its domain in ASCII; only the local part may need SMTPUTF8 (RFC 6531)."""

    text: str
    needs_smtputf8: bool


def parse_address(text: str) -> MailAddress:
    """Check an address and turn its domain into punycode; raises `UnsendableError("bad_address")`.

    Nothing is corrected: a blank at the end may be a sign of a wrong column. Quoted local parts and
    address literals are refused, no customer has them.
    """
    match = _PLAIN.fullmatch(text)
    if match is not None:
        if len(match[1]) > MAX_LOCAL_OCTETS or len(text) > MAX_ADDRESS_OCTETS:
            raise UnsendableError("bad_address")
        return MailAddress(text, needs_smtputf8=False)
    if text.isascii():  # the library knows no plain address that the pattern does not
        raise UnsendableError("bad_address")
    return _parse_international(text)


def ascii_domain(domain: str) -> str:
    """A domain of our settings in punycode; raises `ConfigurationError` when it is none."""
    try:
        return parse_address(f"x@{domain}").text.rpartition("@")[2]
    except UnsendableError as error:
        raise ConfigurationError(f"settings mail: {domain!r} is not a domain name: correct it") from error


def _parse_international(text: str) -> MailAddress:
    try:
        parsed = validate_email(
            text, check_deliverability=False, globally_deliverable=False, test_environment=True
        )
    except (EmailNotValidError, ValueError) as error:
        raise UnsendableError("bad_address") from error
    address = MailAddress(f"{parsed.local_part}@{parsed.ascii_domain}", not parsed.local_part.isascii())
    if (
        len(parsed.local_part.encode()) > MAX_LOCAL_OCTETS
        or len(address.text.encode()) > MAX_ADDRESS_OCTETS
        or not _is_printable(address.text)
    ):
        raise UnsendableError("bad_address")
    return address


def _is_printable(text: str) -> bool:
    return text.isprintable() and not re.search(r"[\s<>]", text)
