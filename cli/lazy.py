"""Commands that are imported when they are called: listing them all costs the import of none."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

MARKUP: Final = "markdown"


class LazyCommand(TyperCommand):
    """Stands for a command, or a group of them, in the list of commands until it is called."""

    def __init__(
        self, name: str, target: str, summary: str, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Name a command.

        Args:
            name: what is typed.
            target: `module:attribute` of the function, or of the `Typer` of a group.
            summary: first paragraph of the command's own help, for the list.
            settings: of the command's context, as `typer.Typer.command` takes them.
        """
        super().__init__(name, help=summary, rich_markup_mode=MARKUP)
        self._module, _, self._attribute = target.partition(":")
        self._settings = dict(settings or {})

    def load(self) -> Any:  # noqa: ANN401 - Typer keeps the type of its commands to itself
        """Import the command and return it."""
        with _uncollected():
            part = getattr(import_module(self._module), self._attribute)
        parent = typer.Typer(rich_markup_mode=MARKUP, pretty_exceptions_enable=False)
        if isinstance(part, typer.Typer):
            parent.add_typer(part, name=self.name)
        else:
            parent.command(self.name, context_settings=self._settings)(part)
        return get_group(parent).commands[self.name or ""]

    def make_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - handed on as it is
        """Hand over: from here on the context's command is the real one."""
        return self.load().make_context(*args, **kwargs)

    @property
    def commands(self) -> Mapping[str, Any]:
        """The commands below this one, for code that walks the tree; empty unless it is a group."""
        below: Mapping[str, Any] = getattr(self.load(), "commands", {})
        return below


class LazyGroup(TyperGroup):
    """A group whose commands are given by `lazily`, in the order in which help lists them."""

    lazy: tuple[LazyCommand, ...] = ()

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - Typer's own
        super().__init__(**attributes)
        self.commands.update({each.name or "": each for each in self.lazy})


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave garbage where it is: what an import makes stays, and looking through it costs time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
