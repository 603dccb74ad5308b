"""The HTML of a built-in text, laid out from its plain text: both say the same because there is one source.

The plain text is read by its shape. Blocks are parted by empty lines: a greeting, who writes, a heading,
then what follows; «Название: {{ поле }}» lines stand in a table, «- …» lines in a list, a line that ends in
a link field is a button, and the last block is the small print. Lines of tags (`{% if … %}`) stay in place.
"""

import re
from collections.abc import Callable
from html import escape
from typing import Final

_CODE: Final = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})")
_TAG_LINE: Final = re.compile(r"\s*\{%.*%\}\s*")
_ROW: Final = re.compile(r"([^:{}]{2,60}): (.*\{\{.*)")
_LINK: Final = re.compile(r"([^:{}]{2,60}): (\{\{ \w+_url \}\})")
_BUTTON: Final = (
    "display:inline-block;padding:10px 20px;background:#1a5fb4;color:#ffffff;border-radius:6px;"
    "text-decoration:none;font-weight:bold;"
)
_CELL: Final = "border-top:1px solid #d9dee3;vertical-align:top;"
_FONT: Final = "font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5;"
_HEAD: Final = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
<style>
@media (prefers-color-scheme: dark) {{
  .page {{ background: #14181d !important; }}
  .card {{ background: #1f252c !important; color: #e8eaed !important; border-color: #3a424c !important; }}
  .soft {{ color: #a9b1ba !important; }}
  .line {{ border-color: #3a424c !important; }}
  .link {{ color: #8ab4f8 !important; }}
}}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f2f4f6;">
<div class="page" style="padding:16px 8px;background:#f2f4f6;">
<div class="card" style="max-width:560px;margin:0 auto;padding:20px;background:#ffffff;color:#1c2127;\
border:1px solid #d9dee3;border-radius:8px;{font}">
"""
_FOOT: Final = "</div>\n</div>\n</body>\n</html>\n"
_QR: Final = """{% if payment_qr | d %}
<p style="margin:0 0 16px;"><img src="{{ payment_qr }}" width="220" height="220" alt="QR" \
style="background:#ffffff;padding:8px;"></p>
{% endif %}
"""


def lay_out(text: str, language: str) -> str:
    """The HTML source of a plain-text source of the shape above."""
    blocks = [block.split("\n") for block in text.strip("\n").split("\n\n")]
    *body, small = blocks
    title = body[2][0]
    parts = [_HEAD.format(language=language, title=_escape(title), font=_FONT)]
    for place, block in enumerate(body):
        parts.append(_heading(title) if place == 2 else _block(block))
    return "".join((*parts, _small_print(small), _FOOT))


def _block(lines: list[str]) -> str:
    # What closes a condition of the block before stands in front of the table or list, not inside it.
    closing = []
    while lines and _TAG_LINE.fullmatch(lines[0]) and "endif" in lines[0]:
        closing.append(lines.pop(0))
    before = "".join(f"{tag}\n" for tag in closing)
    said = [line for line in lines if not _TAG_LINE.fullmatch(line)]
    if any(_LINK.fullmatch(line) for line in said):
        return before + _lines(lines, _button)
    if said and all(_ROW.fullmatch(line) for line in said):
        return before + _table(lines)
    if any(line.startswith("- ") for line in said):
        return before + _list(lines)
    if len(said) == len(lines):
        joined = "<br>\n".join(map(_escape, lines))
        return f'{before}<p style="margin:0 0 16px;">{joined}</p>\n'
    return before + _lines(lines, _paragraph)


def _lines(lines: list[str], put: Callable[[str], str]) -> str:
    return "".join(f"{line}\n" if _TAG_LINE.fullmatch(line) else put(line) for line in lines)


def _heading(line: str) -> str:
    return f'<h1 style="margin:0 0 12px;font-size:20px;line-height:1.3;">{_escape(line)}</h1>\n'


def _paragraph(line: str) -> str:
    return f'<p style="margin:0 0 16px;">{_escape(line)}</p>\n'


def _button(line: str) -> str:
    found = _LINK.fullmatch(line)
    if found is None:
        return _paragraph(line)
    button = (
        f'<p style="margin:8px 0 16px;"><a href="{found[2]}" style="{_BUTTON}">{_escape(found[1])}</a></p>\n'
    )
    return button + (_QR if "payment_url" in line else "")


def _row(line: str) -> str:
    label, value = line.split(": ", 1)
    return (
        f'<tr><td class="line soft" style="padding:8px 12px 8px 0;color:#5a6470;{_CELL}">'
        f'{_escape(label)}</td><td class="line" style="padding:8px 0;{_CELL}">{_escape(value)}</td></tr>\n'
    )


def _table(lines: list[str]) -> str:
    opening = (
        '<table role="presentation" cellpadding="0" cellspacing="0"'
        ' style="width:100%;margin:0 0 16px;border-collapse:collapse;font-size:16px;">\n'
    )
    return f"{opening}{_lines(lines, _row)}</table>\n"


def _list(lines: list[str]) -> str:
    lead = [line for line in lines if not line.startswith("- ")]
    items = [line[2:] for line in lines if line.startswith("- ")]
    before = "".join(f'<p style="margin:0 0 4px;font-weight:bold;">{_escape(line)}</p>\n' for line in lead)
    return (
        before
        + '<ul style="margin:0 0 16px;padding-left:20px;">\n'
        + "".join(f"<li>{_escape(item)}</li>\n" for item in items)
        + "</ul>\n"
    )


def _small_print(lines: list[str]) -> str:
    words, link = lines
    return (
        f'<p class="soft line" style="margin:16px 0 0;padding:12px 0 0;border-top:1px solid #d9dee3;'
        f'font-size:13px;color:#5a6470;">{_escape(words)}<br>\n'
        f'<a class="link" href="{link}" style="color:#1a5fb4;">{link}</a></p>\n'
    )


def _escape(text: str) -> str:
    """Words are escaped here; what fields hold is escaped when a letter is made."""
    parts = _CODE.split(text)
    return "".join(part if _CODE.fullmatch(part) else escape(part, quote=False) for part in parts)
