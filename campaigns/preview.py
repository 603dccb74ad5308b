"""Showing a template with a real recipient, and checking a whole list, before anything is sent.

The very renderer that sends makes the preview. No consent is needed, for nothing leaves; but somebody has
looked at personal data, so each look is on record, by ids only (promise P11).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from campaigns.catalogue import BUILTIN
from campaigns.common_fields import read_common_fields
from campaigns.errors import CampaignError, UnknownListError
from campaigns.preview_repository import ListOfRecipients, count_fields, get_newest_list, get_recipient
from channels.port import Attachment, ChannelKind, Envelope
from dispatcher.core.audit import record_action
from dispatcher.delivery.checks import Candidate, with_common_fields
from dispatcher.delivery.render import OWN_FIELDS, Renderer
from dispatcher.delivery.sms_texts import SmsLength
from templates.bundled import builtin_template, channel_of, scenario_of
from templates.errors import AttachmentError, TemplateError, UnknownBuiltinError, UnknownTemplateError
from templates.field_check import FieldReport, missing_fields
from templates.rendering import CompiledTemplate, compile_template
from templates.repository import get_version

DEFAULT_LANGUAGE: Final = "ru"


class UnknownRecipientError(CampaignError):
    """Raised when a list has no such recipient."""


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """What staff want to see. Without account and position: the first recipient of the list."""

    template: str
    list_name: str
    account: str | None = None
    position: int | None = None
    language: str | None = None  #: None takes the recipient's own, else Russian
    version: int | None = None  #: None takes the newest
    common_fields: Mapping[str, str] = field(default_factory=dict)  #: what a campaign would give to all
    links_work: bool = True  #: false: no link in it unsubscribes the recipient, for pages on which one clicks


@dataclass(frozen=True, slots=True)
class Preview:
    """The notice as it would be sent; a call is text with its keys.

    `file_problem` says why a file would hold it back.
    """

    envelope: Envelope
    language: str
    version: int | None  #: None: the built-in text, not yet used by any campaign
    file_problem: str | None
    length: SmsLength | None = None  #: of a short message


def preview_template(
    session: Session, renderer: Renderer, wanted: PreviewRequest, *, actor: str, now: datetime
) -> Preview:
    """Render one template for one recipient.

    Raises `TemplateError`, `UnknownListError`, `UnknownRecipientError`, and `CampaignError` for a common
    field that there cannot be.
    """
    common = read_common_fields(wanted.common_fields)
    recipients = _list(session, wanted.list_name)
    channel = channel_of(wanted.template)
    found = get_recipient(
        session, recipients.id, account=wanted.account, position=wanted.position, channel=channel
    )
    if found is None:
        raise UnknownRecipientError(
            f"в списке «{wanted.list_name}» нет такого получателя",
            code="unknown_recipient",
            list=wanted.list_name,
        )
    recipient_id, candidate = found[0], with_common_fields(common, found[1])
    language = wanted.language or _language(session, wanted.template, candidate)
    template, version = find_template(session, wanted.template, language, wanted.version)
    scenario = BUILTIN.get(scenario_of(wanted.template))
    purpose = scenario.purpose if scenario is not None else "debt"
    files, problem = _files(renderer, template, candidate)
    # Without a contact point the letter carries no link that would really unsubscribe somebody.
    shown = candidate if wanted.links_work else candidate._replace(contact_point_id=None)
    envelope = renderer.compose(template, shown, purpose, now, files=files)
    record_action(
        session,
        at=now,
        actor=actor,
        action="template.previewed",
        subject_type="recipient",
        subject_id=recipient_id,
        after={"template": wanted.template, "language": language, "version": version, "list": recipients.id},
    )
    length = renderer.sms_texts.measure(envelope.text) if channel == ChannelKind.SMS else None
    return Preview(envelope, language, version, problem, length)


def check_list(
    session: Session,
    template_name: str,
    list_name: str,
    *,
    language: str = DEFAULT_LANGUAGE,
    common_fields: Mapping[str, str] | None = None,
) -> FieldReport:
    """Check all recipients of a list, and what a campaign would give to all, against a template.

    Raises `TemplateError`, `UnknownListError`, and `CampaignError` for a common field that there cannot be.
    """
    common = read_common_fields(common_fields or {}).keys()
    recipients = _list(session, list_name)
    template, _ = find_template(session, template_name, language, None)
    in_list = (template.required_fields() | template.fields_to_fill()) - _FILLED_BY_US
    counts = count_fields(session, recipients.id, in_list)
    available = OWN_FIELDS | common | {name for name, count in counts.items() if count.given}
    empty = {
        name: counts[name].empty
        for name in sorted((template.fields_to_fill() & counts.keys() & available) - common)
        if counts[name].empty
    }
    return FieldReport(missing_fields(template, available), empty, recipients.recipient_count)


def find_template(
    session: Session, name: str, language: str, version: int | None
) -> tuple[CompiledTemplate, int | None]:
    """A version in the database, else the built-in text; raises `UnknownTemplateError`."""
    view = get_version(session, name, language, version)
    if view is not None:
        return compile_template(view.texts, language), view.version
    try:
        if version is None:
            return compile_template(builtin_template(name, language), language), None
    except UnknownBuiltinError:
        pass
    raise UnknownTemplateError(f"нет шаблона «{name}» на языке «{language}»")


#: Given for every recipient without looking into the list; name and address are columns and may be empty.
_FILLED_BY_US: Final = OWN_FIELDS - {"full_name", "address"}


def _files(
    renderer: Renderer, template: CompiledTemplate, candidate: Candidate
) -> tuple[tuple[Attachment, ...], str | None]:
    try:
        return renderer.files_of(template, candidate), None
    except AttachmentError as error:
        return (), error.message


def _language(session: Session, name: str, candidate: Candidate) -> str:
    try:
        find_template(session, name, candidate.language, None)
    except TemplateError:
        return DEFAULT_LANGUAGE
    return candidate.language


def _list(session: Session, name: str) -> ListOfRecipients:
    found = get_newest_list(session, name)
    if found is None:
        raise UnknownListError(
            f"there is no complete recipient list {name!r}: import it first", code="unknown_list", list=name
        )
    return found
