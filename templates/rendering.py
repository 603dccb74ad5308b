"""Compile staff's templates once and render them for each recipient, safely (domain.md 1, 59).

Staff write the texts, billing systems fill the fields; neither is trusted with the process. The three
parts share one set of fields. HTML is escaped, the subject stays on one line, a missing field is an
error at the dry run and never a hole in a letter.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from types import TracebackType

from jinja2 import Template, nodes
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError
from jinja2.meta import find_undeclared_variables

from templates.attachment_rules import AttachmentRule, IfMissing, check_rules
from templates.checks import check_tree
from templates.direct import compile_direct
from templates.environment import BUDGET_NAME, RenderBudget, count_loops, environment_for, gather_output
from templates.errors import (
    BadFieldValueError,
    ForbiddenConstructError,
    MissingFieldError,
    SubjectNotOneLineError,
    TemplateError,
    TemplateSourceError,
    TemplateTooLargeError,
)
from templates.fields import clean_field
from templates.formats import LANGUAGES
from templates.name_filters import COMPANY_NAME

MAX_SOURCE_CHARS = {"subject": 1_000, "text": 100_000, "html": 200_000}
MAX_OUTPUT_CHARS = {"subject": 250, "text": 200_000, "html": 500_000}
COMPANY_GROUP = 3  #: requirement 62: legal entities and entrepreneurs; their names are never declined
PIECES_BETWEEN_LOOKS = 32  #: at size and processor time; every step of a loop looks as well
CACHED_TEMPLATES = 256  #: compiled versions kept per process

_LINE_BREAKS = frozenset("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029\0")


@dataclass(frozen=True, slots=True)
class TemplateText:
    """The sources of one template version, as staff wrote them."""

    subject: str
    text: str
    html: str | None = None
    attachments: tuple[AttachmentRule, ...] = ()

    @property
    def content_hash(self) -> str:
        """SHA-256 over the parts, each with its length, so that no two templates share it."""
        digest = hashlib.sha256()
        for part in (self.subject, self.text, self.html):
            data = b"-" if part is None else part.encode()
            digest.update(b"%d:" % (-1 if part is None else len(data)) + data)
        for rule in self.attachments:
            digest.update(f"attachment:{rule.field}:{rule.if_missing.value};".encode())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Rendered:
    """One message's texts, ready for a channel."""

    subject: str
    text: str
    html: str | None = None


