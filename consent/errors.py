"""What can be wrong with rules of consent and policy."""

from dispatcher.core.errors import DispatcherError


class PolicyError(DispatcherError):
    """Raised when hours, caps or calendars contradict themselves or each other."""


class EmptyHoursError(PolicyError):
    """Raised when two sets of daily hours have no minute in common: nothing could ever be sent."""


class ConsentError(DispatcherError):
    """Raised when the ledger of permissions cannot be used as asked."""


class UnknownContactError(ConsentError):
    """Raised when a contact point does not exist."""


class UnknownPersonError(ConsentError):
    """Raised when a person does not exist."""


class BadPersonValueError(ConsentError):
    """Raised when staff give a person a value that there is not."""


class BadConsentError(ConsentError):
    """Raised when an entry of the ledger lacks what it needs, or names what there is not."""


class SuppressionError(ConsentError):
    """Raised when the stop list cannot be changed as asked."""
