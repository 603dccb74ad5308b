"""Rendering without Jinja's machinery, for texts that only print fields and ask simple questions.

Nearly every letter is such a text. Its parts are compiled together into one function: what several of them
print is worked out once for a recipient, and no context, generator or markup object is made. Jinja stays the
only authority: a text with anything else in it (a loop, arithmetic, `~`) is not taken here at all, and
whatever goes wrong here (a field is missing, a value does not fit) is rendered again by Jinja, which then
says what is wrong and on which line. `tests/unit/templates/test_direct.py` holds the two against each other.

Nothing that staff wrote becomes source code: texts, names and arguments are constants that the function is
given; filters, tests and attributes are those of the sandboxed environment.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from jinja2 import nodes
from markupsafe import escape

from templates.checks import FUNCTIONS
from templates.environment import MAX_GATHERED, environment_for
from templates.name_filters import name_filters

Values = Mapping[str, object]
DirectRender = Callable[[Values], tuple[str, ...]]

#: Filters that make plain text, or a plain value, out of plain values; the others are left to Jinja.
_FILTERS: Final = frozenset(
    (
        *("money", "date_long", "date_short", "greeting", "upper", "lower", "capitalize", "trim"),
        *("name_case", "name_short", "name_initials", "by_gender", "counted", "plural", "days", "kwh"),
        *("money_long", "money_words", "date_full", "number", "day"),
    )
)
_MAKE_TEXT: Final = _FILTERS - {"number", "day"}
_TESTS: Final = frozenset(("none", "eq", "equalto", "ne", "lt", "le", "gt", "ge", "even", "odd"))
_COMPARED: Final = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}
_CONSTANTS: Final = (str, int, float, type(None))
_DEFAULT: Final = frozenset(("default", "d"))
_MARKS: Final = re.compile("[&<>\"']").search


class _NotDirectError(Exception):
    """Raised when a text holds what is left to Jinja."""


def compile_direct(sources: Sequence[tuple[str, bool]], language: str) -> DirectRender | None:
    """One function for all parts, each a checked source and whether it is escaped; None: Jinja must do it.

    The function takes cleaned values and returns the texts in the order of the parts; it raises whatever
    comes up when Jinja must have its say about these values.
    """
    try:
        return _Writer(language).write(sources)
    except (_NotDirectError, SyntaxError, RecursionError, MemoryError):  # Python has limits of its own
        return None


class _Writer:
    """Writes the source of one function. `_constants` is all that it can reach."""

    def __init__(self, language: str) -> None:
        self._plain = environment_for(language, autoescape=False)
        self._in_context = frozenset(name_filters(language))
        self._constants: dict[str, object] = {"say": self._plain.finalize, "escaped": _escaped}
        self._known: dict[str, str] = {}  # expression → the variable that holds its value from the start

    def write(self, sources: Sequence[tuple[str, bool]]) -> DirectRender:
        lines: list[str] = []
        for number, (part, is_escaped) in enumerate(sources):
            tree = self._plain.parse(part)
            if sum(len(output.nodes) for output in tree.find_all(nodes.Output)) > MAX_GATHERED:
                raise _NotDirectError
            body = _Body(self, lines, is_escaped=is_escaped)
            lines.append(f"    p{number} = p = []")
            body.statements(tree.body, depth=1)
        early = [f"    {variable} = {source}" for source, variable in self._known.items()]
        made = ", ".join(f"''.join(p{number})" for number in range(len(sources)))
        source = "\n".join(["def render(v):", *early, *lines, f"    return ({made},)"])
        namespace: dict[str, Any] = {**self._constants, "__builtins__": {}}
        exec(compile(source, "<direct>", "exec"), namespace)  # noqa: S102 - source of ours alone, see the top
        render: DirectRender = namespace["render"]
        return render

    def constant(self, value: object) -> str:
        """A name for a value that the function is given."""
        name = f"c{len(self._constants)}"
        self._constants[name] = value
        return name

    def printed(self, node: nodes.Node, *, is_escaped: bool, is_sure: bool) -> str:
        """What is printed for an expression; `is_sure`: whatever the fields say."""
        source = self.value(node)
        if not (isinstance(node, nodes.Filter) and node.name in _MAKE_TEXT):
            source = f"say({source})"
        source = self._once(source, is_sure=is_sure)
        return self._once(f"escaped({source})", is_sure=is_sure) if is_escaped else source

    def _once(self, source: str, *, is_sure: bool) -> str:
        if is_sure:
            self._known.setdefault(source, f"k{len(self._known)}")
        return self._known.get(source, source)

    # Expressions. Equal ones must give equal sources: that is how they are worked out once.

    def value(self, node: nodes.Node | None) -> str:
        match node:
            case nodes.Name(name=str(name)) if name not in FUNCTIONS:
                return f"v[{name!r}]"
            case nodes.Const(value=value) if isinstance(value, _CONSTANTS):
                return self._interned(value)
            case nodes.Filter():
                return self._filter(node)
            case nodes.Getattr(node=nodes.Name() as owner, attr=str(attribute)):
                return f"{self._interned(self._plain.getattr)}({self.value(owner)}, {attribute!r})"
            case nodes.CondExpr(test=test, expr1=first, expr2=second) if second is not None:
                return f"({self.value(first)} if {self.condition(test)} else {self.value(second)})"
        raise _NotDirectError

    def condition(self, node: nodes.Node) -> str:
        match node:
            case nodes.Not(node=inner):
                return f"(not {self.condition(inner)})"
            case nodes.And(left=left, right=right):
                return f"({self.condition(left)} and {self.condition(right)})"
            case nodes.Or(left=left, right=right):
                return f"({self.condition(left)} or {self.condition(right)})"
            case nodes.Test():
                return self._test(node)
            case nodes.Compare(expr=left, ops=[nodes.Operand(op=str(operator), expr=right)]):
                if operator not in _COMPARED:
                    raise _NotDirectError
                return f"({self.value(left)} {_COMPARED[operator]} {self.value(right)})"
        return self.value(node)

    def _filter(self, node: nodes.Filter) -> str:
        given = self._arguments(node)
        if node.name in _DEFAULT and isinstance(node.node, nodes.Name):
            if len(given) > 1 or node.node.name in FUNCTIONS:
                raise _NotDirectError
            return f"v.get({node.node.name!r}, {given[0] if given else repr('')})"
        if node.name not in _FILTERS or node.node is None:
            raise _NotDirectError
        body = self._plain.filters[node.name]
        first = ["v"] if node.name in self._in_context else []
        return f"{self._interned(body)}({', '.join([*first, self.value(node.node), *given])})"

    def _test(self, node: nodes.Test) -> str:
        if node.name in {"defined", "undefined"}:
            if not isinstance(node.node, nodes.Name) or node.node.name in FUNCTIONS:
                raise _NotDirectError
            return f"({node.node.name!r} {'in' if node.name == 'defined' else 'not in'} v)"
        if node.name not in _TESTS:
            raise _NotDirectError
        body = self._interned(self._plain.tests[node.name])
        return f"{body}({', '.join([self.value(node.node), *self._arguments(node)])})"

    def _arguments(self, node: nodes.Filter | nodes.Test) -> list[str]:
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise _NotDirectError
        if not all(isinstance(one, nodes.Const) for one in node.args):
            raise _NotDirectError
        return [self.value(one) for one in node.args]

    def _interned(self, value: object) -> str:
        for name, known in self._constants.items():
            if known is value or (type(known) is type(value) and known == value):
                return name
        return self.constant(value)


class _Body:
    """Writes the statements of one part."""

    def __init__(self, writer: _Writer, lines: list[str], *, is_escaped: bool) -> None:
        self._writer = writer
        self._lines = lines
        self._is_escaped = is_escaped

    def statements(self, body: Sequence[nodes.Node], *, depth: int) -> None:
        indent = "    " * depth
        pieces: list[str] = []
        for node in body:
            if isinstance(node, nodes.Output):
                pieces += self._pieces(node, is_sure=depth == 1)
                continue
            if not isinstance(node, nodes.If):
                raise _NotDirectError
            self._print(pieces, indent)
            pieces = []
            self._choice(node, depth)
        self._print(pieces, indent)

    def _choice(self, node: nodes.If, depth: int) -> None:
        indent = "    " * depth
        for number, branch in enumerate((node, *node.elif_)):
            self._lines.append(f"{indent}{'elif' if number else 'if'} {self._writer.condition(branch.test)}:")
            self._lines.append(f"{indent}    pass")
            self.statements(branch.body, depth=depth + 1)
        if node.else_:
            self._lines += [f"{indent}else:", f"{indent}    pass"]
            self.statements(node.else_, depth=depth + 1)

    def _print(self, pieces: Sequence[str], indent: str) -> None:
        if pieces:
            self._lines.append(f"{indent}p += ({', '.join(pieces)},)")

    def _pieces(self, output: nodes.Output, *, is_sure: bool) -> Iterator[str]:
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData):
                yield self._writer.constant(node.data)
                continue
            yield self._writer.printed(node, is_escaped=self._is_escaped, is_sure=is_sure)


def _escaped(text: str) -> str:
    return str(escape(text)) if _MARKS(text) else text
