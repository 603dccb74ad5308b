"""From a claimed candidate to an envelope: the pinned template, the frozen fields, link, code and files.

The preview of staff and the dry run use this very class, so what they show is what will be sent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from channels.port import Attachment, AttemptReference, ChannelKind, Envelope
from consent.unsubscribe import UnsubscribeLink, UnsubscribeTokens
from dispatcher.core.settings import SmsSettings
from dispatcher.core.zones import zone
from dispatcher.delivery.attachments import NO_BILLS, Attachments, Bills, FileCheck
from dispatcher.delivery.bills.wanted import template_of
from dispatcher.delivery.call_texts import readable, rendered_call, script_of
from dispatcher.delivery.checks import Candidate, RunView, with_common_fields
from dispatcher.delivery.contact_hours import contact_hours_in_words
from dispatcher.delivery.payment import Payments
from dispatcher.delivery.sms_texts import SmsTexts
from templates.notice_fields import NOTICE_FIELDS, FieldKind, typed_value
from templates.rendering import CompiledTemplate

#: Fields that the renderer itself fills, whatever the list holds.
OWN_FIELDS: Final = frozenset(
    (
        *("account_number", "full_name", "address", "customer_group", "local_hour"),
        *(
            "company_name",
            "company_phone",
            "company_hours",
            "unsubscribe_url",
            "payment_url",
            "payment_qr",
            "payee",
        ),
    )
)
#: Fields that are kept as text in the list and have a type of their own in templates.
_TYPED: Final[Mapping[str, Callable[[str], object]]] = MappingProxyType(
    {
        "debt": Decimal,
        "due_date": date.fromisoformat,
        **{
            name: partial(typed_value, name)
            for name, one in NOTICE_FIELDS.items()
            if one.kind is FieldKind.DATE
        },
    }
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who speaks: fields every template may use, and where unsubscriptions by mail come in."""

    company_name: str
    company_phone: str
    public_url: str
    unsubscribe_domain: str = ""  #: empty: letters name no mail address for it
    company_hours: str = "08:00-17:00"  #: when the contact centre answers, on working days


