"""What a gallery needs of a search engine, and which engines there are.

Every engine answers with the same scores to the last bit, whatever it does to find candidates
quickly: it finds all rows that could reach the threshold, or be the best of all, in one pass over
the rows, and `exact_scores` then decides.

An engine is imported when the first of its kind is made: settings name them all, and need none.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal, Protocol

if TYPE_CHECKING:
    from index.exact import Found, Vectors

EngineName = Literal["auto", "flat", "int8"]
"""What settings and benchmarks call the engines."""


class SearchEngine(Protocol):
    """Rows of vectors, numbered from 0, that can be compared with probes.

    The gallery above it serialises writes and keeps them apart from searches; an engine only has
    to allow several searches at once.
    """

    def __len__(self) -> int:
        """Rows held."""
        ...

    def append(self, vectors: "Vectors") -> None:
        """Add rows after the last."""
        ...

    def overwrite(self, row: int, vector: "Vectors") -> None:
        """Replace one row by a vector of shape (dim,)."""
        ...

    def row(self, row: int) -> "Vectors":
        """Return a copy of one row, shape (dim,)."""
        ...

    def truncate(self, rows: int) -> None:
        """Keep the first `rows` rows only."""
        ...

    def above(self, probes: "Vectors", threshold: float) -> "list[Found]":
        """Return, for each probe, every row whose cosine is at least `threshold`, and the best."""
        ...

    def nearest(self, probe: "Vectors", k: int) -> "Found":
        """Return the `k` rows of highest cosine with a probe (dim,), or all if there are fewer."""
        ...


def _flat(dim: int) -> SearchEngine:
    from index.flat import FlatEngine  # noqa: PLC0415

    return FlatEngine(dim)


def _int8(dim: int) -> SearchEngine:
    from index.int8 import Int8Engine  # noqa: PLC0415

    return Int8Engine(dim)


def _auto(dim: int) -> SearchEngine:
    from index.auto import AutoEngine  # noqa: PLC0415

    return AutoEngine(dim)


ENGINES: Final[Mapping[EngineName, Callable[[int], SearchEngine]]] = {
    "auto": _auto,
    "flat": _flat,
    "int8": _int8,
}
"""Makes an empty engine for vectors of so many dimensions."""
