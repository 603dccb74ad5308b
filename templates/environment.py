"""The Jinja environment of one language: sandboxed, strict, with bounded arithmetic and loops.

`checks.py` refuses at compile time what can be seen in the source; this module stops at run time what
depends on the fields. Together they keep one render under a few megabytes and milliseconds.
"""

import operator
import time
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, nodes, pass_context
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from templates.checks import FILTERS, MAX_RANGE, TESTS
from templates.count_filters import count_filters
from templates.errors import BadFieldValueError, TemplateTooLargeError
from templates.formats import filters_for, plain_value
from templates.name_filters import name_filters

MAX_LOOP_STEPS = 1000  #: over all loops of one part of one render
MAX_SECONDS = 2.0  #: of processor time, for one part of one render (usual: 0.0002)
MAX_JOINED_CHARS = 100_000  #: what one `join` may make
MAX_NUMBER = 10**15  #: no bill is larger; keeps arithmetic and printing cheap
MAX_GATHERED = 500  #: pieces of a text that comes in one; of at most 10 000 characters each
BUDGET_NAME = "_budget"  #: context name of the `RenderBudget`; templates cannot name it

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}


class RenderBudget:
    """How many steps of loops and how much processor time one part of one render has left."""

    def __init__(self) -> None:
        self._steps_left = MAX_LOOP_STEPS
        # Time of this thread, not of the wall: a paused machine must not fail a recipient.
        self._deadline = time.thread_time() + MAX_SECONDS

    def spend_step(self) -> None:
        """Take one step; raises `TemplateTooLargeError` when none is left."""
        self._steps_left -= 1
        if self._steps_left < 0:
            raise TemplateTooLargeError(f"циклы делают больше {MAX_LOOP_STEPS} шагов")
        self.check_time()

    def check_time(self) -> None:
        """Raise `TemplateTooLargeError` when the processor time is used up."""
        if time.thread_time() > self._deadline:
            raise TemplateTooLargeError("шаблон считается слишком долго")


class SafeEnvironment(ImmutableSandboxedEnvironment):
    """Arithmetic on numbers only; nothing but the listed filters, tests and functions."""

    intercepted_binops = frozenset([*_OPERATORS, "**"])

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002
        """Compute one operation; raises `BadFieldValueError` for anything but numbers of a sane size."""
        check_number(left)
        check_number(right)
        try:
            result = _OPERATORS[operator](left, right)
        except (ArithmeticError, TypeError, KeyError) as exc:
            raise BadFieldValueError(f"«{operator}» нельзя посчитать с этими значениями") from exc
        check_number(result)
        return result


@cache
def environment_for(language: str, *, autoescape: bool) -> SafeEnvironment:
    """Return the shared environment; it is never changed after it was built."""

    def finalize(value: object) -> str:
        if type(value) is str:  # what most expressions are
            return value
        if isinstance(value, Undefined):
            value._fail_with_undefined_error()
        return plain_value(value, language)

    def join(items: Iterable[object], separator: object = ", ") -> str:
        return _join(map(finalize, items), finalize(separator))

    environment = SafeEnvironment(
        undefined=StrictUndefined,
        autoescape=autoescape,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        optimized=False,
        cache_size=0,
    )
    environment.globals = {"range": _short_range}
    environment.filters = {name: body for name, body in environment.filters.items() if name in FILTERS}
    environment.filters |= {**filters_for(language), "_counted": _counted, "_whole": str, "join": join}
    environment.filters |= {**count_filters(language), **name_filters(language)}
    environment.tests = {name: body for name, body in environment.tests.items() if name in TESTS}
    return environment


def count_loops(tree: nodes.Template, environment: SafeEnvironment) -> None:
    """Rewrite each loop so that its steps are taken from the render's `RenderBudget`."""
    for loop in tree.find_all(nodes.For):
        counted = nodes.Filter(loop.iter, "_counted", [], [], None, None, lineno=loop.lineno)
        loop.iter = counted.set_environment(environment)


def gather_output(tree: nodes.Template, environment: SafeEnvironment) -> None:
    """Let a short text without loops come in one piece: handing over piece by piece takes a third longer."""
    pieces = sum(len(output.nodes) for output in tree.find_all(nodes.Output))
    if pieces > MAX_GATHERED or tree.find(nodes.For) is not None:
        return
    whole = nodes.Filter(None, "_whole", [], [], None, None, lineno=1)
    block = nodes.FilterBlock(tree.body, whole, lineno=1)
    tree.body = [block.set_environment(environment)]


def check_number(value: object) -> None:
    """Refuse what arithmetic must not touch: text, dates, yes/no, numbers without measure."""
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise BadFieldValueError("считать можно только числа")
    if isinstance(value, Decimal) and not value.is_finite():
        raise BadFieldValueError("число не является обычным числом")
    if not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise BadFieldValueError("число слишком велико")


@pass_context
def _counted(context: Context, items: Iterable[object]) -> Iterator[object]:
    budget = context[BUDGET_NAME]
    for item in items:
        budget.spend_step()
        yield item


def _join(items: Iterable[str], separator: str) -> str:
    parts = list(items)
    if len(parts) * len(separator) + sum(map(len, parts)) > MAX_JOINED_CHARS:
        raise TemplateTooLargeError(f"join собирает больше {MAX_JOINED_CHARS} знаков")
    return separator.join(parts)


def _short_range(*arguments: int) -> range:
    numbers = range(*arguments)
    if len(numbers) > MAX_RANGE:
        raise TemplateTooLargeError(f"range длиннее {MAX_RANGE}")
    return numbers
