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


class ImportStateError(CampaignError):
    """Raised when an upload is not in a state that allows what was asked."""


class ApprovalError(CampaignError):
    """Raised when this person cannot decide about this campaign."""


class NotAnApproverError(ApprovalError):
    """Raised when the role does not permit to approve."""


class OwnCampaignError(ApprovalError):
    """Raised when the second person would be the first one."""


class LinkedRunError(CampaignError):
    """Raised when a run cannot be made from another one: it is not over, or there is nobody to tell."""


class RecurrenceError(CampaignError):
    """Raised when a campaign cannot repeat as asked."""


class SeedError(CampaignError):
    """Raised when a seed contact cannot be added or removed as asked."""
