"""Whether a call can be made where a provider only reads a text out (SMSC, `call=1`; domain 2.6).

Nobody there asks who is speaking, takes digits, or says by a key that all was understood; so a campaign whose
call needs one of these is refused when it is tried or made, long before anybody would be dialled.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.errors import CampaignError
from channels.voice.script import Counts
from templates.call_form import CallForm
from templates.call_template import call_of
from templates.call_words import SectionKind
from templates.rendering import compile_template
from templates.repository import versions_of


def check_can_be_read_out(session: Session, scenario: str, versions: Collection[UUID]) -> None:
    """Raise `CampaignError` when the call of a scenario needs more than reading it out."""
    for version in versions_of(session, frozenset(versions)):
        if needs_more_than_reading(call_of(compile_template(version.texts, version.language)).form):
            raise CampaignError(
                f"the call of {scenario} ({version.language}) cannot be made through SMSC, which reads a text"
                " out and takes no keys: it asks who is speaking, takes digits, plays a recording or must be"
                " confirmed; choose other channels, or configure a trunk (voice.trunks)",
                code="call_needs_keys",
                scenario=scenario,
                language=version.language,
            )


def needs_more_than_reading(form: CallForm) -> bool:
    """Whether something in it depends on a key that is pressed, or is no text."""
    return (
        form.counts == Counts.CONFIRMED
        or any(form.of_kind(SectionKind.IDENTITY, SectionKind.DIGITS))
        or any(section.recording is not None for section in form.sections)
    )
