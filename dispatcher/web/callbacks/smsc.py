"""Where SMSC calls back: statuses of messages, and what customers write (domain: 2.7).

Stored raw first, then applied. Once stored the answer is 200, also for ids that we do not know, or the
provider would repeat for ever; a forged call is refused and changes nothing.
"""

from typing import Final

import structlog
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy.exc import DBAPIError

from channels.port import ChannelKind, Receipt
from channels.sms.errors import ForgedCallbackError, UnreadableCallbackError
from channels.sms.smsc.callback import read_callback, read_fields
from channels.sms.smsc.incoming import IncomingMessage
from dispatcher.core.settings import SmscSettings
from dispatcher.delivery.receipts import apply_stored, store_receipt
from dispatcher.delivery.returns.sms_replies import SmsReply, take_reply
from dispatcher.web.auth import Services
from dispatcher.web.callbacks.paths import PREFIX, is_token
from dispatcher.web.services import WebServices

log = structlog.get_logger(__name__)

router = APIRouter()
PATH: Final = PREFIX + "/smsc/{provider}/{token}"


@router.api_route(PATH, methods=["GET", "POST"])
async def called_back(request: Request, services: Services, provider: str, token: str) -> Response:
    """Take one call. 404 for a wrong path, 401 without the right checksum, 400 for what cannot be read."""
    account = _account(services, provider)
    if account is None or not is_token(services.secret_key, provider, token):
        return PlainTextResponse("no such handler", 404)
    if account.callback_secret is None:
        log.warning("callback.without_secret", provider=provider)
        return PlainTextResponse("the handler has no secret: set callback_secret", 401)
    body = await request.body()
    query = request.scope["query_string"]
    try:
        fields, encoding = read_fields(query, body, request.headers.get("content-type", ""))
        found = read_callback(fields, encoding, account.callback_secret.get_secret_value())
    except ForgedCallbackError as error:
        log.warning("callback.forged", provider=provider)
        return PlainTextResponse(str(error), 401)
    except UnreadableCallbackError as error:
        log.warning("callback.unreadable", provider=provider)
        return PlainTextResponse(str(error), 400)
    await run_in_threadpool(_take, services, account.name, found)
    return PlainTextResponse("ok")


def _account(services: WebServices, provider: str) -> SmscSettings | None:
    return next((one for one in services.settings.sms.smsc if one.name == provider), None)


def _take(services: WebServices, provider: str, found: Receipt | IncomingMessage) -> None:
    if isinstance(found, IncomingMessage):
        reply = SmsReply(provider, found.id, found.phone, found.text)
        services.database.run(lambda session: take_reply(session, reply, services.clock.refresh(session)))
        return
    services.database.run(
        lambda session: store_receipt(session, ChannelKind.SMS, found, services.clock.refresh(session))
    )
    try:
        services.database.run(lambda session: apply_stored(session, services.clock.refresh(session)))
    except DBAPIError as error:
        # It is stored: the scheduler's sweep applies it.
        log.warning("callback.not_applied_yet", error=type(error).__name__)
