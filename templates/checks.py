"""What a template may contain: a list of what is allowed, everything else is refused.

Jinja's sandbox guards attributes, not memory: `'x' * 10**9`, `'%999999999d' % 1`, `center`, `replace`
or a chain of `set x = x ~ x` stay inside it and still fill the machine. So staff templates get a small
language: print fields, choose, walk a short list. No assignment, macro, inheritance, method call.
With no assignment, an expression can grow only by being written out, which `MAX_JOINS` bounds.
"""

from collections.abc import Iterator

from jinja2 import nodes

from templates.errors import ForbiddenConstructError

MAX_LOOP_DEPTH = 2
MAX_JOINS = 200  #: operands of `~` and `+` and items of lists, in one part
MAX_RANGE = 100

FILTERS = frozenset(
    (
        *("money", "date_long", "date_short", "greeting", "upper", "lower", "capitalize", "trim"),
        *("name_case", "name_short", "name_initials", "by_gender", "counted", "plural", "days", "kwh"),
        *("money_long", "money_words", "date_full", "number", "day"),
        *("default", "d", "first", "last", "length", "count", "join", "escape", "e"),
    )
)
TESTS = frozenset(
    ("defined", "undefined", "none", "eq", "equalto", "ne", "lt", "le", "gt", "ge", "in", "even", "odd")
)
FUNCTIONS = frozenset({"range"})

_ALLOWED_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Tuple, nodes.List),
    *(nodes.If, nodes.CondExpr, nodes.For, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter),
    *(nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Concat, nodes.Call),
    nodes.Keyword,
)
_ARITHMETIC = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod)
_NODE_WORDS: dict[type[nodes.Node], str] = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from … import",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.With: "with",
    nodes.ScopedEvalContextModifier: "autoescape",
    nodes.Pow: "**",
    nodes.Dict: "{…}",
}


def check_tree(tree: nodes.Template) -> None:
    """Refuse what is not allowed; raises `ForbiddenConstructError` with the line."""
    joins = 0
    for node, loop_depth in _walk(tree, 0):
        _check_node(node, loop_depth)
        if isinstance(node, nodes.Concat):
            joins += len(node.nodes)
        elif isinstance(node, (nodes.List, nodes.Tuple)):
            joins += len(node.items)
        elif isinstance(node, nodes.Add):
            joins += 1
        if joins > MAX_JOINS:
            raise ForbiddenConstructError(f"больше {MAX_JOINS} склеек в одной части", line=node.lineno)


def _walk(node: nodes.Node, loop_depth: int) -> Iterator[tuple[nodes.Node, int]]:
    depth = loop_depth + isinstance(node, nodes.For)
    yield node, depth
    for child in node.iter_child_nodes():
        yield from _walk(child, depth)


def _check_node(node: nodes.Node, loop_depth: int) -> None:
    if not isinstance(node, _ALLOWED_NODES):
        word = _NODE_WORDS.get(type(node), type(node).__name__.lower())
        raise ForbiddenConstructError(f"«{word}» в шаблонах запрещено", line=node.lineno)
    match node:
        case nodes.Name(name=str(name)) | nodes.Getattr(attr=str(name)) if name.startswith("_"):
            raise ForbiddenConstructError("имена, которые начинаются с «_», запрещены", line=node.lineno)
        case nodes.Getitem(arg=nodes.Const(value=str(name))) if name.startswith("_"):
            raise ForbiddenConstructError("имена, которые начинаются с «_», запрещены", line=node.lineno)
        case nodes.Filter():
            _check_listed(node.name, FILTERS, "фильтр", node.lineno)
        case nodes.Test():
            _check_listed(node.name, TESTS, "проверка", node.lineno)
        case nodes.Call():
            if not (isinstance(node.node, nodes.Name) and node.node.name in FUNCTIONS):
                raise ForbiddenConstructError("вызывать можно только range(…)", line=node.lineno)
        case nodes.For():
            _check_loop(node, loop_depth)
        case nodes.BinExpr() if isinstance(node, _ARITHMETIC):
            _check_numbers(node)


def _check_listed(name: str, allowed: frozenset[str], what: str, line: int) -> None:
    if name not in allowed:
        raise ForbiddenConstructError(
            f"{what} «{name}» нельзя; можно: {', '.join(sorted(allowed))}", line=line
        )


def _check_loop(node: nodes.For, loop_depth: int) -> None:
    if node.recursive:
        raise ForbiddenConstructError("рекурсивный цикл запрещён", line=node.lineno)
    if loop_depth > MAX_LOOP_DEPTH:
        raise ForbiddenConstructError(f"циклы можно вкладывать не глубже {MAX_LOOP_DEPTH}", line=node.lineno)
    # A list written in place (`for y in [x ~ x]`) would be an assignment by the back door.
    if not isinstance(node.iter, (nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Call)):
        raise ForbiddenConstructError("цикл возможен только по полю или range(…)", line=node.lineno)


def _check_numbers(node: nodes.BinExpr) -> None:
    for side in (node.left, node.right):
        if isinstance(side, nodes.Const) and not isinstance(side.value, (int, float)):
            raise ForbiddenConstructError(
                f"«{node.operator}» считает только числа; текст склеивают знаком «~»", line=node.lineno
            )
