"""The root of all errors of the product. Folders derive their own in their `errors.py`."""


class DispatcherError(Exception):
    """Raised when something went wrong that a person can act on; the message says what to do."""


class ConfigurationError(DispatcherError):
    """Raised when a setting is missing or cannot be used."""
