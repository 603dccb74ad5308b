"""What a payment link stands for: for the company's own payment page (decision 0007).

The link that a letter carries holds a signed token and nobody's data; the page asks here, with a key, whose
account it is and how much was asked for.
"""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field, StringConstraints

from dispatcher.core.api_keys import Scope
from dispatcher.delivery.payment import BadPaymentTokenError
from dispatcher.web.api.calls import ApiCall, Reads
from dispatcher.web.api.problems import answers
from dispatcher.web.api.values import example
from reports.payments import get_payment

router = APIRouter(prefix="/payment-links", tags=["payments"])

Reader = Annotated[ApiCall, Depends(Reads(Scope.PAYMENTS_READ))]
Token = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9._-]{10,300}$"),
    Path(description="What stood in the link in the place of `{token}`."),
]


class PaymentOut(BaseModel):
    """Whose account, and the sum that the notice asked for: the sum of that day, not of today."""

    model_config = example(
        {
            "notice_id": "01936f42-3c4d-7e5f-8a6b-7c8d9e0f1a2b",
            "account": "0012345",
            "sum": "1250.40",
            "due_date": "2026-12-25",
        }
    )
    notice_id: UUID
    account: str = Field(description="Account number.")
    sum: Decimal | None
    due_date: str | None


@router.get("/{token}", responses=answers(404))
def show_payment(call: Reader, token: Token) -> PaymentOut:
    """What the token of a payment link stands for."""
    notice = call.services.payments.read_token(token)
    found = call.read(lambda session: get_payment(session, notice))
    if found is None:
        raise BadPaymentTokenError("the notice of this payment link is not kept any more")
    return PaymentOut(notice_id=notice, account=found.account_number, sum=found.debt, due_date=found.due_date)
