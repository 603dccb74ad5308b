"""Ports for the servers and peers of tests: from the moment one is chosen, no other session chooses it.

Sessions run side by side, and servers come up seconds or minutes after their port was chosen; a port that
was merely free at that moment is another server's by then, once in some dozen runs. So a chosen port stays
bound here for as long as this process lives. Nobody listens on it: who connects is refused as before. Linux
lets a server listen beside such a socket, as long as both say that the address may be used again, which
servers do; `choose_port` does not, and so leaves it alone, here and in every other session.
"""

import atexit
import socket
from contextlib import ExitStack

from dispatcher.embedded.errors import EmbeddedError
from dispatcher.embedded.ports import HOST, choose_port

_TRIES = 200
_held = ExitStack()
atexit.register(_held.close)


def reserve_port(neighbours: int = 0) -> int:
    """A port that is free over TCP and UDP, with so many behind it; kept for this process."""
    for _ in range(_TRIES):
        first = choose_port()
        with ExitStack() as taken:
            try:
                for port in range(first, first + neighbours + 1):
                    taken.enter_context(_bind(port))
            except OSError:
                continue
            _held.push(taken.pop_all())
            return first
    raise EmbeddedError("No free port was found. End programs that listen on many ports.")


def is_bound_by_udp(port: int) -> bool:
    """Whether somebody takes datagrams there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def _bind(port: int) -> socket.socket:
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        holder.bind((HOST, port))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((HOST, port))
        # Only now: said before, two sessions could hold the same port.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except OSError:
        holder.close()
        raise
    return holder
