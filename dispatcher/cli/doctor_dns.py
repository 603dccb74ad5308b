"""What DNS answers, for `dispatcher doctor --mail`.

Three things are kept apart: a record, no such record (an empty answer) and no answer at all
(`DnsSilentError`): a doctor behind a closed network must say "not checked", never "wrong".
"""

import time
from collections.abc import Sequence
from typing import Any, Final, Protocol

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from dispatcher.core.errors import DispatcherError

ANSWER_SECONDS: Final = 4.0  #: for one question
TOTAL_SECONDS: Final = 20.0  #: for all questions together; what is left then is not asked


class DnsSilentError(DispatcherError):
    """Raised when DNS did not answer; the message says how, in plain words."""


class Answerer(Protocol):
    """Who answers. Names are ASCII without the last dot; an empty answer means that there is no record."""

    def texts(self, name: str) -> Sequence[str]:
        """TXT records, the strings of each joined. Raises `DnsSilentError`."""
        ...

    def mail_hosts(self, name: str) -> Sequence[tuple[int, str]]:
        """MX records as preference and host, without the last dot ("" is RFC 7505's "no mail")."""
        ...

    def addresses(self, name: str) -> Sequence[str]:
        """IPv4 and IPv6 addresses."""
        ...


class SystemDns:
    """Asks the name servers that this machine is set up with, or those of another resolver."""

    def __init__(
        self,
        resolver: dns.resolver.Resolver | None = None,
        *,
        answer_seconds: float = ANSWER_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._resolver = resolver
        self._answer_seconds = answer_seconds
        self._ends_at = time.monotonic() + total_seconds

    def texts(self, name: str) -> Sequence[str]:
        """See `Answerer`."""
        answer = self._ask(name, dns.rdatatype.TXT)
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]

    def mail_hosts(self, name: str) -> Sequence[tuple[int, str]]:
        """See `Answerer`."""
        answer = self._ask(name, dns.rdatatype.MX)
        return sorted(
            (record.preference, record.exchange.to_text(omit_final_dot=True).removesuffix("."))
            for record in answer
        )

    def addresses(self, name: str) -> Sequence[str]:
        """See `Answerer`."""
        kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
        return [record.address for kind in kinds for record in self._ask(name, kind)]

    def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> Sequence[Any]:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise DnsSilentError("the time for all questions was up")
        try:
            if self._resolver is None:
                self._resolver = dns.resolver.Resolver()
            answer = self._resolver.resolve(
                dns.name.from_text(name),
                kind,
                lifetime=min(left, self._answer_seconds),
                raise_on_no_answer=False,
            )
        except dns.resolver.NXDOMAIN:
            return ()
        except dns.resolver.NoResolverConfiguration as error:
            raise DnsSilentError("this machine has no name server set up") from error
        except dns.resolver.NoNameservers as error:
            raise DnsSilentError("the name servers could not find it out (SERVFAIL or REFUSED)") from error
        except dns.exception.Timeout as error:
            raise DnsSilentError("no name server answered in time") from error
        except (dns.exception.DNSException, OSError) as error:
            raise DnsSilentError(f"the question failed ({type(error).__name__})") from error
        return tuple(answer.rrset or ())
