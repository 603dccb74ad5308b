"""What can be wrong with a template or with the fields given to it.

Messages are Russian because staff read them; `part`, `line` and the class tell programs the same.
No message carries a field's value: it may be personal data (design: P10).

    TemplateError
    ├── TemplateSourceError        cannot be read as a template
    ├── ForbiddenConstructError    readable, but not allowed here
    ├── TemplateTooLargeError      source, output or number of steps over the limit
    ├── CallFormError              no readable call script (templates.call_errors)
    ├── NoticeRuleError            readable, but a notice must not say it, or leaves out what it must say
    ├── MissingFieldError          a field is used and not given
    ├── BadFieldValueError         a field has a value that must not be printed so
    ├── SubjectNotOneLineError     the subject would break the message's headers
    ├── UnknownBuiltinError        no such bundled template
    ├── UnknownTemplateError       no such template or version in the database
    ├── UnspeakableTextError       a sign of a text has no words
    ├── TooManyPartsError          a short message is longer than its scenario allows
    └── AttachmentError            a recipient's file is not there or must not be sent
"""

from collections.abc import Iterable

from dispatcher.core.errors import DispatcherError

PART_NAMES = {"subject": "Тема", "text": "Текст", "html": "HTML"}
_PLACES = (
    PART_NAMES,
    {"subject": "Тема", "text": "Текст", "html": "HTML"},
    {"subject": "Subject", "text": "Text", "html": "HTML"},
)
_LINE = ("строка", "рядок", "line")


class TemplateError(DispatcherError):
    """Raised when a template cannot be compiled or rendered; says where and what to change.

    `words`: the message in Russian, Ukrainian and English, where it is known in all of them.
    """

    def __init__(
        self,
        message: str,
        *,
        part: str = "",
        line: int | None = None,
        words: tuple[str, str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.part = part
        self.line = line
        self.words = words

    def __str__(self) -> str:
        """«Текст, строка 3: …»."""
        return self._placed(self.message, 0)

    def in_language(self, place: int) -> str | None:
        """As `str`, in Russian (0), Ukrainian (1) or English (2); None where only Russian is known."""
        if place == 0:
            return str(self)
        return None if self.words is None else self._placed(self.words[place], place)

    def _placed(self, message: str, language: int) -> str:
        place = [_PLACES[language].get(self.part, self.part)] if self.part else []
        if self.line is not None:
            place.append(f"{_LINE[language]} {self.line}")
        return f"{', '.join(place)}: {message}" if place else message


class TemplateSourceError(TemplateError):
    """Raised when the source is not a readable template."""


class ForbiddenConstructError(TemplateError):
    """Raised when the source uses something that templates may not use."""


class TemplateTooLargeError(TemplateError):
    """Raised when the source, the output or the number of steps is over its limit."""


class NoticeRuleError(TemplateError):
    """Raised when a notice says what the law forbids it to say, or leaves out what it must say.

    `rule` is stable: `advertising`, `personal_link`, `mandatory_item`; those of calls: `call_errors`.
    """

    def __init__(
        self,
        message: str,
        *,
        rule: str,
        part: str = "",
        line: int | None = None,
        words: tuple[str, str, str] | None = None,
    ) -> None:
        super().__init__(message, part=part, line=line, words=words)
        self.rule = rule


class MissingFieldError(TemplateError):
    """Raised when fields that the template needs were not given; `fields` names them."""

    def __init__(self, fields: Iterable[str], *, part: str = "", line: int | None = None) -> None:
        self.fields = tuple(sorted(fields))
        super().__init__(f"не заполнены поля: {', '.join(self.fields)}", part=part, line=line)


class BadFieldValueError(TemplateError):
    """Raised when a field's value does not fit the way the template prints it."""


class SubjectNotOneLineError(TemplateError):
    """Raised when a subject holds a line break (it would forge headers) or is empty."""


class UnknownBuiltinError(TemplateError):
    """Raised when no bundled template has this name and language."""


class UnknownTemplateError(TemplateError):
    """Raised when the database holds no such template or version."""


class TooManyPartsError(TemplateError):
    """Raised when a short message has more parts than its scenario may have."""

    def __init__(self, message: str, *, part: str = "") -> None:
        super().__init__(message, part=part)
        self.code = "sms_too_many_parts"


class AttachmentError(TemplateError):
    """Raised when a recipient's file cannot go out; `code` is stable, `may_come` says to wait for it."""

    def __init__(self, message: str, *, code: str, may_come: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.may_come = may_come


class UnspeakableTextError(TemplateError):
    """Raised when a text holds signs that cannot be said; the message names the signs, never the text."""
