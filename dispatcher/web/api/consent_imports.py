"""Many statements about consent at once, by a file."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from dispatcher.core.api_keys import Scope
from dispatcher.web.address_files import take_statements
from dispatcher.web.api.address_files import FAULT, RowReportOut, file_body, report_values, take_file
from dispatcher.web.api.calls import ApiCall, Makes
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import Line, example
from dispatcher.web.uploads import Upload

router = APIRouter(prefix="/consents", tags=["consents"])

Uploader = Annotated[ApiCall, Depends(Makes(Scope.CONSENT_WRITE))]

_FILE: Final = (
    "Адрес или телефон;Канал;Цель;Действие;Источник;Документ;Действует с\n"
    "person@example.org;email;debt;да;paper;бланк 17;01.02.2026\n"
)


class ConsentImportOut(RowReportOut):
    """What came of the file."""

    model_config = example(
        {
            "taken": 118,
            "unchanged": 0,
            "in_flight": 0,
            "rejected": 1,
            "problems": [FAULT],
            "rejected_file": "Адрес или телефон;Цель;Причина\r\n…",
        }
    )
    taken: int
    unchanged: int = Field(description="Said before in the very same way: nothing was written.")
    in_flight: int = Field(description="Attempts that withdrawals of the file could not call back.")


@router.post(
    "/imports",
    response_model=ConsentImportOut,
    responses=answers(409, 415),
    openapi_extra=file_body(
        "The file as it is: CSV or a workbook, up to 100 000 rows. Columns: address, channel, purpose,"
        " action, source, reference, basis, text version, valid from, valid until.",
        _FILE,
    ),
)
async def import_file(
    request: Request,
    call: Uploader,
    file_name: Annotated[Line, Query(description="Its ending helps to tell what it is.")] = "consents.csv",
) -> object:
    """Take the good rows into the ledger and report the bad ones; a file that comes twice changes nothing."""

    def take(kept: Upload) -> ConsentImportOut:
        done = take_statements(call.services, kept, actor=call.client.actor)
        return ConsentImportOut(
            taken=done.taken, unchanged=done.unchanged, in_flight=done.in_flight, **report_values(done)
        )

    return await take_file(request, call, file_name, take)
