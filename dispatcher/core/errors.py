"""The root of all errors of the product. Folders derive their own in their `errors.py`."""


class DispatcherError(Exception):
    """Raised when something went wrong that a person can act on; the message says what to do.

    `code` is the stable name of the fault and `facts` are the names and numbers in it, so that a page can
    say it in the reader's language. Neither holds personal data.
    """

    def __init__(self, message: str = "", *, code: str = "", **facts: object) -> None:
        super().__init__(message)
        self.code = code
        self.facts = facts


class ConfigurationError(DispatcherError):
    """Raised when a setting is missing or cannot be used."""
