"""The documentation is true: whatever the code offers is on its page, and pages name nothing else.

Each check is a test that discovery finds; `make check` runs them.
"""

import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Final

import pytest
from typer.main import get_command

from api.app import create_app
from api.problems import INTERNAL, KINDS
from cli.main import app
from config.settings import Settings
from detector.quality import Reason, bounds
from models.manifest import builtin_packs
from tests.authority import documented, written

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def named_settings() -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \|", read("docs/settings.md"), re.MULTILINE))


def command_paths(command: object, name: str) -> Iterator[str]:
    children = getattr(command, "commands", None)
    if not children:
        yield name
        return
    for child, each in children.items():
        yield from command_paths(each, f"{name} {child}")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("name", sorted(named_settings() | set(Settings.model_fields)))
def test_a_setting_is_documented_and_what_is_documented_is_one(name):
    assert name in named_settings(), "docs/settings.md lacks it"
    assert name in Settings.model_fields, "docs/settings.md names a setting that does not exist"


@pytest.mark.parametrize("code", sorted({kind.code for kind in KINDS.values()}))
def test_a_problem_code_is_in_docs_http(code):
    assert f"`{code}`" in read("docs/http.md")


def test_internal_errors_are_never_promised():
    assert INTERNAL.code not in read("docs/http.md")


@pytest.mark.parametrize("path", [*command_paths(get_command(app), "siaga")])
def test_a_command_is_in_docs_commands(path):
    assert f"`{path}" in read("docs/commands.md")


@pytest.mark.parametrize(
    "root",
    sorted({"/".join(path.split("/")[:3]) for path in create_app(Settings()).openapi()["paths"]}),
)
def test_a_route_is_spoken_of_in_docs_http(root):
    assert root in read("docs/http.md")


@pytest.mark.parametrize(("granted", "page"), [*zip_longest(written(), documented(), fillvalue="")])
def test_the_authority_matrix_in_docs_access_is_what_the_code_grants(granted, page):
    assert page == granted


@pytest.mark.parametrize(
    "name", [*(bound.measure for bound in bounds(0)), *(reason.value for reason in Reason)]
)
def test_a_measure_or_reason_is_defined_in_docs_quality(name):
    assert f"`{name}`" in read("docs/quality.md")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_relative_links_lead_to_files(page):
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_make_targets_that_a_page_names_exist(page):
    said = re.findall(r"(?:`|^(?=.* #))make (\w+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(said) <= set(re.findall(r"^(\w+):", read("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("pack", builtin_packs())
def test_a_pack_is_in_the_readme(pack):
    assert pack in read("README.md")
