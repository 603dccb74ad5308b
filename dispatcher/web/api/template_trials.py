"""Trying a text before anything is sent: what a list lacks for it, and what one recipient would get."""

from decimal import Decimal
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy.orm import Session

from campaigns.errors import CampaignError
from campaigns.preview import Preview, PreviewRequest, check_list, preview_template
from channels.voice.speech.wav import write_wav
from dispatcher.core.api_keys import Scope
from dispatcher.web.api.calls import ApiCall, Reads
from dispatcher.web.api.new_campaigns import CommonFields
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Body, Language, ListName, TemplateName, example

router = APIRouter(prefix="/templates", tags=["templates"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.TEMPLATES_READ))]
PersonalReader = Annotated[ApiCall, Depends(Reads(Scope.RECIPIENTS_READ))]
AccountNumber = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
]

_CHECKED: Final = {"checked": 1998, "is_ready": False, "missing": [], "empty": {"due_date": 12}}
_PREVIEW: Final = {
    "language": "ru",
    "version": 4,
    "subject": "Задолженность по счёту 0012345",
    "text": "Анна Андреевна! Ваш долг 1 250,40 ₽.",
    "html": None,
    "attachments": [{"file_name": "0012345.pdf", "content_type": "application/pdf", "bytes": 48210}],
    "file_problem": None,
    "length": None,
}


class CheckIn(Body):
    """The list to check."""

    model_config = example({"list": "november", "language": "ru"})
    list: ListName = Field(description="Its newest complete version is checked.")
    language: Language = "ru"
    common_fields: CommonFields = Field(default={})


class CheckOut(BaseModel):
    """What the list lacks: a field that it does not have at all, or that is empty for some recipients."""

    model_config = example(_CHECKED)
    checked: int = Field(description="Recipients.")
    is_ready: bool
    missing: list[str]
    empty: dict[str, int] = Field(description="Field → for how many recipients it is empty.")


class PreviewIn(Body):
    """Whose notice to show. Without account and position: that of the first recipient of the list."""

    model_config = example({"list": "november", "account": "0012345"})
    list: ListName
    account: AccountNumber | None = Field(default=None, description="Account number.")
    position: int | None = Field(default=None, ge=1, le=2**31 - 1, description="Or the place in the list.")
    language: Language | None = Field(default=None, description="Default: the recipient's own.")
    version: int | None = Field(default=None, ge=1, le=2**31 - 1, description="Default: the newest.")
    common_fields: CommonFields = Field(default={})

    @model_validator(mode="after")
    def _one_of_both(self) -> "PreviewIn":
        if self.account is not None and self.position is not None:
            raise ValueError("name the recipient by account or by position, not by both")
        return self


class FileOut(BaseModel):
    """A file that would go along."""

    model_config = example(_PREVIEW["attachments"][0])  # type: ignore[index]
    file_name: str
    content_type: str
    bytes: int


class LengthOut(BaseModel):
    """How long a short message is, and what it may cost."""

    model_config = ConfigDict(from_attributes=True)
    alphabet: str = Field(description="gsm7 or ucs2.")
    units: int = Field(description="Septets, or 16-bit units.")
    parts: int
    left: int = Field(description="Units that are free in the last part.")
    foreign: list[str] = Field(description="The first characters that make it UCS-2.")
    saved_parts: int = Field(description="How many parts fewer without them.")
    price: Decimal | None


class PreviewOut(BaseModel):
    """The notice as it would be sent: personal data."""

    model_config = example(_PREVIEW)
    language: str
    version: int | None = Field(description="null: the built-in text, which no campaign has used yet.")
    subject: str
    text: str
    html: str | None
    attachments: list[FileOut]
    file_problem: str | None = Field(description="Why a missing file would hold the notice back.")
    length: LengthOut | None = Field(default=None, description="Of a short message.")


@router.post("/{name}/check", responses=answers(404))
def check(call: Reader, name: TemplateName, asked: CheckIn) -> CheckOut:
    """Which fields a list lacks for a text, and for how many recipients."""

    def read(session: Session) -> CheckOut:
        found = check_list(
            session, name, asked.list, language=asked.language, common_fields=asked.common_fields
        )
        return CheckOut(
            checked=found.checked,
            is_ready=found.is_ready,
            missing=list(found.missing),
            empty=dict(found.empty),
        )

    return call.read(read)


@router.post("/{name}/preview", responses=answers(404))
def preview(call: PersonalReader, name: TemplateName, asked: PreviewIn) -> PreviewOut:
    """The notice that a recipient would get. Nothing is sent; the look goes on record."""
    return _preview_out(_preview(call, name, asked))


@router.post(
    "/{name}/preview/sound",
    responses={
        **answers(404),
        200: {
            "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
            "description": "8 kHz, 16 bits, mono.",
        },
    },
    response_class=Response,
)
def preview_sound(call: PersonalReader, name: TemplateName, asked: PreviewIn) -> Response:
    """The call that a recipient would get, as sound. Nobody is called; the look goes on record."""
    script = _preview(call, name, asked).envelope.call
    if script is None:
        raise CampaignError("only a call can be heard: name a text for calls", code="no_call")
    sound = call.services.script_reader.read(script)
    return Response(write_wav(sound), media_type="audio/wav", headers={"Cache-Control": "no-store"})


def _preview(call: ApiCall, name: str, asked: PreviewIn) -> Preview:
    wanted = PreviewRequest(
        *(name, asked.list, asked.account, asked.position, asked.language, asked.version),
        common_fields=asked.common_fields,
    )

    def read(session: Session) -> Preview:
        renderer, now = call.services.notices, call.services.clock.refresh(session)
        return preview_template(session, renderer, wanted, actor=call.client.actor, now=now)

    return call.read(read)


def _preview_out(found: Preview) -> PreviewOut:
    envelope = found.envelope
    return PreviewOut(
        language=found.language,
        version=found.version,
        subject=envelope.subject,
        text=envelope.text,
        html=envelope.html,
        attachments=[
            FileOut(file_name=one.file_name, content_type=one.content_type, bytes=len(one.content))
            for one in envelope.attachments
        ],
        file_problem=found.file_problem,
        length=None if found.length is None else LengthOut.model_validate(found.length),
    )
