"""Every error that an answer may carry has a status and a name of its own, and no base hides a class."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

import pytest

from dispatcher.core.errors import DispatcherError
from dispatcher.web.api.problems import KNOWN, WrongContentTypeError
from dispatcher.web.errors import PROBLEMS, PROBLEMS_BY_CODE, TEXTED, problem_of

PACKAGES = ("campaigns", "channels", "consent", "dispatcher", "reports", "templates")
#: Modules whose errors end in a process or a command and never in an answer, with the reason.
NEVER_ANSWERED = {
    "channels.": "only workers and the sandbox call channels",
    "dispatcher.cli.": "printed in the terminal",
    "dispatcher.web.server": "the web process does not start",
    "dispatcher.delivery.bills.": "a bill that does not come holds or refuses its letter",
    "dispatcher.core.lead": "between schedulers",
    "dispatcher.core.safe_addresses": "told as an error of what wanted to connect",
}
#: Single classes, with the reason.
ALSO_NEVER = {
    "ConfigurationError": "a process does not start",
    "StaffError": "staff are kept on the command line",
    "LoginTakenError": "staff are kept on the command line",
    "UnknownStaffError": "staff are kept on the command line",
    "UnfitLoginError": "staff are kept on the command line",
    "WeakPasswordError": "staff are kept on the command line",
    "ApiKeyError": "keys are kept on the command line",
    "UnknownApiKeyError": "keys are kept on the command line",
    "SignInError": "the page of the sign-in says it itself",
    "WrongPasswordError": "the page of the sign-in says it itself",
    "TooManyGuessesError": "the page of the sign-in says it itself",
    "BadFormError": "the page with the form says it itself",
    "FormFaultError": "the page with the form says it itself",
    "WrongContentTypeError": "the API names it where it is raised",
}


def subclasses(of: type[Exception]) -> Iterator[type[Exception]]:
    for one in of.__subclasses__():
        yield one
        yield from subclasses(one)


@pytest.fixture(scope="module")
def errors() -> list[type[Exception]]:
    """Every error of the product, once all of its modules are read."""
    for package in PACKAGES:
        for module in walk_packages(import_module(package).__path__, f"{package}."):
            if ".migrations." not in module.name and not module.name.endswith("__main__"):
                import_module(module.name)
    return sorted(
        {one for one in subclasses(DispatcherError) if one.__module__.split(".")[0] in PACKAGES},
        key=lambda one: one.__qualname__,
    )


def may_be_answered(error: type[Exception]) -> bool:
    return error.__name__ not in ALSO_NEVER and not error.__module__.startswith(tuple(NEVER_ANSWERED))


class TestProblems:
    def test_each_error_that_may_be_answered_is_named_in_the_map_itself(self, errors):
        assert len(errors) > 40
        assert [
            error.__qualname__ for error in errors if may_be_answered(error) and error not in PROBLEMS
        ] == []

    def test_a_forgotten_one_is_found(self, errors):
        class ForgottenError(DispatcherError):
            """Raised by nobody."""

        ForgottenError.__module__ = "campaigns.errors"
        assert may_be_answered(ForgottenError)
        assert ForgottenError not in PROBLEMS

    def test_what_is_never_answered_still_exists(self, errors):
        names = {error.__name__ for error in errors}
        assert set(ALSO_NEVER) <= names
        for prefix in NEVER_ANSWERED:
            assert any(error.__module__.startswith(prefix) for error in errors), prefix

    def test_no_class_stands_below_one_of_its_bases(self):
        seen: list[type[Exception]] = []
        for error in PROBLEMS:
            assert not [base for base in seen if issubclass(error, base)], error
            seen.append(error)

    def test_one_code_means_one_thing(self):
        problems = {*PROBLEMS.values(), *PROBLEMS_BY_CODE.values()}
        assert len({problem.code for problem in problems}) == len(problems)
        assert {problem.code for problem in problems} <= set(KNOWN)

    def test_each_status_has_words_for_people(self):
        assert {problem.status for problem in KNOWN.values()} - {415} <= TEXTED

    def test_a_fault_with_a_code_of_its_own_goes_before_its_class(self):
        for code, problem in PROBLEMS_BY_CODE.items():
            assert problem_of(DispatcherError("", code=code)) == problem

    def test_the_api_alone_names_what_is_not_in_the_map(self):
        assert problem_of(WrongContentTypeError("")) is None
