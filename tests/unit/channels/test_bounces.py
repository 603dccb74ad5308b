"""Bounces of real servers, replies that are none, and hostile ones."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email import verp
from channels.email.bounces import MAX_PARSED_OCTETS, parse_bounce
from channels.port import AttemptReference, Receipt, ReceiptKind

KEY = b"secret"
ATTEMPT = AttemptReference(date(2026, 11, 1), UUID("019aab11-2233-7445-8566-778899aabbcc"))
OURS = verp.encode(ATTEMPT, KEY, "bounces.example")
FORGED = verp.encode(ATTEMPT, b"other", "bounces.example")

POSTFIX = """\
Date: Sun, 22 Nov 2026 12:00:00 +0300 (MSK)
From: MAILER-DAEMON@mx.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: b@bounces.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="4F1.1763802000/mx.example"
Content-Transfer-Encoding: 8bit
Message-Id: <20261122090000.5A1@mx.example>

This is a MIME-encapsulated message.

--4F1.1763802000/mx.example
Content-Description: Notification
Content-Type: text/plain; charset=utf-8

This is the mail system at host mx.example.

<anna@example.com>: host mail.example.com[192.0.2.7] said: 550 5.1.1
    <anna@example.com>: Recipient address rejected: User unknown (in reply to
    RCPT TO command)

--4F1.1763802000/mx.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Original-Envelope-Id: 202611.019aab11223374458566778899aabbcc
X-Postfix-Queue-ID: 4F1
X-Postfix-Sender: rfc822; b@bounces.example
Arrival-Date: Sun, 22 Nov 2026 11:59:58 +0300 (MSK)

Final-Recipient: rfc822; anna@example.com
Original-Recipient: rfc822;anna@example.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; 550 5.1.1 <anna@example.com>: Recipient address
    rejected: User unknown

--4F1.1763802000/mx.example
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

From: x@example.com

--4F1.1763802000/mx.example--
"""

EXIM = """\
Return-path: <>
X-Failed-Recipients: anna@example.com
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.example>
To: b@bounces.example
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1abc-0001@mx.example>

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  anna@example.com
    SMTP error from remote mail server after RCPT TO:<anna@example.com>:
    host mail.example.com [192.0.2.7]: 550 5.1.1 no such user here

------ This is a copy of the message, including all the headers. ------

From: x@example.com
"""

EXCHANGE = """\
From: <postmaster@corp.example>
To: <b@bounces.example>
Date: Sun, 22 Nov 2026 12:00:00 +0300
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="_b_"
X-MS-Exchange-Message-Is-Ndr:
Subject: =?utf-8?b?0J3QtSDQtNC+0YHRgtCw0LLQu9C10L3Qvg==?=

--_b_
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

<p>Your message couldn't be delivered.</p>

--_b_
Content-Type: message/delivery-status

Reporting-MTA: dns;EX1.corp.example
Received-From-MTA: dns;mx.example
Arrival-Date: Sun, 22 Nov 2026 08:59:58 +0000

Final-Recipient: rfc822;anna@corp.example
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp;550 5.2.2 STOREDRV.Deliver; mailbox full

--_b_--
"""

QMAIL = """\
From: MAILER-DAEMON@mx.example
To: b@bounces.example
Subject: failure notice

Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<anna@example.com>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.
"""

OUT_OF_OFFICE = """\
From: anna@example.com
To: b@bounces.example
Subject: {subject}
{header}