class Renderer:
    """Builds envelopes; compiled templates are handed in, so nothing here touches the database."""

    def __init__(
        self,
        sender: Sender,
        tokens: UnsubscribeTokens,
        *,
        payments: Payments | None = None,
        attachments: Attachments | None = None,
        sms_texts: SmsTexts | None = None,
    ) -> None:
        self._sender = sender
        self._tokens = tokens
        self._payments = payments
        self._attachments = attachments or Attachments()
        self.sms_texts = sms_texts or SmsTexts(SmsSettings())

    def envelope(
        self,
        run: RunView,
        candidate: Candidate,
        templates: Mapping[UUID, CompiledTemplate],
        now: datetime,
        *,
        bills: Bills = NO_BILLS,
        begin_until: float | None = None,
        deliver_until: datetime | None = None,
    ) -> Envelope:
        """Render one notice with its files; raises `TemplateError` when it cannot be made for this recipient.

        `bills` are those that were fetched for it by URL; `begin_until`: the moment of `time.monotonic()`
        by which sending must have begun; `deliver_until`: when a provider that holds it must give it up.
        """
        template = template_of(run, candidate, templates)
        candidate = with_common_fields(run.common_fields, candidate)
        files = self.files_of(template, candidate, bills)
        made = self.compose(
            template,
            candidate,
            run.purpose,
            now,
            files=files,
            begin_until=begin_until,
            max_parts=run.plan.steps[candidate.step].max_parts,
        )
        return made if deliver_until is None else replace(made, deliver_until=deliver_until)

    def compose(
        self,
        template: CompiledTemplate,
        candidate: Candidate,
        purpose: str,
        now: datetime,
        *,
        files: tuple[Attachment, ...] = (),
        begin_until: float | None = None,
        max_parts: int | None = None,
    ) -> Envelope:
        """Render one template for one recipient; raises `TemplateError`, also for too many SMS parts."""
        token = self._link(purpose, candidate)
        link = self._url(token)
        fields = self._fields(candidate, link, now)
        code = self._code(template, candidate, fields)
        if code is not None:
            fields["payment_qr"] = f"cid:{code.content_id}"
        rendered = template.render(fields)
        text, script = rendered.text, None
        if candidate.channel == ChannelKind.VOICE:
            call = rendered_call(template, fields)
            text = readable(call, template.language)
            script = script_of(call, template.language)
        if candidate.channel == ChannelKind.SMS:
            # A line end of the file is a character that is paid for, and seen, in a short message.
            text = text.strip()
            if max_parts is not None:
                self.sms_texts.check(text, max_parts)
        return Envelope(
            attempt=AttemptReference(candidate.period, candidate.attempt_id),
            notice_key=f"{candidate.notice_id.hex}.{candidate.step}",
            address=candidate.address or "",
            recipient_name=candidate.full_name,
            subject=rendered.subject,
            text=text,
            html=rendered.html,
            headers=(
                ("List-Unsubscribe", self._unsubscribe_header(link, token)),
                ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ),
            begin_until=begin_until,
            attachments=files if code is None else (*files, code),
            call=script,
        )

    def files_of(
        self, template: CompiledTemplate, candidate: Candidate, bills: Bills = NO_BILLS
    ) -> tuple[Attachment, ...]:
        """The files that go with one notice; raises `AttachmentError`."""
        return self._attachments.collect(template.attachments, candidate.fields, bills)

    def check_files(self, template: CompiledTemplate, candidate: Candidate) -> FileCheck:
        """What can be said of the files of one notice before it is sent; reads no file whole."""
        return self._attachments.check(template.attachments, candidate.fields)

    def unsubscribe_url(self, purpose: str, candidate: Candidate) -> str:
        """The address at which this contact point's consent can be withdrawn (RFC 8058)."""
        return self._url(self._link(purpose, candidate))

    @staticmethod
    def _link(purpose: str, candidate: Candidate) -> UnsubscribeLink | None:
        if candidate.contact_point_id is None:
            return None
        return UnsubscribeLink(candidate.contact_point_id, candidate.channel, purpose)

    def _url(self, link: UnsubscribeLink | None) -> str:
        if link is None:
            return self._sender.public_url
        return f"{self._sender.public_url.rstrip('/')}/u/{self._tokens.make(link)}"

    def _unsubscribe_header(self, url: str, link: UnsubscribeLink | None) -> str:
        """The page first, then the mail address (RFC 2369); no blank, since it is never the same twice."""
        domain = self._sender.unsubscribe_domain
        local_part = self._tokens.make_local_part(link) if domain and link is not None else None
        return (
            f"<{url}>"
            if local_part is None
            else f"<{url}>,<mailto:{local_part}@{domain}?subject=unsubscribe>"
        )

    def _fields(self, candidate: Candidate, link: str, now: datetime) -> dict[str, object]:
        own = {name: _typed(name, value) for name, value in candidate.fields.items()}
        debt, payments = own.get("debt"), self._payments
        url = payments and payments.url(candidate.account_number, debt, candidate.notice_id)
        return {
            **own,
            "customer_group": candidate.customer_group,
            "payment_url": url,
            "payment_qr": None,
            "payee": payments and payments.details(),
            "account_number": candidate.account_number,
            "full_name": candidate.full_name,
            "address": candidate.supply_address,
            "company_name": self._sender.company_name,
            "company_phone": self._sender.company_phone,
            "company_hours": contact_hours_in_words(self._sender.company_hours, candidate.language),
            "unsubscribe_url": link,
            "local_hour": now.astimezone(zone(candidate.time_zone)).hour,
        }

    def _code(
        self, template: CompiledTemplate, candidate: Candidate, fields: Mapping[str, object]
    ) -> Attachment | None:
        """The payment code as an image of the HTML, drawn only for templates that show it."""
        if self._payments is None or not template.shows_in_html("payment_qr"):
            return None
        image = self._payments.code_image(candidate.account_number, fields.get("debt"), candidate.full_name)
        if image is None:
            return None
        content_id = f"payment.{candidate.notice_id.hex}@code"
        return Attachment("payment.png", "image/png", image, content_id)


def _typed(name: str, value: Any) -> object:
    convert = _TYPED.get(name)
    return value if convert is None or value is None else convert(value)
