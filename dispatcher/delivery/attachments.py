"""Reading a recipient's PDF bill out of the one folder that is open to notices.

The list is not trusted with the file system: its cell is a relative name, walked one step at a time with
`openat(O_NOFOLLOW)` from the folder's own descriptor. So neither `..` nor a link, even one put there between
check and use, leads out. Reading happens while a notice is rendered: no transaction is open then.
"""

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from channels.port import Attachment
from templates.attachment_rules import AttachmentRule, IfMissing
from templates.errors import AttachmentError

PDF: Final = "application/pdf"
MAX_NAME_CHARS: Final = 200
MAX_DEPTH: Final = 4  #: folders below the folder, as billing systems sort by year and month
_MAGIC: Final = b"%PDF-"
_FORBIDDEN: Final = frozenset(("", ".", ".."))


class AttachmentFolder:
    """The folder of bills; without a directory every file is missing."""

    def __init__(self, directory: Path | None = None, max_bytes: int = 2_000_000) -> None:
        self._directory = directory
        self._max_bytes = max_bytes

    def collect(
        self, rules: Sequence[AttachmentRule], fields: Mapping[str, object]
    ) -> tuple[Attachment, ...]:
        """The files that a template wants for one recipient; raises `AttachmentError` as its rules say."""
        found = []
        for rule in rules:
            try:
                found.append(self.read(fields.get(rule.field)))
            except AttachmentError as error:
                if error.code != "attachment_missing" or rule.if_missing is IfMissing.REFUSE:
                    raise
                if rule.if_missing is IfMissing.HOLD:
                    error.may_come = True
                    raise
        return tuple(found)

    def read(self, name: object) -> Attachment:
        """One PDF by its name in the folder.

        Raises `AttachmentError`: `attachment_missing`, `attachment_bad_name` (out of the folder, a link, not
        a file), `attachment_too_large` or `attachment_not_pdf`. No message shows the name.
        """
        steps = _steps(name)
        if self._directory is None:
            raise _missing("папка вложений не задана (DISPATCHER_ATTACHMENTS__DIRECTORY)")
        try:
            content = self._read(self._directory, steps)
        except (FileNotFoundError, PermissionError) as error:
            raise _missing("файла нет в папке вложений или он закрыт для чтения") from error
        except OSError as error:  # ELOOP and ENOTDIR: a link, or a file where a folder should be
            raise AttachmentError("это не файл в папке вложений", code="attachment_bad_name") from error
        if not content.startswith(_MAGIC):
            raise AttachmentError("файл вложения не PDF", code="attachment_not_pdf")
        return Attachment(steps[-1], PDF, content)

    def _read(self, directory: Path, steps: Sequence[str]) -> bytes:
        folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for step in steps[:-1]:
                inner = os.open(step, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = inner
            # Without O_NONBLOCK a pipe put there would hold the worker for ever.
            file = os.open(steps[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        finally:
            os.close(folder)
        with os.fdopen(file, "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise AttachmentError("это не обычный файл", code="attachment_bad_name")
            content = opened.read(self._max_bytes + 1)
        if len(content) > self._max_bytes:
            raise AttachmentError(f"файл больше {self._max_bytes} байт", code="attachment_too_large")
        return content


def _steps(name: object) -> list[str]:
    if not isinstance(name, str) or not name.strip():
        raise _missing("в списке не назван файл вложения")
    steps = name.strip().split("/")
    is_odd = "\\" in name or ":" in name or any(not letter.isprintable() for letter in name)
    if is_odd or len(name) > MAX_NAME_CHARS or len(steps) > MAX_DEPTH or _FORBIDDEN.intersection(steps):
        raise AttachmentError("имя файла вложения нельзя использовать", code="attachment_bad_name")
    return steps


def _missing(message: str) -> AttachmentError:
    return AttachmentError(message, code="attachment_missing")
