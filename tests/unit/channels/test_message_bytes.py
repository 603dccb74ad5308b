"""Our bytes against those of the standard library, one for one, and the parser's round trip."""

from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.addresses import MailAddress
from channels.email.message import MessageBuilder
from channels.port import Attachment, AttemptReference, Envelope
from dispatcher.core.settings import MailSettings
from tests.unit.channels.reference_message import SEVEN_BIT_LINES, build_reference

MAIL = MailSettings()
BUILDER = MessageBuilder(MAIL)
ADDRESS = "anna@example.com"
WHEN = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)

ALPHABETS = "абвгдеёжзиюяАБЯіїєґ ₽«»—😀éß" + "abcXYZ0189.,;:!?()-"
#: Names and subjects as people write them: words with one blank between.
WORDS = st.lists(st.text(ALPHABETS.replace(" ", ""), min_size=1, max_size=20), min_size=1, max_size=25)
PHRASES = WORDS.map(" ".join)
NAMES = PHRASES.filter(lambda text: not text.isascii() or text.replace(" ", "").isalnum())
#: Long lines, dots at line ends and beginnings, boundaries' look-alikes, lines of blanks.
LINES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=60),
    st.sampled_from(
        [".", "..", ". ", "--", "--=_a", "From me", "  ", "\t", "=", "x" * 998, "x" * 999, "я" * 500]
    ),
)
TEXTS = st.lists(LINES, max_size=12).map("\n".join)
HTMLS = st.none() | TEXTS
FILE_NAMES = st.text("абвгд ёя", min_size=1, max_size=9).filter(
    lambda name: bool(name.strip())
) | st.from_regex(r"[a-z0-9]{1,20}\.(pdf|png)", fullmatch=True)
FILES = st.builds(
    Attachment, FILE_NAMES, st.sampled_from(["application/pdf", "image/png"]), st.binary(max_size=300)
)
IMAGES = st.builds(
    Attachment, st.just("code.png"), st.just("image/png"), st.binary(max_size=300), st.just("code.1@code")
)
HEADERS = st.just(()) | st.just(
    (
        ("List-Unsubscribe", f"<https://lk.energosbyt.example/u/{'x' * 90}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )
)
ENVELOPES = st.builds(
    Envelope,
    attempt=st.builds(
        AttemptReference, st.dates(date(2020, 1, 1)).map(lambda day: day.replace(day=1)), st.uuids()
    ),
    notice_key=st.uuids().map(lambda key: f"{key.hex}.0"),
    address=st.just(ADDRESS),
    recipient_name=st.just("") | NAMES,
    subject=PHRASES,
    text=TEXTS,
    html=HTMLS,
    headers=HEADERS,
    attachments=st.lists(FILES | IMAGES, max_size=3).map(tuple),
)
EXAMPLE = Envelope(AttemptReference(date(2026, 11, 1), UUID(int=1)), "k.0", ADDRESS, "Анна", "Долг", "т\n")


def build(envelope: Envelope, *, when: datetime = WHEN) -> bytes:
    to = MailAddress(envelope.address, needs_smtputf8=False)
    return BUILDER.build(envelope, to, date=when, is_8bit=True)


class TestBytes:
    @settings(deadline=None, max_examples=300)
    @given(ENVELOPES)
    def test_they_are_those_of_the_standard_library(self, envelope: Envelope) -> None:
        expected = build_reference(
            envelope, date=WHEN, sender=(MAIL.from_name, MAIL.from_address), domain=MAIL.message_id_domain
        )
        assert build(envelope) == expected

    @settings(deadline=None)
    @given(ENVELOPES)
    def test_the_parser_writes_back_what_it_read(self, envelope: Envelope) -> None:
        content = build(envelope)
        message = message_from_bytes(content, policy=policy.compat32)
        assert message.defects == []
        assert message.as_bytes(policy=SEVEN_BIT_LINES) == content

    @given(st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)))
    def test_each_second_has_its_own_date(self, when: datetime) -> None:
        message = message_from_bytes(build(EXAMPLE, when=when), policy=policy.default)
        assert message["Date"].datetime == when.replace(microsecond=0)

    def test_the_same_envelope_gives_the_same_bytes(self) -> None:
        other = MessageBuilder(MAIL)
        to = MailAddress(ADDRESS, needs_smtputf8=False)
        assert other.build(EXAMPLE, to, date=WHEN, is_8bit=True) == build(EXAMPLE)

    def test_no_subject_of_another_message_is_taken(self) -> None:
        for number in range(600):  # more than are kept
            envelope = Envelope(EXAMPLE.attempt, "k", ADDRESS, "", f"Долг {number}", "т")
            message = message_from_bytes(build(envelope), policy=policy.default)
            assert message["Subject"] == f"Долг {number}"


class TestTransferEncoding:
    def test_base64_when_the_settings_say_so(self) -> None:
        builder = MessageBuilder(MailSettings(transfer_encoding="base64"))
        to = MailAddress(ADDRESS, needs_smtputf8=False)
        assert builder.build(EXAMPLE, to, date=WHEN, is_8bit=True).isascii()
