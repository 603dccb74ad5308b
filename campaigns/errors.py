"""Errors of lists, scenarios and campaigns."""

from dispatcher.core.errors import DispatcherError


class CampaignError(DispatcherError):
    """Raised when a campaign cannot be made as asked."""


class UnknownListError(CampaignError):
    """Raised when there is no such recipient list, or it is not ready."""


class UnknownScenarioError(CampaignError):
    """Raised when there is no such scenario."""


class UnknownMappingError(CampaignError):
    """Raised when no column mapping is saved for a source."""
