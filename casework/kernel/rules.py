"""Rules that are written once, and apply to a row in memory and to rows in a statement.

Where the operands are values, these give a value; where one is a column, they give an expression of
SQL that says the same. A missing value differs from every other, and is none of any.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, case, or_
from sqlalchemy.sql.operators import ColumnOperators


def all_of(*conditions: Any) -> Any:  # noqa: ANN401 - conditions in Python or SQL
    """Whether every condition holds."""
    if any(isinstance(each, ColumnOperators) for each in conditions):
        return and_(*conditions)
    return all(conditions)


def any_of(*conditions: Any) -> Any:  # noqa: ANN401 - conditions in Python or SQL
    """Whether a condition holds."""
    if any(isinstance(each, ColumnOperators) for each in conditions):
        return or_(*conditions)
    return any(conditions)


def one_of(value: Any, members: Iterable[str]) -> Any:  # noqa: ANN401 - a text or a column of texts
    """Whether a text is among some."""
    if isinstance(value, ColumnOperators):
        return value.in_(sorted(str(member) for member in members))
    return value in members


def missing(value: Any) -> Any:  # noqa: ANN401 - a value or a column
    """Whether there is no value."""
    return value.is_(None) if isinstance(value, ColumnOperators) else value is None


def differs(value: Any, other: object) -> Any:  # noqa: ANN401 - a value or a column
    """Whether a value is not the other, or there is none."""
    if isinstance(value, ColumnOperators):
        return value.is_distinct_from(other)
    return value != other


def first_of(*branches: tuple[Any, Any], otherwise: Any) -> Any:  # noqa: ANN401 - values or columns
    """Return what belongs to the first condition that holds."""
    if any(isinstance(each, ColumnOperators) for branch in branches for each in branch):
        return case(*branches, else_=otherwise)
    return next((value for condition, value in branches if condition), otherwise)
