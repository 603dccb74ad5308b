"""Which of the 62 numbered requirements are proven, and by which tests: `make requirements`.

Reads the marks `@pytest.mark.requirement(number, "clause")` from the test files without running them. A
number that software cannot carry stands in `REASONED` with its reason. Fails when a mark names a number
that does not exist, or marks a test that asserts nothing.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

TESTS = Path(__file__).parent

TITLES: Mapping[int, str] = MappingProxyType(
    dict(
        enumerate(
            (
                "typical (templated) information",
                "price policy and list of services",
                "non-payment notice with the individual sum",
                "reminder of a measure or event",
                "warning of suspension for non-payment",
                "results are stored",
                "scenarios are stored",
                "lists are stored",
                "real-time monitoring",
                "job with start and end time",
                "three channels: e-mail, SMS, autodial",
                "e-mail: contract and voluntary address",
                "SMS and autodial: contract and voluntary number",
                "channel by the contact data given",
                "addressed (individual) reminders",
                "message: debt exists",
                "message: due date approaches",
                "message: tariffs or rules changed",
                "message: planned and emergency outage",
                "message: restriction of supply",
                "message: meter reading",
                "message: contract prolongation and changes",
                "message: status of an application",
                "message: progress of a complaint",
                "message: bill, reconciliation, tariff menu",
                "satisfaction survey",
                "planned works: lead times",
                "debt information: 08-17, working days",
                "supply information: 08-17, working days",
                "meter-reading visits: working days 08-17",
                "prolongation: 2 months, changes: 1 month before",
                "applicant: 5 and 30 days",
                "bills by the 5th, reconciliation within 3 days",
                "surveys: once in 3 months at most",
                "published information is refreshed, answers have terms",
                "contact centre hours match the texts",
                "planned outage: seven items",
                "meter reading: the same seven items",
                "bill data in texts",
                "debt leaflet: full name and sum",
                "changes and refusals: reasons",
                "complaint answers: appeal, executor",
                "polite wording, greeting by time of day",
                "abnormal amounts are checked again",
                "planned outage: one channel or a combination",
                "restriction: signature, fax, telephone message",
                "prolongation: written plus one more channel",
                "debt and tariff: e-mail, phone, fax, manual call",
                "answers by the channel the client named",
                "feedback is free for the client",
                "personal data is protected",
                "account information only after identification",
                "contact data are kept up to date",
                "one information base, no repeated requests",
                "all contacts registered, roles responsible",
                "reports to management, statistics",
                "individual approach to vulnerable groups",
                "urgency classes, safety first",
                "catalogue of standard texts",
                "multi-channel, complete, current, true",
                "keypad navigation",
                "client groups are treated differently",
            ),
            start=1,
        )
    )
)

#: Numbers that no software of this kind can carry, each with its reason. At most five.
REASONED: Mapping[int, str] = MappingProxyType(
    {
        30: "the hours in which staff visit meters are kept by the people who visit, not by a dispatcher",
        35: "publishing on the company's site and answering letters are other systems' and people's work",
        50: "that a number is free of charge is a contract with the telephone operator",
    }
)
MAX_REASONED = 5


@dataclass
class Survey:
    """What the marks say: tests by number, and what is wrong with the marks."""

    proven: dict[int, list[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def missing(self) -> list[int]:
        return [number for number in TITLES if number not in self.proven and number not in REASONED]

    @property
    def reasoned(self) -> list[int]:
        return [number for number in REASONED if number not in self.proven]

    def lines(self) -> Iterator[str]:
        """The report, one requirement a line, its tests below it."""
        for number, title in TITLES.items():
            yield f"{number:2d} {title}: {self._standing(number)}"
            yield from (f"     {test}" for test in self.proven.get(number, []))
        yield from (f"FAULT {fault}" for fault in self.faults)
        yield f"proven {len(self.proven)}, reasoned {len(self.reasoned)}, missing {len(self.missing)}"

    def _standing(self, number: int) -> str:
        if number in self.proven:
            return f"{len(self.proven[number])} test(s)"
        return f"reasoned: {REASONED[number]}" if number in REASONED else "missing"


def survey(root: Path = TESTS) -> Survey:
    """Read every test file below `root`."""
    found = Survey()
    if len(REASONED) > MAX_REASONED:
        found.faults.append(f"{len(REASONED)} numbers are reasoned away; at most {MAX_REASONED} may be")
    for path in sorted(root.rglob("test_*.py")):
        _read(path, path.relative_to(root.parent).as_posix(), found)
    return found


def main() -> int:
    """Print the report; 1 when a mark is wrong."""
    found = survey()
    print("\n".join(found.lines()))
    return 1 if found.faults else 0


def _read(path: Path, name: str, found: Survey) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    helpers = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for scope, function, marks in _tests(tree):
        test = f"{name}::{'::'.join([*scope, function.name])}"
        for mark in marks:
            number = _number(mark)
            if number not in TITLES:
                found.faults.append(f"{test}: there is no requirement {ast.unparse(mark)}")
            elif not _asserts(function, helpers):
                found.faults.append(f"{test}: proves nothing, it has no assertion")
            elif test not in found.proven.setdefault(number, []):
                found.proven[number].append(test)


def _tests(tree: ast.Module) -> Iterator[tuple[list[str], ast.FunctionDef, list[ast.Call]]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield [], node, _marks(node)
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    yield [node.name], inner, [*_marks(node), *_marks(inner)]


def _marks(node: ast.FunctionDef | ast.ClassDef) -> list[ast.Call]:
    return [
        decorator
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.requirement"
    ]


def _number(mark: ast.Call) -> int | None:
    first = mark.args[0] if len(mark.args) == 2 else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, int) else None


def _asserts(function: ast.FunctionDef, helpers: Mapping[str, ast.FunctionDef], depth: int = 3) -> bool:
    """Whether the test, or a function of its own file that it calls, asserts or expects an error."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in {"pytest.raises", "pytest.fail"} or called.rpartition(".")[2] == "expect":
                return True
            helper = helpers.get(called.rpartition(".")[2])
            if (
                depth
                and helper is not None
                and helper is not function
                and _asserts(helper, helpers, depth - 1)
            ):
                return True
    return False


if __name__ == "__main__":
    sys.exit(main())
