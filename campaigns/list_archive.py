"""Is this workbook safe to open: a bomb, a broken archive, an encrypted or a foreign document?

All of it is checked before the reader of sheets sees the file. The parts of a ZIP are unpacked once in
pieces: `zipfile` never yields more than the directory declares and checks the sum, so an archive that
passes unpacks to what it says and no more. External links and macros are parts that nobody reads.
"""

import struct
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from campaigns.list_encoding import SAVE_AS
from campaigns.list_errors import ListFileError
from campaigns.list_limits import MEGABYTE, ListLimits

ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0"

_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x06"
_LOCATOR_64 = b"PK\x06\x07"
_TAIL_BYTES = 66_000  #: the end record and its longest comment
_DIRECTORY_BYTES_A_PART = 600
_SMALL_PART = MEGABYTE
_ODS_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_MANIFEST = "META-INF/manifest.xml"
_SCAN_BYTES = 1 << 20


def check_workbook(path: Path, limits: ListLimits) -> str:
    """Return the kind of the workbook (`xlsx`, `ods`, `xls`); raises `ListFileError` with what to do."""
    if path.stat().st_size > limits.workbook_bytes:
        limit = limits.workbook_bytes // MEGABYTE
        raise ListFileError("too_large", f"Книга больше {limit} МБ. Сохраните лист как CSV или разделите.")
    with path.open("rb") as file:
        if file.read(4) == OLE_MAGIC:
            return _check_ole(file)
        try:
            return _check_zip(file, limits)
        except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError) as exc:
            raise broken_workbook() from exc
        except (NotImplementedError, RuntimeError) as exc:
            # zipfile's words for "encrypted" and for a method it does not know
            raise encrypted_workbook() from exc


def broken_workbook() -> ListFileError:
    """The message for a file that is damaged or was not copied whole."""
    return ListFileError(
        "workbook_broken",
        f"Книга повреждена или скачана не целиком. {SAVE_AS}",
    )


def encrypted_workbook() -> ListFileError:
    """The message for a workbook behind a password."""
    return ListFileError("encrypted", "Книга защищена паролем. Снимите пароль и загрузите снова.")


def _check_zip(file: BinaryIO, limits: ListLimits) -> str:
    _check_directory(file, limits)
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if len(parts) > limits.workbook_parts:
            raise _bomb()
        if sum(part.file_size for part in parts) > limits.unpacked_bytes or any(
            part.file_size > _SMALL_PART
            and part.file_size > limits.unpacked_ratio * max(1, part.compress_size)
            for part in parts
        ):
            raise _bomb()
        if any(part.flag_bits & 1 for part in parts):
            raise encrypted_workbook()
        kind = _kind(archive)
        if archive.testzip() is not None:
            raise broken_workbook()
    return kind


def _check_directory(file: BinaryIO, limits: ListLimits) -> None:
    """The directory is read into memory whole, so its size is looked at first."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read()
    end = tail.rfind(_END)
    if end < 0:
        raise broken_workbook()
    directory = struct.unpack_from("<L", tail, end + 12)[0]
    if tail[max(0, end - 20) : end].startswith(_LOCATOR_64):
        file.seek(struct.unpack_from("<Q", tail, end - 12)[0])
        record = file.read(56)
        if not record.startswith(_END_64):
            raise broken_workbook()
        directory = struct.unpack_from("<Q", record, 40)[0]
    if directory > limits.workbook_parts * _DIRECTORY_BYTES_A_PART:
        raise _bomb()


def _kind(archive: zipfile.ZipFile) -> str:
    names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "mimetype" in names and archive.read("mimetype").strip().startswith(_ODS_TYPE):
        if _MANIFEST in names and b"encryption-data" in archive.read(_MANIFEST):
            raise encrypted_workbook()
        return "ods"
    raise ListFileError("binary", f"Это архив ZIP или другой документ, а не список. {SAVE_AS}")


def _bomb() -> ListFileError:
    return ListFileError("zip_bomb", f"В распакованном виде книга слишком велика: она не открыта. {SAVE_AS}")


def _check_ole(file: BinaryIO) -> str:
    names = {name: name.encode("utf-16-le") for name in ("EncryptedPackage", "Workbook", "Book")}
    found = set[str]()
    file.seek(0)
    rest = b""
    while chunk := file.read(_SCAN_BYTES):
        found |= {name for name, coded in names.items() if coded in rest + chunk}
        rest = chunk[-64:]
    if "EncryptedPackage" in found:
        raise encrypted_workbook()
    if not found:
        raise ListFileError("binary", f"Это документ старого Office, но не книга Excel. {SAVE_AS}")
    return "xls"
