"""Everything held about one person, table by table, as a document for a machine and a page for a person.

The register says which rows they are and, for every field, for what purpose, on what ground and how long it
is held. What was sent is shown as it was sent: decompressed, whole. Rows are read one after the other, so a
person with thousands of letters does not fill the memory.
"""

import html
import json
import zlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from dispatcher.core.db import SECRET_KEYS_FACT
from dispatcher.core.settings import RetentionSettings
from dispatcher.delivery.calls.recordings import DamagedRecordingError, RecordingSeal
from dispatcher.privacy.kinds import RULES, DataKind, in_words
from dispatcher.privacy.register import ABOUT_PEOPLE, Held
from dispatcher.privacy.subject import Subject, find_subject
from dispatcher.privacy.tables import table_named
from reports.words import Language

FORMAT: Final = "dispatcher-person-export.1"
ROWS_AT_ONCE: Final = 50  #: a row of content may hold a file of two megabytes
_WORDS: Final = {
    "title": ("Данные об абоненте", "Дані про споживача", "Data held about a person"),
    "field": ("Поле", "Поле", "Field"),
    "value": ("Значение", "Значення", "Value"),
    "purpose": ("Зачем", "Навіщо", "Purpose"),
    "ground": ("Основание", "Підстава", "Legal ground"),
    "kept": ("Хранится", "Зберігається", "Kept"),
    "service": ("служебное поле", "службове поле", "for the work of the system"),
    "nothing": ("нет записей", "немає записів", "no records"),
}


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What is said beside a field."""

    name: str
    kind: DataKind | None
    title: str
    purpose: str
    ground: str
    kept: str


def field_rules(held: Held, retention: RetentionSettings, language: Language) -> list[FieldRule]:
    """The purpose, ground and term of every field of a table, in the order of its columns."""
    return [
        _field_rule(column.name, held.personal.get(column.name), retention, language)
        for column in table_named(held.table).columns
    ]


def write_json(
    session: Session, person: UUID, file: IO[str], retention: RetentionSettings, *, now: datetime
) -> int:
    """Write the whole export; returns how many rows. Raises `UnknownPersonError`."""
    subject = find_subject(session, person)
    head = {"format": FORMAT, "person_id": str(person), "made_at": now.isoformat()}
    file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "held": [')
    rows = 0
    for place, held in enumerate(ABOUT_PEOPLE):
        fields = [_plain_rule(rule) for rule in field_rules(held, retention, "ru")]
        opened = {"table": held.table, "fields": fields}
        file.write((", " if place else "") + json.dumps(opened, ensure_ascii=False)[:-1] + ', "rows": [')
        for number, row in enumerate(read_rows(session, held, subject)):
            file.write((",\n" if number else "\n") + json.dumps(row, ensure_ascii=False))
            rows += 1
        file.write("]}")
    file.write("]}\n")
    return rows


def write_html(
    session: Session,
    person: UUID,
    file: IO[str],
    retention: RetentionSettings,
    *,
    language: Language,
    now: datetime,
) -> int:
    """The same for reading: one page without scripts or links; returns how many rows."""
    subject = find_subject(session, person)
    words = {key: in_words(said, language) for key, said in _WORDS.items()}
    file.write(
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{words["title"]}</title>'
        f"<h1>{words['title']}</h1><p>{person} · {now:%Y-%m-%d %H:%M} UTC</p>"
    )
    rows = sum(_write_table(session, file, held, subject, retention, language) for held in ABOUT_PEOPLE)
    file.write("</html>\n")
    return rows


def read_rows(session: Session, held: Held, subject: Subject) -> Iterator[dict[str, Any]]:
    """The person's rows of one table, as plain values."""
    table = table_named(held.table)
    names = ", ".join(f't."{column.name}"' for column in table.columns)
    order = ", ".join(f't."{column.name}"' for column in table.primary_key)
    # The register is ours: no value of anybody stands in the statement.
    query = f"SELECT {names} FROM {held.table} t WHERE {held.where} ORDER BY {order}"  # noqa: S608
    found = session.execute(text(query), subject.parameters(), execution_options={"yield_per": ROWS_AT_ONCE})
    for row in found.mappings():
        plain = {name: _plain(held.table, name, value) for name, value in row.items()}
        if held.table == "call_recording":
            plain["sealed"] = _recording(session, row["attempt_id"], row["sealed"])
        yield plain


def _write_table(
    session: Session,
    file: IO[str],
    held: Held,
    subject: Subject,
    retention: RetentionSettings,
    language: Language,
) -> int:
    words = {key: in_words(said, language) for key, said in _WORDS.items()}
    rules = {rule.name: rule for rule in field_rules(held, retention, language)}
    head = "".join(f"<th>{words[name]}</th>" for name in ("field", "value", "purpose", "ground", "kept"))
    file.write(f"<h2>{held.table}</h2>")
    rows = 0
    for row in read_rows(session, held, subject):
        rows += 1
        file.write(f'<table border="1"><tr>{head}</tr>')
        for name, value in row.items():
            rule = rules[name]
            said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            beside = (rule.purpose or words["service"], rule.ground, rule.kept)
            cells = "".join(f"<td>{html.escape(one)}</td>" for one in beside)
            file.write(f"<tr><th>{name}</th><td><pre>{html.escape(said)}</pre></td>{cells}</tr>")
        file.write("</table><br>")
    if not rows:
        file.write(f"<p>{words['nothing']}</p>")
    return rows


def _field_rule(
    name: str, kind: DataKind | None, retention: RetentionSettings, language: Language
) -> FieldRule:
    if kind is None:
        return FieldRule(name, None, "", "", "", "")
    rule = RULES[kind]
    return FieldRule(
        name,
        kind,
        in_words(rule.title, language),
        in_words(rule.purpose, language),
        in_words(rule.ground, language),
        kept_for(kind, retention, language),
    )


def kept_for(kind: DataKind, retention: RetentionSettings, language: Language) -> str:
    """How long, in words."""
    setting = RULES[kind].setting
    if not setting:
        return in_words(("до удаления по требованию", "до видалення на вимогу", "until erased"), language)
    days = getattr(retention, setting)
    return in_words((f"{days} дн.", f"{days} дн.", f"{days} days"), language)


def _plain_rule(rule: FieldRule) -> Mapping[str, Any]:
    if rule.kind is None:
        return {"name": rule.name, "personal": False}
    return {
        "name": rule.name,
        "personal": True,
        "kind": rule.kind.value,
        "purpose": rule.purpose,
        "ground": rule.ground,
        "kept": rule.kept,
    }


def _plain(table: str, name: str, value: Any) -> Any:
    if isinstance(value, (bytes, memoryview)):
        return _bytes_in_words(table, name, bytes(value))
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    if isinstance(value, list):
        return [_plain(table, name, one) for one in value]
    return value


def _recording(session: Session, attempt: UUID, sealed: bytes) -> str:
    """The sound as a WAV file in base64; one that does not open stops no export."""
    present, *former = session.info[SECRET_KEYS_FACT]
    try:
        return b64encode(RecordingSeal(present, former).open(attempt, sealed)).decode("ascii")
    except DamagedRecordingError as error:
        return str(error)


def _bytes_in_words(table: str, name: str, value: bytes) -> str:
    """Text where it is text, base64 for files, hexadecimal digits for hashes."""
    if (table, name) == ("attempt_content", "content"):
        return zlib.decompress(value).decode("utf-8", "replace")
    if (table, name) == ("bill_content", "content"):
        return b64encode(value).decode("ascii")
    return value.decode("utf-8", "replace") if name == "raw" else value.hex()
