"""Pages of a list: some of its rows, and where to go on."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar, overload

from pydantic import ConfigDict, Field

from api.v1.common import Answer


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


Row = TypeVar("Row")
Known = TypeVar("Known", bound=_Identified)
Item = TypeVar("Item")
Key = TypeVar("Key", str, int)


class _Page(Answer, Generic[Item, Key]):
    model_config = ConfigDict(
        json_schema_extra={"description": "Some of the list, and where to go on."}
    )

    items: list[Item]
    next: Key | None = Field(
        description="Send as `before` or `after`, whichever the list takes, for the next page; "
        "null on the last."
    )

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name the page of `AlertSummary` or `AgencyOut` as `AlertPage`, `AgencyPage`."""
        name: str = params[0].__name__
        return name.removesuffix("Summary").removesuffix("Out") + "Page"


class Page(_Page[Item, str], Generic[Item]):
    """Some of a list, and where to go on."""


class NumberedPage(_Page[Item, int], Generic[Item]):
    """Some of a list whose rows are numbered, and where to go on."""


def by_id(row: _Identified) -> str:
    """Return what most lists go on from."""
    return row.id


@overload
def page_of(
    fetch: Callable[[int], Sequence[Known]], limit: int
) -> tuple[Sequence[Known], str | None]: ...


@overload
def page_of(
    fetch: Callable[[int], Sequence[Row]], limit: int, key: Callable[[Row], Key]
) -> tuple[Sequence[Row], Key | None]: ...


def page_of(
    fetch: Callable[[int], Sequence[Any]], limit: int, key: Callable[[Any], Any] = by_id
) -> tuple[Sequence[Any], Any]:
    """Return at most `limit` rows, and the key of the last if the list goes on after it.

    Args:
        fetch: returns at most so many rows, from where the page begins.
        limit: most rows of the page.
        key: what the next page is asked for by; unset means the row's id.
    """
    rows = fetch(limit + 1)
    return rows[:limit], key(rows[limit - 1]) if len(rows) > limit else None
