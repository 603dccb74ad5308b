"""Ports for the servers.

Taken from below the kernel's range for outgoing connections: in that range a client that keeps
reconnecting to a server that is down can be given the server's own port (TCP connects to itself), and
the server can then not come back.
"""

import random
import socket
from pathlib import Path

from dispatcher.embedded.errors import EmbeddedError

HOST = "127.0.0.1"
_LOWEST = 20_000
_TRIES = 200
_RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback address now."""
    # As servers do; connections that are still closing must not count as "taken".
    return _can_be_bound(port, used_again=True)


def choose_port(preferred: int | None = None) -> int:
    """`preferred` if it is free, else a free port; another program may still take it before its use."""
    if preferred is not None and is_free(preferred):
        return preferred
    for _ in range(_TRIES):
        port = random.randrange(_LOWEST, _upper_bound())  # noqa: S311  (not a secret)
        # Not one that somebody has bound for a server to come: there are enough others.
        if _can_be_bound(port, used_again=False):
            return port
    raise EmbeddedError("No free port was found on 127.0.0.1. End programs that listen on many ports.")


def _can_be_bound(port: int, *, used_again: bool) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, used_again)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _upper_bound() -> int:
    """First port of the outgoing range, or a usual value where the kernel does not tell a sane one."""
    try:
        first = int(_RANGE_FILE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        first = 32_768
    return first if first > _LOWEST + _TRIES else 32_768
