"""Mail to the signed addresses that unsubscribe: taken before the bounce listener sorts what is left.

A mail program that follows `mailto:` in List-Unsubscribe writes here (RFC 2369, RFC 8058). The address says
what is withdrawn, the message says nothing that counts, and nothing of it is kept: it would be personal data
without a purpose.
"""

import structlog

from channels.email.unsubscribing import is_request
from dispatcher.bootstrap import Application
from dispatcher.delivery.wishes import stop_by_mail

log = structlog.get_logger()


def take_unsubscription(application: Application, message: bytes, recipient: str) -> bool:
    """Withdraw what the envelope's `recipient` names; false when it is no such address.

    A bounce or an automatic answer to such an address withdraws nothing. Raises when the withdrawal could
    not be stored, so that the message comes again.
    """
    link = application.tokens.read_local_part(recipient.strip("<> ").rpartition("@")[0])
    if link is None:
        return False
    if not is_request(message):
        log.info("unsubscribe_mail.no_request", contact_point_id=str(link.contact_point_id))
        return True
    application.database.run(lambda session: stop_by_mail(session, link, application.clock.refresh(session)))
    log.info("unsubscribe_mail.taken", contact_point_id=str(link.contact_point_id))
    return True