class CompiledTemplate:
    """A checked template; safe to share between threads.

    `is_direct=False` leaves all the work to Jinja, which is what `templates.direct` is measured by.
    """

    def __init__(self, texts: TemplateText, language: str, *, is_direct: bool = True) -> None:
        check_rules(texts.attachments)
        self.content_hash = texts.content_hash
        self.attachments = texts.attachments
        self.language = language
        self._subject = TemplatePart("subject", texts.subject.strip(), language)
        self._text = TemplatePart("text", texts.text, language)
        self._html = None if texts.html is None else TemplatePart("html", texts.html, language)
        self._parts = [part for part in (self._subject, self._text, self._html) if part is not None]
        self._optional = frozenset[str]().union(*(part.optional for part in self._parts))
        self._used = frozenset[str]().union(*(part.used for part in self._parts))
        self._guarded = frozenset[str]().union(*(part.guarded for part in self._parts))
        self._required = self._used - self._optional
        sources = [(part.source, part.name == "html") for part in self._parts]
        self._direct = compile_direct(sources, language) if is_direct else None

    def required_fields(self) -> frozenset[str]:
        """Fields that must be given: all that are used, but for `optional_fields`."""
        return self._required

    def optional_fields(self) -> frozenset[str]:
        """Fields that the template itself asks about with `is defined` or `default`."""
        return self._used & self._optional

    def fields_to_fill(self) -> frozenset[str]:
        """Required fields that must not be empty either: the template never asks whether they are."""
        needed = {rule.field for rule in self.attachments if rule.if_missing is not IfMissing.OMIT}
        return (self.required_fields() - self._guarded) | needed

    @property
    def text_source(self) -> str:
        """The plain text as staff wrote it."""
        return self._text.source

    @property
    def has_html(self) -> bool:
        """Whether there is an HTML part."""
        return self._html is not None

    def shows_in_html(self, field: str) -> bool:
        """Whether the HTML part prints or asks about a field."""
        return self._html is not None and field in self._html.used

    def parts_without(self, field: str) -> tuple[str, ...]:
        """The parts of the body, text and html, that never print a field; to ask about it is not enough."""
        return tuple(part.name for part in self._parts[1:] if field not in part.printed)

    def render(self, fields: Mapping[str, object]) -> Rendered:
        """Render all parts for one recipient; raises `TemplateError`.

        Fields that the template does not use are not even looked at. Values are text, `Decimal`,
        whole numbers, dates, None, and short lists or mappings of these.
        """
        values = self.clean(fields)
        made = self._render_directly(values)
        if made is not None:
            return Rendered(_one_line(made[0]), *made[1:])
        return Rendered(
            subject=_one_line(self._subject.render(values)),
            text=self._text.render(values),
            html=self._html.render(values) if self._html else None,
        )

    def clean(self, fields: Mapping[str, object]) -> dict[str, object]:
        """The fields that the template uses, as plain values; raises `TemplateError` when one is missing."""
        if not fields.keys() >= self._required:
            raise self._missing_field(fields)
        values = {name: clean_field(name, fields[name]) for name in self._used if name in fields}
        values[COMPANY_NAME] = fields.get("customer_group") == COMPANY_GROUP
        return values

    def _render_directly(self, values: Mapping[str, object]) -> tuple[str, ...] | None:
        """The texts of all parts; None when Jinja must make them, or say why they cannot be made."""
        if self._direct is None:
            return None
        try:
            made = self._direct(values)
        except Exception:  # noqa: BLE001 - whatever it is, Jinja comes to it too, and tells part and line
            return None
        is_within = all(
            len(text) <= MAX_OUTPUT_CHARS[part.name] for part, text in zip(self._parts, made, strict=True)
        )
        return made if is_within else None

    def _missing_field(self, fields: Mapping[str, object]) -> MissingFieldError:
        missing = self._required - fields.keys()
        part = next(part for part in self._parts if part.used & missing)
        name = min(part.used & missing, key=lambda field: part.first_line[field])
        return MissingFieldError(missing, part=part.name, line=part.first_line[name])


def compile_template(texts: TemplateText, language: str = "ru") -> CompiledTemplate:
    """Check and compile, or return the same content compiled before; raises `TemplateError`."""
    if language not in LANGUAGES:
        raise TemplateError(f"язык шаблона должен быть одним из: {', '.join(LANGUAGES)}")
    return _compile(texts, language)


@lru_cache(maxsize=CACHED_TEMPLATES)  # the key is the content itself: versions are frozen
def _compile(texts: TemplateText, language: str) -> CompiledTemplate:
    return CompiledTemplate(texts, language)


