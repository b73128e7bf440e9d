"""How many templates are on each watchlist, kept up to date instead of counted again.

A watchlist's threshold depends on its size (see `index.threshold_for`), so every enrolment changes
one. Counting 100,000 templates takes a database a tenth of a second, which the next traveller would
wait; following the change log takes microseconds, however large the gallery is.
"""

import threading
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final

import numpy as np
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from casework.tables import Template, WatchlistEntry

NOWHERE: Final = 0
"""Code of a template that is on no watchlist, or that does not exist."""


class Sizes:
    """Templates of one model by watchlist. The replica writes it, anyone may read it."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        # Few combinations of watchlists occur: each template holds the number of its own. Template
        # ids are dense, so an array of four bytes each does where a dict would take a hundred.
        self._combinations: list[tuple[str, ...]] = [()]
        self._codes: dict[tuple[str, ...], int] = {(): NOWHERE}
        self._code_of = np.zeros(1024, np.int32)

    def counts(self) -> dict[str, int]:
        """Return the number of templates by watchlist id; an empty watchlist may be missing."""
        with self._lock:
            return dict(self._counts)

    def load(self, session: Session) -> None:
        """Read where every template stands."""
        rows = session.execute(_STANDINGS.where(Template.model == self._model))
        self._set(rows)

    def update(self, session: Session, template_ids: Collection[int]) -> None:
        """Read again where these templates stand; those that are gone stand nowhere."""
        if not template_ids:
            return
        rows = session.execute(
            _STANDINGS.where(Template.id.in_(template_ids), Template.model == self._model)
        )
        self._set(rows, template_ids)

    def _set(self, rows: Iterable[Row[int, str]], template_ids: Collection[int] = ()) -> None:
        lists: dict[int, tuple[str, ...]] = dict.fromkeys(template_ids, ())
        for template_id, watchlist_id in rows:
            lists[template_id] = (*lists.get(template_id, ()), watchlist_id)
        with self._lock:
            self._grow(max(lists, default=0))
            for template_id, standing in lists.items():
                before = self._combinations[self._code_of[template_id]]
                self._counts.subtract(before)
                self._counts.update(standing)
                self._code_of[template_id] = self._code(standing)

    def _code(self, standing: tuple[str, ...]) -> int:
        if standing not in self._codes:
            self._codes[standing] = len(self._combinations)
            self._combinations.append(standing)
        return self._codes[standing]

    def _grow(self, last: int) -> None:
        if last >= len(self._code_of):
            grown = np.zeros(max(last + 1, 2 * len(self._code_of)), np.int32)
            grown[: len(self._code_of)] = self._code_of
            self._code_of = grown


_STANDINGS: Final = (
    select(Template.id, WatchlistEntry.watchlist_id)
    .join(WatchlistEntry, WatchlistEntry.subject_id == Template.subject_id)
    .order_by(Template.id, WatchlistEntry.watchlist_id)
)
