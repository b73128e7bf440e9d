"""The code lists as they stand: the built-in members, with what the installation made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.codes.built_in import CATEGORIES, OUTCOMES
from casework.codes.coded import CodedCategory, CodedOutcome
from casework.kernel.errors import CodeRefused
from casework.kernel.vocabulary import (
    Category,
    ComparisonResult,
    Direction,
    Disposition,
    Requirement,
    Stage,
)
from casework.tables import CategoryRow, OutcomeRow


@dataclass(frozen=True, slots=True)
class CodeLists:
    """Both lists at one moment: the built-in members first, then an installation's own."""

    categories: Mapping[str, CodedCategory]
    outcomes: Mapping[str, CodedOutcome]

    @classmethod
    def read(cls, session: Session) -> Self:
        """Read them within a transaction."""
        return cls(categories(session), outcomes(session))

    def category(self, code: str, language: str) -> str:
        """Return what a category is called; of one that nobody knows, its code."""
        found = self.categories.get(code)
        return found.called(language) if found is not None else code

    def outcome(self, code: str, language: str) -> str:
        """Return what an outcome is called; of one that nobody knows, its code."""
        found = self.outcomes.get(code)
        return found.called(language) if found is not None else code

    @property
    def active_categories(self) -> list[CodedCategory]:
        """Categories that may be chosen."""
        return [each for each in self.categories.values() if each.active]

    @property
    def active_outcomes(self) -> list[CodedOutcome]:
        """Outcomes that may be chosen."""
        return [each for each in self.outcomes.values() if each.active]


def categories(session: Session) -> dict[str, CodedCategory]:
    """Return every category by its code."""
    rows = session.scalars(select(CategoryRow).order_by(CategoryRow.code))
    return {**CATEGORIES, **{row.code: category_of(row) for row in rows}}


def outcomes(session: Session) -> dict[str, CodedOutcome]:
    """Return every outcome by its code."""
    rows = session.scalars(select(OutcomeRow).order_by(OutcomeRow.code))
    return {**OUTCOMES, **{row.code: outcome_of(row) for row in rows}}


def category(session: Session, code: str) -> CodedCategory:
    """Return one category, whether or not it may be chosen now.

    One that the list has lost counts as `other`: a watchlist goes on alerting.
    """
    row = session.get(CategoryRow, code)
    return category_of(row) if row is not None else known(CATEGORIES, code)


def known(found: Mapping[str, CodedCategory], code: str) -> CodedCategory:
    """Return a category of those found; one that is not among them counts as `other`."""
    member = found.get(code)
    if member is not None:
        return member
    return replace(found[Category.OTHER.value], code=code, label={"id": code, "en": code})


def choose_category(session: Session, code: str) -> CodedCategory:
    """Return a category for a list that is to have it.

    Raises:
        CodeRefused: there is none of that code, or it may not be chosen any more.
    """
    found = categories(session).get(code)
    if found is None:
        raise CodeRefused("category_unknown", field="category", category=code)
    if not found.active:
        raise CodeRefused("category_off", field="category", category=code)
    return found


def choose_outcome(session: Session, code: str, field: str) -> CodedOutcome:
    """Return an outcome for what is to end so.

    Args:
        session: the transaction.
        code: its code.
        field: the field of the request that names it.

    Raises:
        CodeRefused: there is none of that code, or it may not be chosen any more.
    """
    row = session.get(OutcomeRow, code)
    found = outcome_of(row) if row is not None else OUTCOMES.get(code)
    if found is None:
        raise CodeRefused("outcome_unknown", field=field, outcome=code)
    if not found.active:
        raise CodeRefused("outcome_off", field=field, outcome=code)
    return found


def category_of(row: CategoryRow) -> CodedCategory:
    """Return the category of a record."""
    return CodedCategory(
        code=row.code,
        label=row.label,
        instruction=row.instruction,
        priority=row.priority,
        requires=frozenset(map(Requirement, row.requires)),
        active=row.active,
        version=row.version,
    )


def outcome_of(row: OutcomeRow) -> CodedOutcome:
    """Return the outcome of a record."""
    ways, stages = row.directions, row.stages
    return CodedOutcome(
        code=row.code,
        label=row.label,
        disposition=Disposition(row.disposition),
        directions=frozenset(map(Direction, ways)) if ways is not None else None,
        stages=frozenset(map(Stage, stages)) if stages is not None else None,
        after=frozenset(map(ComparisonResult, row.after)),
        active=row.active,
        version=row.version,
    )
