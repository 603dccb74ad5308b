"""What the lanes of a worker process work with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from channels.port import ChannelKind
from channels.registry import ChannelRegistry
from consent.calendar import WorkingCalendar
from dispatcher.core.clock import Clock
from dispatcher.core.db import Database
from dispatcher.core.settings import DeliverySettings
from dispatcher.delivery.bills.urls import UrlRules
from dispatcher.delivery.bridge import Bridge
from dispatcher.delivery.confirmations import ConfirmationWriter
from dispatcher.delivery.domain_limits import DomainLimits
from dispatcher.delivery.lease import LeaseKeeper
from dispatcher.delivery.outcomes import Sealing
from dispatcher.delivery.refusal_answers import RefusalAnswerWriter
from dispatcher.delivery.render import Renderer
from dispatcher.delivery.throttle import TokenBuckets


@dataclass(frozen=True, slots=True)
class Lane:
    """One channel at one priority: what a wake-up names."""

    channel: ChannelKind
    priority: str


@dataclass(frozen=True, slots=True)
class Tools:
    """What every lane of a worker process shares."""

    database: Database
    clock: Clock
    registry: ChannelRegistry
    bridge: Bridge
    renderer: Renderer
    leases: LeaseKeeper
    buckets: TokenBuckets
    settings: DeliverySettings
    provider_limits: Mapping[ChannelKind, float | None]
    url_rules: UrlRules
    domain_limits: DomainLimits
    read_calendar: Callable[[Session], WorkingCalendar]
    confirmations: ConfirmationWriter | None = None  #: None: this process asks nobody to confirm
    refusal_answers: RefusalAnswerWriter | None = None  #: None: this process answers no refusals
    call_lines: int | None = None  #: of all trunks, over all processes; None: what the channel says counts
    seal: Sealing | None = None  #: encrypts recordings; None: none are kept
    serves_one_lane: bool = False  #: then its groups may take all places of the process
