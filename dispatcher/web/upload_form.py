"""A form with one file (RFC 7578), read as a stream: its fields first, then the file, never held in memory.

Frameworks read a whole form before any code of ours is asked. Here the fields that come before the file,
the form's token among them, are known before the first byte of the file is kept.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from dispatcher.core.errors import DispatcherError

MAX_FIELD_BYTES: Final = 8 * 1024  #: of all fields together


class BadFormError(DispatcherError):
    """Raised when the form is broken or has no file."""


class FormWithFile:
    """Reads one request. Call `to_file`, look at `fields`, then iterate over `chunks`."""

    def __init__(self, content_type: str, stream: AsyncIterator[bytes]) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise BadFormError("the form has no file")
        self._stream = stream
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
            },
        )
        self._header = [b"", b""]
        self._name = ""
        self._value = bytearray()
        self._is_file = False
        self._is_over = False
        self._waiting: list[bytes] = []
        self._fields: dict[str, str] = {}
        self._field_bytes = 0
        self.file_name: str | None = None

    @property
    def fields(self) -> Mapping[str, str]:
        """What came before the file."""
        return self._fields

    async def to_file(self) -> None:
        """Read up to the file; raises `BadFormError` when there is none."""
        while self.file_name is None:
            if not await self._read_on():
                raise BadFormError("the form has no file")

    async def chunks(self) -> AsyncIterator[bytes]:
        """The file; raises `BadFormError` when the form breaks off inside it."""
        while True:
            for chunk in self._waiting:
                yield chunk
            self._waiting.clear()
            if self._is_over:
                return
            if not await self._read_on():
                raise BadFormError("the form breaks off inside the file")

    async def _read_on(self) -> bool:
        async for chunk in self._stream:
            try:
                self._parser.write(chunk)
            except MultipartParseError as error:
                raise BadFormError("the form is broken") from error
            return True
        return False

    def _on_part_begin(self) -> None:
        self._name, self._is_file = "", False
        self._value.clear()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def _on_header_end(self) -> None:
        name, value = self._header
        self._header = [b"", b""]
        if name.lower() != b"content-disposition":
            return
        _, options = parse_options_header(value)
        self._name = options.get(b"name", b"").decode(errors="replace")
        if b"filename" in options and self.file_name is None:
            self._is_file = True
            self.file_name = options[b"filename"].decode(errors="replace")

    def _on_headers_finished(self) -> None:
        if not self._name:
            raise BadFormError("the form is broken")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._waiting.append(data[start:end])
            return
        self._field_bytes += end - start
        if self._field_bytes > MAX_FIELD_BYTES:
            raise BadFormError("the fields of the form are too long")
        self._value += data[start:end]

    def _on_part_end(self) -> None:
        if self._is_file:
            self._is_over = True
            self._is_file = False
        elif self.file_name is None:
            self._fields[self._name] = self._value.decode(errors="replace")