I am away. My code is 5.1.1 and this is a permanent error.
"""


def parse(text: str, recipient: str = OURS) -> Receipt:
    return parse_bounce(text.replace("\n", "\r\n").encode(), recipient, KEY)


class TestReports:
    @pytest.mark.parametrize(
        ("sample", "reason"),
        [(POSTFIX, "dsn_5.1.1"), (EXIM, "bounce_5.1.1"), (EXCHANGE, "dsn_5.2.2"), (QMAIL, "bounce_5.1.1")],
        ids=["postfix", "exim", "exchange", "qmail"],
    )
    def test_a_bounce_fails_its_attempt(self, sample: str, reason: str) -> None:
        receipt = parse(sample)
        assert (receipt.attempt, receipt.kind, receipt.reason) == (ATTEMPT, ReceiptKind.FAILED, reason)

    @pytest.mark.parametrize(
        ("action", "kind", "reason"),
        [
            ("delayed", ReceiptKind.DELAYED, "dsn_5.1.1"),
            ("delivered", ReceiptKind.DELIVERED, "dsn_5.1.1"),
            ("relayed", ReceiptKind.UNKNOWN, "dsn_relayed"),
            ("expanded", ReceiptKind.UNKNOWN, "dsn_expanded"),
            ("failed (gone)", ReceiptKind.FAILED, "dsn_5.1.1"),
            ("error", ReceiptKind.FAILED, "dsn_5.1.1"),
            ("anna@example.com", ReceiptKind.UNKNOWN, "dsn"),
        ],
    )
    def test_the_action_decides_the_kind(self, action: str, kind: ReceiptKind, reason: str) -> None:
        receipt = parse(POSTFIX.replace("Action: failed", f"Action: {action}"))
        assert (receipt.attempt, receipt.kind, receipt.reason) == (ATTEMPT, kind, reason)

    def test_the_raw_message_is_kept(self) -> None:
        assert parse(POSTFIX).raw == POSTFIX.replace("\n", "\r\n").encode()

    def test_reasons_hold_no_address(self) -> None:
        for sample in (POSTFIX, EXIM, EXCHANGE, QMAIL):
            assert "@" not in parse(sample).reason


class TestWhoseBounce:
    def test_a_forged_address_names_no_attempt_even_with_our_envelope_id(self) -> None:
        receipt = parse(POSTFIX, FORGED)
        assert (receipt.attempt, receipt.reason) == (None, "forged_address")

    def test_mail_to_another_address_is_known_by_the_envelope_id(self) -> None:
        receipt = parse(POSTFIX, "postmaster@bounces.example")
        assert (receipt.attempt, receipt.kind) == (ATTEMPT, ReceiptKind.FAILED)

    def test_a_free_form_bounce_to_another_address_is_nobodys(self) -> None:
        receipt = parse(QMAIL, "postmaster@bounces.example")
        assert (receipt.attempt, receipt.kind) == (None, ReceiptKind.UNKNOWN)


class TestAutoReplies:
    @pytest.mark.parametrize(
        ("subject", "header"),
        [
            ("hello", "Auto-Submitted: auto-replied (vacation)"),
            ("hello", "Precedence: auto_reply"),
            ("hello", "X-Autoreply: yes"),
            ("Out of office: your message", "X-A: b"),
            ("Автоответ: меня нет", "X-A: b"),
            ("=?utf-8?b?0JDQstGC0L7QvtGC0LLQtdGCOiDQvtGC0L/Rg9GB0Lo=?=", "X-A: b"),
        ],
    )
    def test_they_are_no_bounces(self, subject: str, header: str) -> None:
        receipt = parse(OUT_OF_OFFICE.format(subject=subject, header=header))
        assert (receipt.attempt, receipt.kind, receipt.reason) == (ATTEMPT, ReceiptKind.UNKNOWN, "auto_reply")

    def test_a_persons_letter_is_no_bounce(self) -> None:
        receipt = parse("From: anna@example.com\nSubject: счёт\n\nПочему так много?\n")
        assert (receipt.kind, receipt.reason) == (ReceiptKind.UNKNOWN, "no_report")


class TestHostileInput:
    @given(st.binary(max_size=2000))
    def test_no_bytes_make_it_raise(self, raw: bytes) -> None:
        assert parse_bounce(raw, OURS, KEY).attempt == ATTEMPT

    @given(st.data(), st.sampled_from([POSTFIX, EXIM, EXCHANGE, QMAIL]), st.text(max_size=40))
    def test_no_damaged_bounce_makes_it_raise(self, data: st.DataObject, sample: str, junk: str) -> None:
        start = data.draw(st.integers(0, len(sample)))
        end = data.draw(st.integers(start, len(sample)))
        raw = (sample[:start] + junk + sample[end:]).encode("utf-8", "surrogatepass")
        receipt = parse_bounce(raw, OURS, KEY)
        assert receipt.attempt == ATTEMPT

    @given(st.text(max_size=200))
    def test_no_recipient_makes_it_raise(self, recipient: str) -> None:
        parse_bounce(b"", recipient, KEY)

    def test_parts_nested_a_thousand_deep_are_survived(self) -> None:
        raw = b"Content-Type: message/rfc822\r\n\r\n" * 5000
        assert parse_bounce(raw, OURS, KEY).kind is ReceiptKind.UNKNOWN

    def test_a_huge_message_is_read_in_part_only(self) -> None:
        raw = POSTFIX.replace("\n", "\r\n").encode() + b"x" * MAX_PARSED_OCTETS * 4
        assert parse_bounce(raw, OURS, KEY).kind is ReceiptKind.FAILED
