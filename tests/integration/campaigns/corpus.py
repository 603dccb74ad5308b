"""Awkward files, made by code: every encoding, trap and kind of workbook, each with what must come of it.

`Case.expected` is (recipients, rejected rows, reasons in order of the report), or the code of the error
that refuses the whole file.
"""

import datetime
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter
import xlwt

HEADER = ("Лицевой счёт", "Код абонента", "ФИО", "Адрес", "E-mail", "Телефон", "Сумма долга", "Срок оплаты")
OMSK = "г. Омск, ул. Тихая, д. 1"
Expected = tuple[int, int, list[str]] | str


@dataclass(frozen=True)
class Case:
    """One file."""

    name: str
    write: Callable[[Path], object]
    expected: Expected
    encoding: str | None = None
    sheet: str | None = None


def line(account="0000000001", person="", name="Иванова Мария Ивановна", address=OMSK, **rest):
    values = {"email": "maria@mail.example", "phone": "8 (900) 123-45-67", "debt": "1 200,50", **rest}
    return [
        *(account, person, name, address),
        *(values["email"], values["phone"], values["debt"], values.get("due", "25.12.2026")),
    ]


def text(*lines, encoding="utf-8-sig", delimiter=";", end="\r\n", header=HEADER, before="", after=""):
    rows = [list(header), *lines]
    content = before + "".join(delimiter.join(row) + end for row in rows) + after
    return lambda path: path.write_bytes(content.encode(encoding))


def raw(content: bytes):
    return lambda path: path.write_bytes(content)


def xlsx(*rows, header=HEADER, hidden=(), first=None, formats=None, sheet="Список"):
    def write(path):
        with xlsxwriter.Workbook(str(path)) as book:
            if first:
                book.add_worksheet(first).write(0, 0, "Просто записка")
            page = book.add_worksheet(sheet)
            day = book.add_format({"num_format": "dd.mm.yyyy"})
            for number, row in enumerate([header, *rows]):
                for column, cell in enumerate(row):
                    if isinstance(cell, datetime.date):
                        page.write_datetime(number, column, cell, day)
                    elif isinstance(cell, str) and cell.startswith("="):
                        page.write_formula(number, column, cell, None, "0")
                    elif cell != "":
                        page.write(number, column, cell)
            for name in hidden:
                page = book.add_worksheet(name)
                page.hide()
                page.write_row(0, 0, HEADER)
                page.write_row(1, 0, line("666"))

    return write


def xls(*rows):
    def write(path):
        book = xlwt.Workbook()
        page = book.add_sheet("Лист1")
        style = xlwt.easyxf(num_format_str="DD.MM.YYYY")
        for number, row in enumerate([HEADER, *rows]):
            for column, cell in enumerate(row):
                if isinstance(cell, datetime.date):
                    page.write(number, column, cell, style)
                else:
                    page.write(number, column, cell)
        book.save(str(path))

    return write


_ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_ODS = """<?xml version="1.0" encoding="UTF-8"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:body>
 <office:spreadsheet><table:table table:name="Лист1">{rows}</table:table></office:spreadsheet>
 </office:body></office:document-content>"""


def ods(*rows, encrypted=False):
    def cell(value):
        if isinstance(value, datetime.date):
            return f'<table:table-cell office:value-type="date" office:date-value="{value}"/>'
        if isinstance(value, (int, float)):
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    body = "".join(
        "<table:table-row>" + "".join(map(cell, row)) + "</table:table-row>" for row in (HEADER, *rows)
    )
    entry = '<manifest:encryption-data manifest:checksum="x"/>' if encrypted else ""
    parts = {
        "mimetype": _ODS_TYPE,
        "content.xml": _ODS.format(rows=body),
        "META-INF/manifest.xml": '<?xml version="1.0"?><manifest:manifest xmlns:manifest='
        f'"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{entry}</manifest:manifest>',
    }
    return lambda path: path.write_bytes(archive(parts))


