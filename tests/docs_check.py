"""Keeps the documentation true: run by `make check` as `python -m tests.docs_check`."""

import re
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from typer.main import get_command

from api.app import create_app
from api.problems import INTERNAL, KINDS
from api.settings import Settings
from cli.main import app
from detector.quality import BOUNDS, Reason
from models import builtin_packs
from tests import catalogues
from tests.authority import documented, written

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Print what is wrong; exit 1 if anything is."""
    checks = (settings, codes, commands, routes, quality, links, targets, catalogues.problems)
    problems = [problem for check in checks for problem in check()]
    for problem in problems:
        print(problem, file=sys.stderr)  # noqa: T201
    return 1 if problems else 0


def settings() -> Iterator[str]:
    """Every setting is in docs/settings.md, and nothing else is."""
    documented = set(re.findall(r"^\| `(\w+)` \|", _read("docs/settings.md"), re.MULTILINE))
    for name in sorted(documented ^ set(Settings.model_fields)):
        yield f"docs/settings.md: {name} is a setting or documented, but not both"


def codes() -> Iterator[str]:
    """Every problem code is in docs/http.md."""
    text = _read("docs/http.md")
    for kind in KINDS.values():
        if f"`{kind.code}`" not in text:
            yield f"docs/http.md: the code {kind.code} is missing"
    if INTERNAL.code in text:
        yield "docs/http.md: internal errors are never promised"


def commands() -> Iterator[str]:
    """Every command is in docs/commands.md."""
    text = _read("docs/commands.md")
    for path in _command_paths(get_command(app), "siaga"):
        if f"`{path}" not in text:
            yield f"docs/commands.md: {path} is missing"


def _command_paths(command: object, name: str) -> Iterator[str]:
    children = getattr(command, "commands", None)
    if not children:
        yield name
        return
    for child, each in children.items():
        yield from _command_paths(each, f"{name} {child}")


def routes() -> Iterator[str]:
    """Every route is spoken of in docs/http.md."""
    text = _read("docs/http.md")
    for path in create_app(Settings()).openapi()["paths"]:
        root = "/".join(path.split("/")[:3])
        if root not in text:
            yield f"docs/http.md: {root} is missing"


def authority() -> Iterator[str]:
    """The authority matrix in docs/access.md is what the code grants."""
    for wanted, found in zip_longest(written(), documented(), fillvalue=""):
        if wanted != found:
            yield f"docs/access.md: the matrix must have the line {wanted or 'no more'}"


def quality() -> Iterator[str]:
    """Every measure and every reason is defined in docs/quality.md."""
    text = _read("docs/quality.md")
    for name in [*(bound.measure for bound in BOUNDS), *(reason.value for reason in Reason)]:
        if f"`{name}`" not in text:
            yield f"docs/quality.md: {name} is missing"


def links() -> Iterator[str]:
    """Every relative link leads to a file."""
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            if not (page.parent / target).exists():
                yield f"{page.relative_to(ROOT)}: {target} does not exist"


def targets() -> Iterator[str]:
    """The README's make targets and packs exist."""
    makefile, readme = _read("Makefile"), _read("README.md")
    for target in re.findall(r"`?make (\w+)", readme):
        if not re.search(rf"^{target}:", makefile, re.MULTILINE):
            yield f"README.md: there is no make target {target}"
    for pack in builtin_packs():
        if pack not in readme:
            yield f"README.md: the pack {pack} is missing"


def _read(name: str) -> str:
    path = ROOT / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
