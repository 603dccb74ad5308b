"""Errors of fetching bills. No message shows a URL: its path may name a person."""

from dispatcher.delivery.errors import DeliveryError


class BillFaultError(DeliveryError):
    """Raised when a bill could not be fetched.

    `fault` is a stable code (`http_404`, `timeout`, `too_large`); `is_final` says that another try would
    end the same; `retry_after_seconds` is the server's wish, if it stated one.
    """

    def __init__(
        self, fault: str, *, is_final: bool = False, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(f"the bill could not be fetched: {fault}")
        self.fault = fault
        self.is_final = is_final
        self.retry_after_seconds = retry_after_seconds
