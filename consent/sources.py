"""What an entry of the ledger may be: action, legal basis, and the source with the reference that it needs.

What a lawyer asks of an entry is "show me": each way in which staff or another system may record a statement
names the kind of document that proves it. Statements that the person made to the product itself (a link, a
reply, a code) prove themselves: their attempt or confirmation is the reference.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Action(StrEnum):
    """What an entry says."""

    #: the person agreed
    GIVEN = "given"
    #: the person agreed again, or proved to hold the address
    CONFIRMED = "confirmed"
    #: asked to prove the address first: permits nothing until it is confirmed
    PENDING = "pending"
    #: asked, and said no at once
    REFUSED = "refused"
    #: the person took it back
    WITHDRAWN = "withdrawn"
    #: on record that the time of a permission is over; the permission had ended by itself
    EXPIRED = "expired"


class Basis(StrEnum):
    """Why the company may speak about a purpose at all; none permits an address that was withdrawn."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_DUTY = "legal_duty"


class Source(StrEnum):
    """How a statement reached us."""

    #: a signed paper; reference: its number, or where the scan is
    PAPER = "paper"
    #: said at a service office; reference: number of the visit or the name of the form
    OFFICE = "office"
    #: said on the telephone; reference: the recording
    CALL = "call"
    #: the person's own account on the company's site; reference: number of the action there
    PERSONAL_ACCOUNT = "personal_account"
    #: a form on the web; reference: its number
    WEB_FORM = "web_form"
    #: a file of statements or a recipient list; reference: the list or the file
    IMPORT = "import"
    #: another system, which names its own document
    API = "api"
    #: staff, before sources were told apart; reference: any document
    STAFF = "staff"
    #: staff replaced a wrong address
    CORRECTION = "correction"
    #: the link of a confirmation letter
    EMAIL_LINK = "email_link"
    #: a code sent by SMS
    SMS_CODE = "sms_code"
    #: by the mail program (RFC 8058)
    ONE_CLICK = "one_click"
    #: the link in a letter
    UNSUBSCRIBE_LINK = "unsubscribe_link"
    #: the page behind that link
    UNSUBSCRIBE_PAGE = "unsubscribe_page"
    #: the page of all wishes
    PREFERENCE_PAGE = "preference_page"
    #: an answer by e-mail
    MAIL_REPLY = "mail_reply"
    #: STOP by SMS
    SMS_REPLY = "sms_reply"
    #: the key for "no more calls"
    VOICE_KEY = "voice_key"
    #: a complaint reported by the person's provider
    COMPLAINT = "complaint"
    #: whoever answered is somebody else
    WRONG_PERSON = "wrong_person"
    #: personal data were erased at the person's request
    ERASURE = "erasure"
    #: the product itself, for the record
    SYSTEM = "system"


#: What staff and other systems may name, and the most general one first.
STATED: Final = (
    Source.PAPER,
    Source.OFFICE,
    Source.CALL,
    Source.PERSONAL_ACCOUNT,
    Source.WEB_FORM,
    Source.STAFF,
    Source.API,
    Source.IMPORT,
)
#: The document that proves a "yes" of each; a withdrawal never fails for want of one.
REFERENCES: Final = MappingProxyType(
    {
        Source.PAPER: "the number of the paper, or where its scan is kept",
        Source.OFFICE: "the number of the visit",
        Source.CALL: "the recording of the call",
        Source.PERSONAL_ACCOUNT: "the number of the action in the personal account",
        Source.WEB_FORM: "the number of the form that was sent",
        Source.STAFF: "the document that proves it",
        Source.API: "the document that proves it",
        Source.IMPORT: "the document that proves it",
    }
)
