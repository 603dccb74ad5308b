"""The one list of channels, built by the composition root."""

from channels.port import Channel, ChannelKind
from dispatcher.core.errors import ConfigurationError


class ChannelRegistry:
    """Channels by kind; refuses two adapters for one kind."""

    def __init__(self) -> None:
        self._channels: dict[ChannelKind, Channel] = {}

    def register(self, channel: Channel) -> None:
        """Add a channel; raises `ConfigurationError` when its kind is already served."""
        if channel.kind in self._channels:
            raise ConfigurationError(f"two adapters for the channel {channel.kind}: configure one")
        self._channels[channel.kind] = channel

    def get(self, kind: ChannelKind) -> Channel | None:
        """The channel of this kind, or None when it is not configured."""
        return self._channels.get(kind)

    def all(self) -> list[Channel]:
        """Every registered channel."""
        return list(self._channels.values())
