"""What a notice must not say, and what it must (requirements 37–42; law 38-FZ, article 18; `domain.md` 4.2).

Asked when staff save a text and when a run is made of it, never per message. Only the words of the text
itself are read: what fields hold is judged with the list.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

from templates.advertising_words import advertising_words
from templates.bundled import channel_of
from templates.call_lint import HEARD_BY_ALL, check_call_rules
from templates.call_template import call_of
from templates.errors import NoticeRuleError
from templates.notice_fields import field_title
from templates.notice_kinds import mandatory_items
from templates.personal_fields import tells_of_person
from templates.rendering import CompiledTemplate, TemplateText

_CODE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_UNSEEN: Final = re.compile(r"<(style|script|head)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_MARKUP: Final = re.compile(r"<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>", re.DOTALL)
#: A link of a text or of an attribute: what stands together without spaces, with the code inside it.
_TOGETHER: Final = re.compile(r"(?:\{\{.*?\}\}|\{%.*?%\}|[^\s\"'<>])+", re.DOTALL)
_SCHEME: Final = re.compile(r"https?://|www\.|mailto:|tel:|sms:", re.IGNORECASE)
_NAME: Final = re.compile(r"[^\W\d]\w*")
_LITERALS: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_OUR_LINKS: Final = frozenset(("payment_url", "payment_qr", "unsubscribe_url"))  #: made by us, with tokens
_LITERAL_DATA: Final = (
    (re.compile(r"[?&#;/=][\w.+-]+(?:@|%40)[\w-]+\.\w", re.IGNORECASE), "адрес e-mail"),
    (re.compile(r"(?<!\d)(?:\+|%2B)?(?:7|8|38)\d{10}(?!\d)"), "номер телефона"),
    (
        re.compile(
            r"[?&#;](?:account|acc|ls|lc|contract|phone|tel|email|fio|name|sum|amount|debt)=[^&#\s]+",
            re.IGNORECASE,
        ),
        "личные данные",
    ),
)


def check_notice(
    name: str, texts: TemplateText, template: CompiledTemplate, *, advertising_accepted: bool = False
) -> None:
    """Raise `NoticeRuleError` for the first rule that a text breaks, with part, line and the word.

    `advertising_accepted`: an administrator said, on record, that its words are no advertising.
    """
    check_mandatory(name, template)
    if channel_of(name) == "voice":
        check_call_rules(call_of(template))
    for part, source in _parts(texts):
        _check_links(part, source)
        if not advertising_accepted:
            _check_words(part, source, template.language)


def check_mandatory(name: str, template: CompiledTemplate) -> None:
    """Raise `NoticeRuleError` when a part of the text leaves out a mandatory item of its kind."""
    for part, fields in missing_items(name, template).items():
        titles = ", ".join(f"«{field_title(field)}» ({{{{ {field} }}}})" for field in fields)
        raise NoticeRuleError(f"нет обязательных сведений: {titles}", rule="mandatory_item", part=part)


def missing_items(name: str, template: CompiledTemplate) -> dict[str, tuple[str, ...]]:
    """Part → the mandatory items that it never prints; empty when all is there."""
    if channel_of(name) == "voice":
        printed = call_of(template).printed_in(*HEARD_BY_ALL)
        lacking = tuple(field for field in mandatory_items(name) if field not in printed)
        return {"text": lacking} if lacking else {}
    found: dict[str, list[str]] = {}
    for field in mandatory_items(name):
        for part in template.parts_without(field):
            found.setdefault(part, []).append(field)
    return {part: tuple(fields) for part, fields in found.items()}


def personal_data_in_link(link: str) -> str | None:
    """What personal data stands literally in a link, in words; None: none that can be seen."""
    if not _SCHEME.search(link) or link.lower().startswith(("mailto:", "tel:", "sms:")):
        return None
    return next((words for pattern, words in _LITERAL_DATA if pattern.search(link)), None)


def _parts(texts: TemplateText) -> Iterator[tuple[str, str]]:
    yield "subject", texts.subject
    yield "text", texts.text
    if texts.html is not None:
        yield "html", texts.html


def _check_links(part: str, source: str) -> None:
    for found in _TOGETHER.finditer(_UNSEEN.sub(_blank, source)):
        link, line = unescape(found[0]), source.count("\n", 0, found.start()) + 1
        names = {name for code in _CODE.findall(link) for name in _NAME.findall(_LITERALS.sub("", code))}
        rest = _CODE.sub("", link)
        # A field that is a link itself is one too once anything is put behind it.
        if not _SCHEME.search(rest) and not ("=" in rest and any(name.endswith("_url") for name in names)):
            continue
        personal = sorted(name for name in names - _OUR_LINKS if tells_of_person(name))
        if personal:
            raise NoticeRuleError(
                f"в ссылке личные данные: поле {', '.join(personal)}; адреса ссылок видят посторонние",
                rule="personal_link",
                part=part,
                line=line,
            )
        if literal := personal_data_in_link(rest):
            raise NoticeRuleError(
                f"в ссылке {literal}; адреса ссылок видят посторонние",
                rule="personal_link",
                part=part,
                line=line,
            )


def _check_words(part: str, source: str, language: str) -> None:
    plain = _CODE.sub(_blank, source)
    if part == "html":
        plain = _MARKUP.sub(_blank, _UNSEEN.sub(_blank, plain))
    for word, place in advertising_words(plain, language):
        line = plain.count("\n", 0, place) + 1
        raise NoticeRuleError(
            f"«{word}» похоже на рекламу, а рассылать её автоматически запрещено (38-ФЗ, ст. 18);"
            " уберите это слово или попросите администратора",
            rule="advertising",
            part=part,
            line=line,
        )


def _blank(found: re.Match[str]) -> str:
    """As many signs of nothing, so that places and lines stay."""
    return re.sub(r"[^\n]", " ", found[0])
