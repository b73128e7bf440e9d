"""Tables keyed by a vocabulary know all of it: a member without a row is an error once it is met.

Every module is walked, so that a table counts from the day it is written. A set is a choice of
members and no table; what has rows for some members on purpose is in `PARTIAL`, with the reason.
"""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, StrEnum
from types import ModuleType
from typing import Any, Final, NamedTuple

import pytest

from api.console import labels
from api.console.i18n import LANGUAGES
from casework.kernel.messages import ENGLISH
from casework.kernel.permissions import Permission
from casework.referrals.states import Move
from detector.quality import Reason
from tests.catalogues import CONSOLE, read

PACKAGES: Final = ("models", "detector", "index", "casework", "api", "cli")

CATALOGUES: Final = {language: read(language) for language in LANGUAGES}

PARTIAL: Final = {
    "casework.approvals.approvals.SECOND_PERSONS": "the others accept nothing",
    "casework.cases.states._CASES": "the others are about who takes part",
    "casework.cases.states._MEMBERS": "the others are about the case itself",
    "casework.imports.exports._COMPRESSIONS": "photos in other formats go out as JPEG",
    "casework.imports.exports._WRITERS": "ANSI/NIST-ITL files are one a subject",
    "casework.imports.workbook.rows._STATES": "the others are warnings, or sound",
    "casework.kernel.permissions.OPERATOR_GRANTS": "most acts reach no further for anybody",
    "casework.kernel.permissions._PEOPLE": "port systems are no people",
    "casework.review.states._REFUSED_AFTER": "after a match every outcome fits",
    "api.console.screens.case_items._PHOTOS": "the other kinds give no photo",
    "api.console.screens.guide._FOR": "they have no page of their own",
    "casework.oversight.retention._IN_ORDER": "of the others, what is due is all there is",
    "cli.demo.quarter._BY": "what the demo counts by",
    "casework.reports.counted._WORDS": "of the others the values are made from several columns",
    "casework.reports.counted._DECIDED": "what is open is waiting, overdue or neither",
    "casework.reports.counted._FORMATS": "dimensions that are parts of a time",
    "casework.reports.review._COLUMNS": "of the other dimensions alerts are not grouped so",
    "casework.reports.places.OF_ALL": "stays are counted of the own agency alone",
    "casework.reports.places._LEVELS": "the other dimensions are no areas",
    "casework.reports.places._OUTCOMES": "alerts, tips, cases and stays are counted whole",
    "cli.story.desks._USUAL": "outcomes that fit nearly everywhere",
    "api.console.cut_pages._FILTERS": "the queue has no filter for the others",
    "api.console.report_words._VOCABULARIES": "values of the others are named otherwise",
    "api.console.screens.reports.CHOICES": "regencies stand for provinces within one",
    "casework.reports.dimensions.WITHIN": "the others lie within none",
    "detector.pillow_decoder.DECODERS": "OpenCV decodes the others",
    "api.console.screens.imports._SENTENCES": "names of a form's fields",
    "api.console.screens.officers._ROLES": "a port system's key is no officer",
}


class Table(NamedTuple):
    """A table of a module, and what it has no row for."""

    name: str
    lacks: frozenset[str]


def modules() -> Iterator[ModuleType]:
    for package in PACKAGES:
        root = importlib.import_module(package)
        yield root
        for found in pkgutil.walk_packages(root.__path__, f"{package}."):
            # Revisions and their surroundings run within Alembic alone, `__main__` runs a program.
            if ".migrations." not in found.name and not found.name.endswith(".__main__"):
                yield importlib.import_module(found.name)


def vocabularies(found: Sequence[ModuleType]) -> list[type[Enum]]:
    """Every enumeration of ours, each at the module that makes it."""
    return [
        value
        for module in found
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Enum)
        and value.__module__ == module.__name__
    ]


