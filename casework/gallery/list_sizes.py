"""How many templates each watchlist can alert on, kept up to date instead of counted again.

A watchlist's threshold depends on its size (see `index.threshold_for`), so every enrolment changes
one. Counting 100,000 templates takes a database a tenth of a second, which the next traveller would
wait; following the change log takes microseconds, however large the gallery is.

What cannot alert does not count, since strangers raise no alarm by them: subjects that are
suspended or being erased, photos that are being erased, and, by the clock, subjects whose period
has not begun or is over.
"""

import math
import threading
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final, TypeAlias

import numpy as np
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from casework.kernel.clock import Clock
from casework.kernel.vocabulary import SubjectStatus
from casework.tables import EnrolledPhoto, Subject, Template, WatchlistEntry

NOWHERE: Final = 0
"""Code of a template that alerts on no watchlist, or that does not exist."""

_EVERY_S: Final = 60
"""Periods that begin or end are followed at most so often: each time, all templates are looked at,
some milliseconds for a million."""

_Listed: TypeAlias = tuple[tuple[str, ...], float, float]
"""The watchlists that a template is on, and from when to when, in seconds since 1970."""

_NOT_LISTED: Final[_Listed] = ((), -math.inf, math.inf)


class Sizes:
    """Templates of one model by watchlist. The replica writes it, anyone may read it."""

    def __init__(self, model: str, clock: Clock) -> None:
        self._model = model
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        # Few combinations of watchlists occur: each template holds the number of its own. Template
        # ids are dense, so arrays of twenty bytes each do where a dict would take hundreds.
        self._combinations: list[tuple[str, ...]] = [()]
        self._codes: dict[tuple[str, ...], int] = {(): NOWHERE}
        self._code_of = np.zeros(1024, np.int32)
        self._begin_of = np.full(1024, -math.inf)
        self._end_of = np.full(1024, math.inf)
        self._as_of = -math.inf
        self._due = -math.inf
        self._renewals = 0

    def counts(self) -> dict[str, int]:
        """Return the number of templates by watchlist id; an empty watchlist may be missing."""
        with self._lock:
            self._renew()
            return dict(self._counts)

    def renewals(self) -> int:
        """Return how often sizes were counted again because time has passed."""
        with self._lock:
            self._renew()
            return self._renewals

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

    def _set(
        self,
        rows: Iterable[Row[int, str, datetime | None, datetime | None]],
        template_ids: Collection[int] = (),
    ) -> None:
        listed = dict.fromkeys(template_ids, _NOT_LISTED)
        for template_id, watchlist_id, valid_from, valid_until in rows:
            if known := listed.get(template_id, _NOT_LISTED)[0]:
                listed[template_id] = ((*known, watchlist_id), *listed[template_id][1:])
            else:
                begin = valid_from.timestamp() if valid_from is not None else -math.inf
                end = valid_until.timestamp() if valid_until is not None else math.inf
                listed[template_id] = ((watchlist_id,), begin, end)
        with self._lock:
            self._grow(max(listed, default=0))
            for template_id, (standing, begin, end) in listed.items():
                self._count(template_id, -1)
                self._code_of[template_id] = self._code(standing)
                self._begin_of[template_id], self._end_of[template_id] = begin, end
                self._count(template_id, 1)
                self._due = min(self._due, self._next(begin, end))

    def _count(self, template_id: int, sign: int) -> None:
        """Add or take away a template as of the last renewal."""
        if self._begin_of[template_id] <= self._as_of <= self._end_of[template_id]:
            for watchlist_id in self._combinations[self._code_of[template_id]]:
                self._counts[watchlist_id] += sign

    def _next(self, begin: float, end: float) -> float:
        """Return when a period that is read now changes a size next."""
        if begin > self._as_of:
            return begin
        return math.nextafter(end, math.inf) if end >= self._as_of else math.inf

    def _renew(self) -> None:
        """Count again if a period has begun or ended since."""
        now = self._clock().timestamp()
        if self._as_of <= now < self._due:
            return
        begin, end = self._begin_of, self._end_of
        alive = np.bincount(
            self._code_of[(begin <= now) & (now <= end)], minlength=len(self._combinations)
        )
        self._counts = Counter()
        for code, standing in enumerate(self._combinations):
            for watchlist_id in standing:
                self._counts[watchlist_id] += int(alive[code])
        ahead = min(begin[begin > now].min(initial=math.inf), end[end >= now].min(initial=math.inf))
        self._as_of, self._due = now, max(math.nextafter(ahead, math.inf), now + _EVERY_S)
        self._renewals += 1

    def _code(self, standing: tuple[str, ...]) -> int:
        if standing not in self._codes:
            self._codes[standing] = len(self._combinations)
            self._combinations.append(standing)
        return self._codes[standing]

    def _grow(self, last: int) -> None:
        if last >= len(self._code_of):
            more = max(last + 1, 2 * len(self._code_of)) - len(self._code_of)
            self._code_of = np.append(self._code_of, np.zeros(more, np.int32))
            self._begin_of = np.append(self._begin_of, np.full(more, -math.inf))
            self._end_of = np.append(self._end_of, np.full(more, math.inf))


_STANDINGS: Final = (
    select(Template.id, WatchlistEntry.watchlist_id, Subject.valid_from, Subject.valid_until)
    .join(Subject, Subject.id == Template.subject_id)
    .join(EnrolledPhoto, EnrolledPhoto.id == Template.photo_id)
    .join(WatchlistEntry, WatchlistEntry.subject_id == Template.subject_id)
    .where(
        Subject.status == SubjectStatus.ACTIVE,
        Subject.erase_at.is_(None),
        EnrolledPhoto.erase_at.is_(None),
    )
    .order_by(Template.id, WatchlistEntry.watchlist_id)
)
