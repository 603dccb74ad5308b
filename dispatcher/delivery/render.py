"""From a claimed candidate to an envelope: the pinned template, the frozen fields, the unsubscribe link."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from channels.port import AttemptReference, Envelope
from consent.unsubscribe import UnsubscribeLink, UnsubscribeTokens
from dispatcher.delivery.checks import SENDING_MARGIN, Candidate, RunView
from templates.rendering import CompiledTemplate

#: Fields that are kept as text in the list and have a type of their own in templates.
_TYPED: Final[Mapping[str, Callable[[str], object]]] = MappingProxyType(
    {"debt": Decimal, "due_date": date.fromisoformat}
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who speaks: fields every template may use."""

    company_name: str
    company_phone: str
    public_url: str


class Renderer:
    """Builds envelopes; compiled templates are handed in, so nothing here touches the database."""

    def __init__(self, sender: Sender, tokens: UnsubscribeTokens) -> None:
        self._sender = sender
        self._tokens = tokens

    def envelope(
        self, run: RunView, candidate: Candidate, templates: Mapping[UUID, CompiledTemplate], now: datetime
    ) -> Envelope:
        """Render one notice; raises `TemplateError` when the text cannot be made for this recipient."""
        template = templates[run.plan.steps[candidate.step].template_version_id]
        link = self.unsubscribe_url(run, candidate)
        rendered = template.render(self._fields(candidate, link, now))
        return Envelope(
            attempt=AttemptReference(candidate.period, candidate.attempt_id),
            notice_key=f"{candidate.notice_id.hex}.{candidate.step}",
            address=candidate.address or "",
            recipient_name=candidate.full_name,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            headers=(
                ("List-Unsubscribe", f"<{link}>"),
                ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ),
            begin_within_seconds=SENDING_MARGIN.total_seconds(),
        )

    def unsubscribe_url(self, run: RunView, candidate: Candidate) -> str:
        """The address at which this contact point's consent can be withdrawn (RFC 8058)."""
        if candidate.contact_point_id is None:
            return self._sender.public_url
        token = self._tokens.make(UnsubscribeLink(candidate.contact_point_id, candidate.channel, run.purpose))
        return f"{self._sender.public_url.rstrip('/')}/u/{token}"

    def _fields(self, candidate: Candidate, link: str, now: datetime) -> dict[str, object]:
        own = {name: _typed(name, value) for name, value in candidate.fields.items()}
        return {
            **own,
            "account_number": candidate.account_number,
            "full_name": candidate.full_name,
            "address": candidate.supply_address,
            "company_name": self._sender.company_name,
            "company_phone": self._sender.company_phone,
            "unsubscribe_url": link,
            "local_hour": now.astimezone(ZoneInfo(candidate.time_zone)).hour,
        }


def _typed(name: str, value: Any) -> object:
    convert = _TYPED.get(name)
    return value if convert is None or value is None else convert(value)