class TemplatePart:
    """One compiled part: subject, text, html, or a section of a call script."""

    def __init__(self, name: str, source: str, language: str) -> None:
        self.name = name
        self.source = source
        if not source.strip():
            raise TemplateSourceError("часть пуста", part=name)
        if len(source) > MAX_SOURCE_CHARS[name]:
            raise TemplateTooLargeError(f"длиннее {MAX_SOURCE_CHARS[name]} знаков", part=name)
        if name == "subject" and _LINE_BREAKS.intersection(source):
            raise SubjectNotOneLineError("тема должна занимать одну строку", part=name)
        try:
            self._build(source, language)
        except TemplateError as exc:
            exc.part = name
            raise
        except TemplateSyntaxError as exc:
            raise TemplateSourceError(
                f"разметка не читается ({exc.message})", part=name, line=exc.lineno
            ) from exc
        except (RecursionError, MemoryError, SyntaxError, ValueError) as exc:
            raise TemplateSourceError("слишком сложное выражение", part=name) from exc

    def _build(self, source: str, language: str) -> None:
        environment = environment_for(language, autoescape=self.name == "html")
        tree = environment.parse(source)
        check_tree(tree)
        self.used = frozenset(find_undeclared_variables(tree))
        self.optional = frozenset(_names_asked_about(tree))
        self.guarded = frozenset(_names_in_conditions(tree))
        self.printed = frozenset(
            name.name for output in tree.find_all(nodes.Output) for name in output.find_all(nodes.Name)
        )
        names = [node for node in tree.find_all(nodes.Name) if node.name in self.used]
        self.first_line = {node.name: node.lineno for node in reversed(names)}
        self._lines: dict[int, set[str]] = {}
        for node in names:
            self._lines.setdefault(node.lineno, set()).add(node.name)
        count_loops(tree, environment)
        gather_output(tree, environment)
        code = environment.compile(tree, name=self.name, filename=f"<template {self.name}>")
        self._template = Template.from_code(environment, code, environment.globals)

    def render(self, values: Mapping[str, object]) -> str:
        """The part with cleaned values filled in; raises `TemplateError` with part and line."""
        chunks: list[str] = []
        left = MAX_OUTPUT_CHARS[self.name]
        budget = RenderBudget()
        try:
            pieces = self._template.generate({**values, BUDGET_NAME: budget})
            while some := list(islice(pieces, PIECES_BETWEEN_LOOKS)):
                chunk = "".join(some)
                left -= len(chunk)
                if left < 0:
                    raise TemplateTooLargeError(f"получилось больше {MAX_OUTPUT_CHARS[self.name]} знаков")
                chunks.append(chunk)
                budget.check_time()
        except TemplateError as exc:
            exc.part, exc.line = self.name, self._line_of(exc.__traceback__)
            exc.message += self._fields_on(exc.line)
            raise
        except (UndefinedError, SecurityError, TypeError, ValueError, ArithmeticError, LookupError) as exc:
            raise self._translated(exc) from exc
        return "".join(chunks)

    def _translated(self, exc: Exception) -> TemplateError:
        line = self._line_of(exc.__traceback__)
        where = self._fields_on(line)
        if isinstance(exc, SecurityError):
            return ForbiddenConstructError(
                "обращение к служебному свойству" + where, part=self.name, line=line
            )
        if isinstance(exc, UndefinedError):
            return BadFieldValueError("у поля нет такой части" + where, part=self.name, line=line)
        return BadFieldValueError("значение поля сюда не подходит" + where, part=self.name, line=line)

    def _fields_on(self, line: int | None) -> str:
        names = self._lines.get(line or 0)
        return f" (поля на этой строке: {', '.join(sorted(names))})" if names else ""

    def _line_of(self, traceback: TracebackType | None) -> int | None:
        # Jinja rewrites the traceback so that frames of the template carry its own line numbers.
        line = None
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == f"<template {self.name}>":
                line = traceback.tb_lineno
            traceback = traceback.tb_next
        return line


def _names_asked_about(tree: nodes.Template) -> set[str]:
    asked: set[str] = set()
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        if node.name in {"default", "d", "defined", "undefined"} and isinstance(node.node, nodes.Name):
            asked.add(node.node.name)
    return asked


def _names_in_conditions(tree: nodes.Template) -> set[str]:
    """Fields of which the template itself asks whether they are there: `{% if address %}`."""
    tests = [node.test for node in tree.find_all(nodes.If)]
    tests += [node.test for node in tree.find_all(nodes.CondExpr)]
    return {name.name for test in tests for name in _with_itself(test)}


def _with_itself(node: nodes.Node) -> list[nodes.Name]:
    return [*([node] if isinstance(node, nodes.Name) else []), *node.find_all(nodes.Name)]


def _one_line(subject: str) -> str:
    if not subject.isprintable() and _LINE_BREAKS.intersection(subject):
        raise SubjectNotOneLineError(
            "в теме получился перенос строки; проверьте значения полей", part="subject"
        )
    if not subject.strip():
        raise SubjectNotOneLineError("тема получилась пустой", part="subject")
    return subject.strip()
