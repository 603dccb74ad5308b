"""What a customer wrote to one of our numbers, whether it was fetched or came by a callback.

A module of its own, so that the pages, which take callbacks, start without what sends requests.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A message from a customer."""

    id: str
    phone: str
    text: str
    to: str
