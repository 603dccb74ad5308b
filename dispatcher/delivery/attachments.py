"""A recipient's bill: a PDF out of the one folder that is open to notices, or one fetched by its URL before.

The list is not trusted with the file system: its cell is a relative name, walked one step at a time with
`openat(O_NOFOLLOW)` from the folder's own descriptor. So neither `..` nor a link, even one put there between
check and use, leads out. Reading happens while a notice is rendered: no transaction is open then, and no
server is asked. What stands behind a URL was fetched beforehand (`dispatcher.delivery.bills`).
"""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final

from channels.port import Attachment
from dispatcher.delivery.bills.content import FetchedBill, attachment_of
from dispatcher.delivery.bills.states import BILL_WAITING, UNAVAILABLE, attachment_error
from dispatcher.delivery.bills.urls import NO_URLS, UrlRules, is_url, key_of
from templates.attachment_rules import AttachmentRule, IfMissing
from templates.errors import AttachmentError

PDF: Final = "application/pdf"
MAX_NAME_CHARS: Final = 200
MAX_DEPTH: Final = 4  #: folders below the folder, as billing systems sort by year and month
_MAGIC: Final = b"%PDF-"
_FORBIDDEN: Final = frozenset(("", ".", ".."))
_MISSING: Final = "attachment_missing"
#: An optional file may be missing in these ways, but it may not be a wrong one.
_MAY_BE_OMITTED: Final = frozenset({_MISSING, UNAVAILABLE})

Bills = Mapping[bytes, FetchedBill | str]  #: what a URL is known by → what was fetched, or why it was not
NO_BILLS: Final[Bills] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What is known of a notice's files before it is sent, as codes: what refuses it, what it waits for."""

    refused: str | None = None
    waits_for: str | None = None


class Attachments:
    """The files that go with notices, by name out of the folder or by URL."""

    def __init__(self, folder: "AttachmentFolder | None" = None, url_rules: UrlRules = NO_URLS) -> None:
        self._folder = folder or AttachmentFolder()
        self._url_rules = url_rules

    def collect(
        self, rules: Sequence[AttachmentRule], fields: Mapping[str, object], bills: Bills = NO_BILLS
    ) -> tuple[Attachment, ...]:
        """The files that a template wants for one recipient; raises `AttachmentError` as its rules say.

        `bill_waiting`: the bill behind a URL is not among `bills`, because it has not been fetched yet.
        """
        found = []
        for rule in rules:
            cell = fields.get(rule.field)
            try:
                found.append(self._fetched(cell, bills) if is_url(cell) else self._folder.read(cell))
            except AttachmentError as error:
                if error.code not in _MAY_BE_OMITTED or rule.if_missing is IfMissing.REFUSE:
                    raise
                if rule.if_missing is IfMissing.HOLD:
                    error.may_come = error.code == _MISSING
                    raise
        return tuple(found)

    def check(self, rules: Sequence[AttachmentRule], fields: Mapping[str, object]) -> FileCheck:
        """Look at the files of one recipient without reading them; bills by URL are yet to be fetched."""
        waits_for: str | None = None
        for rule in rules:
            cell = fields.get(rule.field)
            try:
                if is_url(cell):
                    self._url_rules.check(str(cell))
                    waits_for = BILL_WAITING
                else:
                    self._folder.look(cell)
            except AttachmentError as error:
                if error.code != _MISSING or rule.if_missing is IfMissing.REFUSE:
                    return FileCheck(refused=error.code)
                if rule.if_missing is IfMissing.HOLD:
                    waits_for = waits_for or _MISSING
        return FileCheck(waits_for=waits_for)

    def _fetched(self, cell: object, bills: Bills) -> Attachment:
        url = str(cell)
        self._url_rules.check(url)
        bill = bills.get(key_of(url))
        if bill is None:
            raise AttachmentError(
                "счёт по ссылке ещё не загружен: это делается перед отправкой",
                code=BILL_WAITING,
                may_come=True,
            )
        if isinstance(bill, str):
            raise attachment_error(bill)
        return attachment_of(bill, url)


class AttachmentFolder:
    """The folder of bills; without a directory every file is missing."""

    def __init__(self, directory: Path | None = None, max_bytes: int = 2_000_000) -> None:
        self._directory = directory
        self._max_bytes = max_bytes

    def read(self, name: object) -> Attachment:
        """One PDF by its name in the folder.

        Raises `AttachmentError`: `attachment_missing`, `attachment_bad_name` (out of the folder, a link, not
        a file), `attachment_too_large` or `attachment_not_pdf`. No message shows the name.
        """
        steps = _steps(name)
        with self._opened(steps) as file:
            content = file.read(self._max_bytes + 1)
            self._judge(content, len(content))
        return Attachment(steps[-1], PDF, content)

    def look(self, name: object) -> None:
        """Raise what `read` would raise, at the price of a few bytes."""
        with self._opened(_steps(name)) as file:
            self._judge(file.read(len(_MAGIC)), os.fstat(file.fileno()).st_size)

    def _judge(self, beginning: bytes, size: int) -> None:
        if size > self._max_bytes:
            raise AttachmentError(f"файл больше {self._max_bytes} байт", code="attachment_too_large")
        if not beginning.startswith(_MAGIC):
            raise AttachmentError("файл вложения не PDF", code="attachment_not_pdf")

    @contextmanager
    def _opened(self, steps: Sequence[str]) -> Iterator[BinaryIO]:
        if self._directory is None:
            raise _missing("папка вложений не задана (DISPATCHER_ATTACHMENTS__DIRECTORY)")
        try:
            descriptor = _open(self._directory, steps)
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                raise AttachmentError("это не обычный файл", code="attachment_bad_name")
            with os.fdopen(descriptor, "rb") as file:
                yield file
        except (FileNotFoundError, PermissionError) as error:
            raise _missing("файла нет в папке вложений или он закрыт для чтения") from error
        except OSError as error:  # ELOOP and ENOTDIR: a link, or a file where a folder should be
            raise AttachmentError("это не файл в папке вложений", code="attachment_bad_name") from error


def _open(directory: Path, steps: Sequence[str]) -> int:
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for step in steps[:-1]:
            inner = os.open(step, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        # Without O_NONBLOCK a pipe put there would hold the worker for ever.
        return os.open(steps[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)


def _steps(name: object) -> list[str]:
    if not isinstance(name, str) or not name.strip():
        raise _missing("в списке не назван файл вложения")
    steps = name.strip().split("/")
    is_odd = "\\" in name or ":" in name or any(not letter.isprintable() for letter in name)
    if is_odd or len(name) > MAX_NAME_CHARS or len(steps) > MAX_DEPTH or _FORBIDDEN.intersection(steps):
        raise AttachmentError("имя файла вложения нельзя использовать", code="attachment_bad_name")
    return steps


def _missing(message: str) -> AttachmentError:
    return AttachmentError(message, code=_MISSING)
