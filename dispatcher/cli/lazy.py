"""Commands that are loaded when they are called: a short one does not pay for the modules of all others."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is (`module:name`, a function or a group), and the line of help that stands for it."""

    place: str
    help: str

    def load(self, name: str) -> TyperCommand | TyperGroup:
        """The command itself."""
        module, _, attribute = self.place.partition(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_group(found)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command(name)(found)
            command = typer.main.get_command(alone)
        command.name = name
        loaded: TyperCommand | TyperGroup = command
        return loaded


def lazy_group(places: Mapping[str, Place]) -> type[TyperGroup]:
    """A group of these commands, in this order. Its own help loads none of them."""

    class LazyGroup(TyperGroup):
        _is_describing = False

        def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the base's signature
            return list(places)

        def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:  # noqa: ARG002
            place = places.get(cmd_name)
            if place is None:
                return None
            return TyperCommand(cmd_name, help=place.help) if self._is_describing else place.load(cmd_name)

        def format_help(self, ctx: Any, formatter: Any) -> None:
            self._is_describing = True
            super().format_help(ctx, formatter)

    return LazyGroup
