"""Follows expressions through the program's source, for what no table lists.

An expression is evaluated where it stands: names of the module have their values, and what is
known at run time only is a `Hole`, which reads as `{}`. So `f"photo/{photo.id}"`, and any function
or constant that stands for it, gives `photo/{}`, wherever it lies and whatever it is called.
"""

import ast
import builtins
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final, get_args, get_type_hints

ROOT: Final = Path(__file__).parents[2]
ROOMS: Final = ("models", "detector", "index", "casework", "config", "api", "cli")
"""Packages of the program; one that is added is added here."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_HOLE: Final = "{}"
_DEEPEST: Final = 8
"""Callers of callers that are followed."""


class Unfollowable(AssertionError):
    """An expression leads to nothing that can be told beforehand."""


class Hole:
    """A value that is known at run time only; so is everything that is reached through it."""

    def __getattr__(self, name: str) -> "Hole":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, _key: object) -> "Hole":
        return self

    def __call__(self, *_given: object, **_named: object) -> "Hole":
        return self

    def __str__(self) -> str:
        return _HOLE

    def __format__(self, _spec: str) -> str:
        return _HOLE


@dataclass(frozen=True, slots=True)
class Module:
    """A module as it runs and as it is written."""

    runtime: ModuleType
    tree: ast.Module
    parents: dict[ast.AST, ast.AST] = field(repr=False)

    def calls(self) -> Iterator[ast.Call]:
        """Yield every call."""
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))

    def around(self, node: ast.AST) -> list[_Function]:
        """Return the functions that a node stands in, the innermost first."""
        found = []
        place: ast.AST | None = node
        while place is not None:
            if isinstance(place, _Function):
                found.append(place)
            place = self.parents.get(place)
        return found

    def value(self, expression: ast.expr, node: ast.AST) -> object:
        """Evaluate an expression that stands at a node; raises what evaluating it raises."""
        known = vars(builtins) | vars(self.runtime)
        inside = {
            each.id
            for function in self.around(node)
            for each in ast.walk(function)
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        } | {a.arg for function in self.around(node) for a in _parameters(function)}
        names = {each.id for each in ast.walk(expression) if isinstance(each, ast.Name)}
        holes = {name: Hole() for name in names if name in inside or name not in known}
        code = compile(ast.Expression(expression), self.runtime.__name__, "eval")
        return eval(code, {**known, **holes})

    def where(self, node: ast.expr) -> str:
        """Return a place for a message."""
        return f"{self.runtime.__name__}:{node.lineno}: {ast.unparse(node)}"


@cache
def modules() -> tuple[Module, ...]:
    """Return every module of the program."""
    found = []
    for room in ROOMS:
        package = importlib.import_module(room)
        names = [each.name for each in pkgutil.walk_packages(package.__path__, f"{room}.")]
        for name in [room, *names]:
            if ".migrations" in name or name.endswith("__main__"):
                continue  # they run when they are imported
            runtime = importlib.import_module(name)
            assert runtime.__file__ is not None
            tree = ast.parse(Path(runtime.__file__).read_text(encoding="utf-8"))
            parents = {
                child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)
            }
            found.append(Module(runtime, tree, parents))
    return tuple(found)


def argument(call: ast.Call, position: int | None, name: str) -> ast.expr | None:
    """Return what a call gives for a parameter, None where it gives nothing.

    `position` is None for a parameter that is given by its name alone.
    """
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    if position is None or position >= len(call.args):
        return None
    return call.args[position]


@dataclass(frozen=True, slots=True)
class Follower:
    """Finds every text that an expression may be.

    Conditions give both branches, variables what is assigned to them, parameters what callers
    give, and what is annotated as an enumeration all of its values.
    """

    patterns: bool = False
    """Whether texts may have holes, `{}`, for what varies."""

    def texts(
        self, module: Module, expression: ast.expr, node: ast.AST, depth: int = 0
    ) -> set[str]:
        """Return the texts of an expression that stands at a node.

        Raises:
            Unfollowable: they cannot be told.
        """
        if depth > _DEEPEST:
            raise Unfollowable(module.where(expression))
        if isinstance(expression, ast.IfExp):
            both = (expression.body, expression.orelse)
            return {text for each in both for text in self.texts(module, each, node, depth)}
        try:
            value = module.value(expression, node)
        except Exception as error:
            raise Unfollowable(module.where(expression)) from error
        if isinstance(value, str) and (self.patterns or _HOLE not in value):
            return {str(value)}
        if isinstance(expression, ast.JoinedStr):
            return self._joined(module, expression, node, depth)
        if isinstance(expression, ast.Attribute):
            return _of_attribute(module, expression, node)
        if isinstance(expression, ast.Name):
            return self._of_variable(module, expression, node, depth)
        raise Unfollowable(module.where(expression))

    def _joined(
        self, module: Module, expression: ast.JoinedStr, node: ast.AST, depth: int
    ) -> set[str]:
        found = {""}
        for part in expression.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            said = self.texts(module, inner, node, depth)
            found = {before + each for before in found for each in said}
        return found

    def _of_variable(
        self, module: Module, expression: ast.Name, node: ast.AST, depth: int
    ) -> set[str]:
        for annotated in _annotated(module, expression, node):
            if issubclass(annotated, Enum):
                return {str(member.value) for member in annotated}
        for function in module.around(node):
            found: set[str] = set()
            for value in _assigned(function, expression.id):
                found |= self.texts(module, value, value, depth + 1)
            if expression.id in [each.arg for each in _parameters(function)]:
                for caller, value in _given(module, function, expression.id):
                    found |= self.texts(caller, value, value, depth + 1)
            if found:
                return found
        raise Unfollowable(module.where(expression))


def called(module: Module, call: ast.Call) -> object:
    """Return what a call calls, where that is a name of the module; None elsewhere."""
    words = ast.unparse(call.func).split(".")
    found: object = vars(module.runtime).get(words[0])
    for word in words[1:]:
        found = getattr(found, word, None) if isinstance(found, ModuleType | type) else None
    return found


def _of_attribute(module: Module, expression: ast.Attribute, node: ast.AST) -> set[str]:
    """Return the values of `step.act` or `what.value` by the annotations that they have."""
    owner = expression.value
    for annotated in _annotated(module, owner, node):
        if issubclass(annotated, Enum) and expression.attr == "value":
            return {str(member.value) for member in annotated}
        hint = get_type_hints(annotated).get(expression.attr)
        enums = _enums(hint)
        if enums:
            return enums
    raise Unfollowable(module.where(expression))


def _assigned(function: _Function, name: str) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if name in [each.id for each in targets if isinstance(each, ast.Name)]:
                yield node.value


def _given(module: Module, function: _Function, name: str) -> Iterator[tuple[Module, ast.expr]]:
    """Yield what callers give for a parameter; a private function has callers here alone."""
    ordered = [each.arg for each in [*function.args.posonlyargs, *function.args.args]]
    if ordered[:1] in (["self"], ["cls"]):
        del ordered[0]
    position = ordered.index(name) if name in ordered else None
    for each in [module] if function.name.startswith("_") else modules():
        for call in each.calls():
            if getattr(call.func, "attr", getattr(call.func, "id", None)) == function.name:
                value = argument(call, position, name)
                if value is not None:
                    yield each, value


def _annotated(module: Module, expression: ast.expr, node: ast.AST) -> list[type]:
    """Return the classes that a parameter is annotated with."""
    if not isinstance(expression, ast.Name):
        return []
    for function in module.around(node):
        if expression.id == "self" and isinstance(of := module.parents.get(function), ast.ClassDef):
            return [vars(module.runtime)[of.name]]
        for each in _parameters(function):
            if each.arg == expression.id and each.annotation is not None:
                try:
                    hint = module.value(each.annotation, module.tree)
                except Exception:  # noqa: BLE001 - a name for type checkers alone
                    return []
                return [kind for kind in (hint, *get_args(hint)) if isinstance(kind, type)]
    return []


def _enums(hint: Any) -> set[str]:
    kinds = [kind for kind in (hint, *get_args(hint)) if isinstance(kind, type)]
    return {str(m.value) for kind in kinds if issubclass(kind, Enum) for m in kind}


def _parameters(function: _Function) -> list[ast.arg]:
    given = function.args
    return [*given.posonlyargs, *given.args, *given.kwonlyargs]