def archive(parts, compression=zipfile.ZIP_DEFLATED):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return packed.getvalue()


def truncated(write, share=0.6):
    def cut(path):
        write(path)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return cut


def encrypted_xlsx(path):
    """The outside of a workbook with a password: an OLE container with the stream EncryptedPackage."""
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le")
    )


def huge_sheet(path):
    """A few hundred bytes that claim a sheet of seventeen billion cells."""
    xlsx(line())(path)
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    name = "xl/worksheets/sheet1.xml"
    parts[name] = parts[name].replace(b"</sheetData>", far)
    path.write_bytes(archive(parts))


GOOD, OTHER = line(), line("0000000002", name="Петров Пётр Петрович", email="petr@mail.example")
PREAMBLE = "ООО «Энергосбыт»;;;\r\nОтчёт по задолженности;;;\r\nПериод: ноябрь 2026;;;\r\n\r\n"
TOTALS = ";;Итого;;;;2 401,00;\r\nГлавный бухгалтер;;;;;;;\r\n"
DAY = datetime.date(2026, 12, 25)
ZERO_LED = [line(f"{n:010d}", name=f"Абонент Номер {n}") for n in range(1, 13)]

CASES = [
    # encodings
    Case("utf-8.csv", text(GOOD, OTHER, encoding="utf-8"), (2, 0, [])),
    Case("utf-8-bom.csv", text(GOOD, OTHER), (2, 0, [])),
    Case("utf-16.csv", text(GOOD, OTHER, encoding="utf-16"), (2, 0, [])),
    Case("utf-16-le-no-mark.csv", text(GOOD, OTHER, encoding="utf-16-le"), (2, 0, [])),
    Case("utf-16-be-no-mark.csv", text(GOOD, OTHER, encoding="utf-16-be"), (2, 0, [])),
    Case("cp1251.csv", text(GOOD, OTHER, encoding="cp1251"), (2, 0, [])),
    Case("cp866.csv", text(GOOD, OTHER, encoding="cp866"), (2, 0, [])),
    Case("koi8-r.csv", text(GOOD, OTHER, encoding="koi8-r"), (2, 0, [])),
    Case("named-koi8.csv", text(GOOD, encoding="koi8-r"), (1, 0, []), encoding="koi8-r"),
    Case("mac.csv", text(GOOD, OTHER, encoding="mac_cyrillic"), "encoding_unknown"),
    # delimiters and shape
    Case(
        "comma.csv", text(["1", "", "Иванов", "Омск", "a@b.example", "", "5", ""], delimiter=","), (1, 0, [])
    ),
    Case("tab.tsv", text(GOOD, OTHER, delimiter="\t"), (2, 0, [])),
    Case("sep.csv", text(GOOD, before="sep=;\r\n"), (1, 0, [])),
    Case("old-mac-lines.csv", text(GOOD, OTHER, end="\r"), (2, 0, [])),
    Case("1c.csv", text(GOOD, OTHER, before=PREAMBLE, after=TOTALS), (2, 0, ["totals_row", "footer_row"])),
    Case("numbered.csv", text([str(n) for n in range(1, 9)], GOOD, OTHER), (2, 0, ["numbering_row"])),
    Case("quotes.csv", text(GOOD, ['0000000003;"Иванов" И;;;;;;']), (1, 1, ["bad_quotes"])),
    Case("open-quote.csv", text(GOOD, ['3;"Иванов;;;;;;']), "quote_open"),
    Case("cut.csv", text(GOOD, after="0000000002;;Петров Пётр;г. Ом"), (1, 1, ["row_cut"])),
    # values
    Case(
        "spoiled.csv",
        text(GOOD, line("1,23E+12"), line("1234567,00")),
        (1, 2, ["account_scientific", "account_decimal"]),
    ),
    Case("zeros.csv", text(*ZERO_LED, line("123456")), (12, 1, ["account_zeros_lost"])),
    Case("twice.csv", text(GOOD, OTHER, GOOD), (2, 1, ["duplicate_account"])),
    Case(
        "two-names.csv",
        text(line("1", "A1"), line("2", "A1", "Сидоров Сидор")),
        (2, 0, ["person_two_names"]),
    ),
    Case(
        "contacts.csv",
        text(line(email='"bad; good@mail.example, more@mail.example"', phone="12 / 8 900 123-45-67 доб. 12")),
        (1, 0, ["email_bad", "phone_bad", "phone_extension"]),
    ),
    Case("typo.csv", text(line(email="ivan@gmail.con")), (1, 0, ["email_typo"])),
    Case("idn.csv", text(line(email="ivan@почта.рф")), (1, 0, [])),
    Case("no-zone.csv", text(line(address="ул. Тихая")), (1, 0, ["zone_default"])),
    Case("serial.csv", text(line(due="46381")), (1, 0, ["date_serial"])),
    Case(
        "sums.csv",
        text(line(debt="1,200"), line("2", debt="-5"), line("3", debt="1200,5")),
        (1, 2, ["sum_ambiguous", "sum_negative"]),
    ),
    Case("foreign-phone.csv", text(line(phone="7 777 123-45-67")), (1, 0, ["phone_other_country"])),
    Case("formula.csv", text(line(name="=cmd|' /C calc'!A0")), (1, 0, [])),
    # workbooks
    Case("typed.xlsx", xlsx([1234567, "A1", "Иванов", OMSK, "a@b.example", "", 1200.5, DAY]), (1, 0, [])),
    Case("text.xlsx", xlsx(GOOD, OTHER), (2, 0, [])),
    Case("second-sheet.xlsx", xlsx(GOOD, first="Титул", hidden=["Старое"]), (1, 0, [])),
    Case("hidden-by-name.xlsx", xlsx(GOOD, hidden=["Старое"]), (1, 0, []), sheet="Старое"),
    Case("no-such-sheet.xlsx", xlsx(GOOD), "sheet_unknown", sheet="Нет"),
    Case("lost-zeros.xlsx", xlsx(GOOD, [2, *OTHER[1:]]), (1, 1, ["account_zeros_lost"])),
    Case(
        "too-long-number.xlsx", xlsx([12345678901234567890, *GOOD[1:]], OTHER), (1, 1, ["account_scientific"])
    ),
    Case("formula.xlsx", xlsx([*GOOD[:6], "=1000+200", DAY]), (1, 0, [])),
    Case("serial.xlsx", xlsx([*GOOD[:7], 46381]), (1, 0, [])),
    Case("typed.xls", xls([1234567, "A1", "Иванов", OMSK, "a@b.example", "", 1200.5, DAY]), (1, 0, [])),
    Case("typed.ods", ods([1234567, "A1", "Иванов", OMSK, "a@b.example", "", 1200.5, DAY]), (1, 0, [])),
    # no lists
    Case("encrypted.xlsx", encrypted_xlsx, "encrypted"),
    Case("encrypted.ods", ods(GOOD, encrypted=True), "encrypted"),
    Case("truncated.xlsx", truncated(xlsx(GOOD)), "workbook_broken"),
    Case("truncated.xls", truncated(xls(GOOD), 0.1), "binary"),
    Case("bomb.xlsx", raw(archive({"xl/workbook.xml": "x", "bomb": bytes(50_000_000)})), "zip_bomb"),
    Case("parts.xlsx", raw(archive({f"{n}": "" for n in range(15_000)})), "zip_bomb"),
    Case("huge-sheet.xlsx", huge_sheet, "workbook_too_large"),
    Case("other.docx", raw(archive({"word/document.xml": "<w/>"})), "binary"),
    Case("page.xls", raw("<html><table><tr><td>ФИО</td></tr></table>".encode()), "binary"),
    Case("no-header.csv", text(GOOD, OTHER, header=line("0000000009")), "missing_column"),
    Case("no-good-row.csv", text(line("1,2E+9")), "no_good_rows"),
]