def assigned(module: ModuleType) -> Iterator[str]:
    """The names that a module gives values to; what it imports is another's."""
    for statement in ast.parse(inspect.getsource(module)).body:
        match statement:
            case ast.Assign(targets=targets):
                yield from (each.id for each in targets if isinstance(each, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                yield name


def gaps(keys: Sequence[Any], known: Sequence[type[Enum]]) -> frozenset[str] | None:
    """The members that a table's keys lack; None if no vocabulary is its key.

    Keys are members, their values as text, a vocabulary with a value, or tuples with members at
    one place, where every member has to come up.
    """
    if keys and all(isinstance(key, tuple) for key in keys):
        if all(isinstance(key[0], type) for key in keys):
            return by_kind(keys)
        found = [gaps(column, known) for column in zip(*keys, strict=True)]
        columns = [each for each in found if each is not None]
        return frozenset().union(*columns) if columns else None
    kinds = {type(key) for key in keys}
    if len(kinds) != 1:
        return None
    (kind,) = kinds
    if issubclass(kind, Enum):
        return frozenset(member.name for member in kind if member not in keys)
    if kind is not str:
        return None
    lacking = [
        frozenset(member.name for member in vocabulary if member.value not in keys)
        for vocabulary in known
        if {member.value for member in vocabulary} >= set(keys)
    ]
    lacking.sort(key=len)
    return lacking[0] if keys and lacking else None


def by_kind(keys: Sequence[tuple[type[Enum], str]]) -> frozenset[str]:
    """The members that keys of a vocabulary and a text lack, of all the vocabularies in them."""
    return frozenset(
        member.name
        for kind in {kind for kind, _ in keys}
        for member in kind
        if (kind, member.value) not in keys
    )


def tables() -> list[Table]:
    """Every table of ours that a vocabulary is the key of."""
    found = list(modules())
    known = vocabularies(found)
    every = []
    for module in found:
        for name in assigned(module):
            value = vars(module)[name]
            keyed = isinstance(value, Mapping)
            listed = isinstance(value, tuple | list) and value and isinstance(value[0], Enum)
            lacks = gaps(list(value), known) if keyed or listed else None
            if lacks is not None:
                every.append(Table(f"{module.__name__}.{name}", lacks))
    return every


TABLES: Final = tables()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_has_a_row_for_every_member_of_its_vocabulary(table):
    if table.name in PARTIAL:
        assert table.lacks, f"it is whole: take it out of PARTIAL ({PARTIAL[table.name]})"
    else:
        assert not table.lacks


def test_the_tables_are_found():
    """The walk sees tables of every form; those named as partial exist."""
    names = {table.name for table in TABLES}
    assert names >= PARTIAL.keys()
    assert names >= {
        "detector.quality._ADVICE",
        "api.console.labels.EXPLAINED",
        "api.console.labels.LABELS",
        "casework.kernel.permissions.GRANTS",
        "casework.review.findings.SEVERITY",
        "casework.referrals.states._RULES",
        "cli.demo.report._COLOURS",
    }


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Size(StrEnum):
    SMALL = "small"


@pytest.mark.parametrize(
    ("keys", "lacking"),
    [
        ([Colour.RED, Colour.BLUE], set()),
        ([Colour.RED], {"BLUE"}),
        (["blue", "red"], set()),
        (["blue"], {"RED"}),
        ([(1, Colour.RED), (2, Colour.BLUE)], set()),
        ([(1, Colour.RED), (2, Colour.RED)], {"BLUE"}),
        ([(Colour, "red"), (Size, "small")], {"BLUE"}),
        ([(Colour, "red"), (Colour, "blue"), (Size, "small")], set()),
        (["red", "green"], None),
        ([Colour.RED, Size.SMALL], None),
        ([1, 2], None),
        ([], None),
    ],
)
def test_a_missing_row_is_seen(keys, lacking):
    assert gaps(keys, [Colour, Size]) == lacking


# What is said of members


@pytest.mark.parametrize("reason", Reason)
def test_a_quality_reason_is_explained_and_advised_in_every_language(reason):
    assert reason.advice
    for text in (labels.explained(reason.value), ENGLISH[f"advice_{reason}"]):
        for language in LANGUAGES:
            said = CATALOGUES[language].get(text)
            assert said is not None
            assert said.string


@pytest.mark.parametrize("called", sorted({*labels.LABELS.values(), *labels.ACTIONS.values()}))
def test_a_word_of_the_domain_is_said_in_every_language(called):
    for language in LANGUAGES:
        said = CATALOGUES[language].get(called)
        assert said is not None
        assert said.string


def test_every_act_of_a_history_has_a_word():
    acts = {act.value for act in Permission if act.value.startswith("alert.")} - {
        Permission.READ_ALERT.value,
        Permission.EXPORT_EVIDENCE.value,
    }
    assert labels.ACTIONS.keys() >= acts | {f"referral.{move.value}" for move in Move}


@pytest.mark.parametrize(
    "template", sorted((CONSOLE / "templates").glob("**/*.html")), ids=lambda path: path.name
)
def test_a_template_names_vocabularies_that_have_words(template):
    named = re.findall(r"""word\(["'](\w+)["']\)""", template.read_text(encoding="utf-8"))
    assert {kind.__name__ for kind, _ in labels.LABELS} >= set(named)
