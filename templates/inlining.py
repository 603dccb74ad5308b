"""Move the rules of `<style>` into `style` attributes when a version is saved: mail programs drop `<style>`.

An HTML parser does not know Jinja: it throws a `{% if %}` out of a table and writes `&lt;` into a condition.
So each construct is replaced by a mark that survives (a comment between tags, a word inside quotes) and put
back; were one lost or moved, the text would be refused, never changed in silence. Nothing is ever fetched.
"""

import re
from typing import Final

from css_inline import CSSInliner, InlineError

from templates.errors import ForbiddenConstructError, TemplateSourceError

_JINJA: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.S)
_STYLE: Final = re.compile(r"<style\b", re.I)
_OUTSIDE: Final = re.compile(r"<link\b[^>]*stylesheet|@import\b", re.I)
_RAW_ELEMENT: Final = re.compile(r"<(style|title|textarea|script)\b[^>]*>.*?</\1\s*>", re.I | re.S)
_TAG: Final = re.compile(r"<[a-zA-Z/!](?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_MARK: Final = re.compile(r"<!--jinja(\d+)x-->|jinja(\d+)x")
_PLAIN: Final = "\x02{}\x03"
_PLAIN_MARK: Final = re.compile("\x02(\\d+)\x03")

_INLINER: Final = CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


def inline_css(html: str) -> str:
    """The same document with its rules in `style` attributes; unchanged when it has no `<style>`.

    `@media` rules stay. Raises `ForbiddenConstructError` for style sheets from outside and
    `TemplateSourceError` where template code stands in a tag but not in quotes.
    """
    if _OUTSIDE.search(html):
        raise ForbiddenConstructError("стили со стороны не загружаются: вставьте их в <style>", part="html")
    if not _STYLE.search(html):
        return html
    found: list[str] = []
    marked = _marked(_JINJA.sub(lambda match: _keep(match.group(), found), html))
    try:
        inlined = _INLINER.inline(marked)
    except InlineError as exc:
        raise TemplateSourceError("стили <style> не читаются", part="html") from exc
    numbers = [int(one or other) for one, other in _MARK.findall(inlined)]
    if numbers != list(range(len(found))):
        raise TemplateSourceError("разметка HTML сломана: код шаблона попал бы не на своё место", part="html")
    return _MARK.sub(lambda match: found[int(match.group(1) or match.group(2))], inlined)


def _keep(construct: str, found: list[str]) -> str:
    found.append(construct)
    return _PLAIN.format(len(found) - 1)


def _marked(html: str) -> str:
    """Choose each mark by where it stands: word in raw elements and quotes, comment between tags."""
    if _MARK.search(html):
        raise TemplateSourceError("слово «jinja…x» занято", part="html")
    html = _RAW_ELEMENT.sub(lambda match: _as_words(match.group()), html)
    html = _TAG.sub(lambda match: _QUOTED.sub(lambda quoted: _as_words(quoted.group()), match.group()), html)
    for tag in _TAG.findall(html):
        if _PLAIN_MARK.search(tag):
            raise TemplateSourceError(
                'внутри тега код шаблона может стоять только в кавычках: class="{{ … }}"', part="html"
            )
    return _PLAIN_MARK.sub(r"<!--jinja\1x-->", html)


def _as_words(text: str) -> str:
    return _PLAIN_MARK.sub(r"jinja\1x", text)
