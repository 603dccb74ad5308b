"""`dispatcher up`, but its workers and scheduler come from `broken_process`."""

import sys
from collections.abc import Mapping

from dispatcher.cli import household
from dispatcher.cli.up import up
from dispatcher.embedded.child import ChildCommand

REPLACED = frozenset({"worker", "scheduler"})


def main(name: str) -> None:
    """Run everything with the broken build `name`."""
    real = household.command

    def command(child: str, *arguments: str, environment: Mapping[str, str]) -> ChildCommand:
        if arguments[0] not in REPLACED:
            return real(child, *arguments, environment=environment)
        argv = [sys.executable, "-m", "tests.chaos.broken_process", name, *arguments]
        return ChildCommand(child, argv, environment)

    household.command = command
    up()


if __name__ == "__main__":
    main(sys.argv[1])
