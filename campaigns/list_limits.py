"""How large a recipient list may be; beyond it the file is refused with a message that says what to do."""

from dataclasses import dataclass

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class ListLimits:
    """What is still a list. Bytes are of the file, unless said otherwise.

    A sheet is unpacked whole before its first row is known, some 100 bytes a cell: that happens in a
    process of its own under `sheet_memory_bytes`, so a spreadsheet made to burst only bursts itself.
    """

    file_bytes: int = 512 * MEGABYTE
    rows: int = 1_000_000
    columns: int = 200
    cell_chars: int = 4_000
    workbook_bytes: int = 128 * MEGABYTE
    unpacked_bytes: int = 1024 * MEGABYTE  #: of all parts of a workbook together
    unpacked_ratio: int = 200  #: unpacked to packed, of parts that are not small; real sheets reach 30
    workbook_parts: int = 2_000
    sheet_memory_bytes: int = 4096 * MEGABYTE
    sheet_seconds: int = 300
