"""What can go wrong with a measurement, in words that say what to do."""


class BenchmarkError(Exception):
    """Raised when a measurement cannot be made or cannot be trusted."""


class MissingPeerError(BenchmarkError):
    """Raised when a program that is measured beside the product is not here: skipped, with this reason."""
