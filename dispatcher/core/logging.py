"""Structured logs without personal data (promise P10).

A line is an event name and ids. As a last defence every value passes a filter that masks anything that
looks like an e-mail address or a telephone number, tracebacks included, because errors of libraries like
to quote the data they stumbled over.
"""

import logging
import re
import sys
import threading
from collections.abc import Mapping, MutableMapping
from datetime import date
from types import TracebackType
from typing import Any, Final

from dispatcher.core.plain_structlog import load_structlog_plain

load_structlog_plain()

import structlog  # noqa: E402 - the line above is about this one

_EMAIL: Final = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
#: digits with the usual signs between them, not part of an id in hexadecimal and not a date
_PHONE: Final = re.compile(r"(?<![\w-])(?!\d{4}-\d\d-\d\d\b)\+?\d[\d\s().-]{8,}\d(?![\w-])")
LEAST_PHONE_DIGITS: Final = 10
_NEVER: Final = frozenset({"address", "email", "phone", "text", "password", "token", "full_name"})


def mask_personal_data(value: str) -> str:
    """The text with addresses and telephone numbers replaced."""
    return _PHONE.sub(_mask_phone, _EMAIL.sub("<address>", value))


def _mask_phone(found: re.Match[str]) -> str:
    digits = sum(sign.isdigit() for sign in found[0])
    return "<phone>" if digits >= LEAST_PHONE_DIGITS else found[0]


def _without_personal_data(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    kept = {key: value for key, value in event.items() if key not in _NEVER}
    stamp = kept.pop("timestamp", None)
    masked = {key: _masked(value) for key, value in kept.items()}
    return masked if stamp is None else {"timestamp": stamp, **masked}


def _masked(value: Any) -> Any:
    """The value in a form that can be written, masked all the way down."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _masked(one) for key, one in value.items() if key not in _NEVER}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return mask_personal_data(value.decode("utf-8", "replace"))
    return mask_personal_data(str(value))


class _MaskingFormatter(logging.Formatter):
    """For lines of libraries: the same masking, the same single line."""

    def format(self, record: logging.LogRecord) -> str:
        return mask_personal_data(super().format(record))


class _StderrHandler(logging.Handler):
    """Writes to what is standard error at that moment: it may be replaced while we live."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:  # noqa: BLE001 - the way of the standard library: a log never ends the program
            self.handleError(record)


def _print_to_stderr(*_arguments: Any) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)


def configure_logging(level: str = "info", *, json_lines: bool = True) -> None:
    """Send our events and the libraries' warnings to standard error, one line each."""
    threshold = getattr(logging, level.upper())
    handler = _StderrHandler()
    handler.setFormatter(_MaskingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=max(threshold, logging.WARNING), handlers=[handler], force=True)
    render: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json_lines
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _without_personal_data,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=_print_to_stderr,
        cache_logger_on_first_use=False,
    )


def log_last_words() -> None:
    """Let an exception that nobody caught, in any thread, end as one masked line of the log."""
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda event: _log_uncaught(
        event.exc_type, event.exc_value or event.exc_type(), event.exc_traceback
    )


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The last words of a process or thread: masked like every other line."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger().critical("process.failed", exc_info=(kind, error, trace))
