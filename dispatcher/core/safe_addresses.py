"""Which network addresses may be connected to when a text from outside chose the host.

Without this a list of recipients, or a redirect, could make the product read its own inner network: other
services on the machine, the cloud's metadata, a database without a password. A name is resolved once, every
address it has is judged, and the connection goes to a judged address, never to a name: so a name that
answers differently the second time (DNS rebinding) gains nothing.

Source: the special-purpose address registries of IANA (RFC 6890 and its updates).
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from dispatcher.core.errors import DispatcherError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class AddressRefusedError(DispatcherError):
    """Raised when a host has an address that must not be connected to; the message does not show it."""


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


#: Never, whatever staff allow: metadata services of clouds, this link, everybody, nobody.
_NEVER: Final = _networks(
    *("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
    *("100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::254/128", "fd20:ce::254/128"),
    *("::/128", "fe80::/10", "fec0::/10", "ff00::/8"),
)
#: The inner network: only for hosts that staff have named as inner.
_INNER: Final = _networks(
    *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
    *("::1/128", "fc00::/7"),
)
#: Nobody's servers: documentation, tests, protocols, and tunnels that hide an address of another kind.
_RESERVED: Final = _networks(
    *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
    *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
)
#: All of IPv6 that is given out; what lies outside (mapped, translated, discarded) is no server's address.
_GIVEN_OUT: Final = IPv6Network("2000::/3")


def may_connect(address: str, *, is_inner: bool) -> bool:
    """Whether this address (as text) may be connected to; `is_inner`: staff named the host as inner.

    Spellings that are not the plain one (`127.1`, `0x7f.1`, a zone index) are no addresses: False.
    """
    try:
        found = _plain(ip_address(address))
    except ValueError:
        return False
    if _is_in(found, _NEVER) or _is_in(found, _RESERVED):
        return False
    if _is_in(found, _INNER):
        return is_inner
    return isinstance(found, IPv4Address) or found in _GIVEN_OUT


def check_addresses(addresses: Iterable[str], *, is_inner: bool) -> None:
    """Raise `AddressRefusedError` unless every one of them may be connected to.

    One bad address among good ones refuses all: who answers so is not the host that staff meant.
    """
    if not all(may_connect(address, is_inner=is_inner) for address in addresses):
        raise AddressRefusedError("the host has an address that must not be connected to")


def _plain(address: Address) -> Address:
    """An IPv4 address dressed up as IPv6 is judged as what it is."""
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            raise ValueError("an address of one link only")
        return address.ipv4_mapped or address
    return address


def _is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)
