"""The limits of single mail servers, where there are several: who keeps them is not the channel's matter.

They hold over all processes, so somebody who sees all of them must count. The engine does.
"""

from typing import Protocol

from dispatcher.core.settings import MailServerSettings


class ServerGate(Protocol):
    """Asked before messages go by a server that has a limit. Never raises: in doubt it grants nothing."""

    async def take(self, server: MailServerSettings, wanted: int) -> int:
        """How many of `wanted` messages may go by the server now."""
        ...

    async def give_back(self, server: MailServerSettings, unused: int) -> None:
        """So many of them did not go."""
        ...

    async def slow_down(self, server: MailServerSettings) -> None:
        """The server asked for fewer."""
        ...


class OpenGate:
    """No limits: for a channel that stands alone, as in `dispatcher doctor`."""

    async def take(self, server: MailServerSettings, wanted: int) -> int:  # noqa: ARG002 - the protocol
        """See `ServerGate`."""
        return wanted

    async def give_back(self, server: MailServerSettings, unused: int) -> None:
        """See `ServerGate`: nothing was counted."""

    async def slow_down(self, server: MailServerSettings) -> None:
        """See `ServerGate`: nobody else needs to know."""
