"""Which providers take a number, in which order, and who stands in for one that fails or is slow."""

import time
from collections.abc import Callable, Sequence

from channels.circuit import Circuit, Tolerance
from channels.sms.provider import SmsProvider
from dispatcher.core.settings import SmsSettings


class Router:
    """The providers of one worker process."""

    def __init__(
        self,
        settings: SmsSettings,
        providers: Sequence[SmsProvider],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.providers = {provider.name: provider for provider in providers}
        self._routes = sorted(
            ((route.prefix, tuple(route.providers)) for route in settings.routes),
            key=lambda route: len(route[0]),
            reverse=True,
        )
        tolerance = Tolerance(
            settings.fault_share, settings.fault_sample, settings.slow_seconds, settings.spare_seconds
        )
        self._circuits = {name: Circuit(tolerance, clock) for name in self.providers}

    def providers_for(self, phone: str) -> Sequence[SmsProvider]:
        """Who may take this number, in the order of the longest prefix that fits; empty: nobody.

        One that is spared stands behind those that are well: with all of them spared, each is still tried.
        """
        names = self._names_for(phone)
        well = [name for name in names if self._circuits[name].may_try()]
        spared = [name for name in names if name not in well]
        return [self.providers[name] for name in (*well, *spared)]

    def note(self, provider: SmsProvider, *, is_fault: bool, seconds: float) -> None:
        """How a message went with a provider; see `Circuit.note`."""
        self._circuits[provider.name].note(is_fault=is_fault, seconds=seconds)

    def _names_for(self, phone: str) -> Sequence[str]:
        if not self._routes:
            return tuple(self.providers)
        return next((names for prefix, names in self._routes if phone.startswith(prefix)), ())
