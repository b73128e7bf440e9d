"""What is shown of other agencies' alerts: every permitted cut of a period at once.

A blurred figure stands for a range of counts (`casework.reports.figures`). Two cuts of the same
alerts have a common coarsening: of each of its cells both give the sum. Four parts of "fewer than
5" whose whole is "fewer than 5" are one each. Where ranges pin a count of 1 to 4 to one value, a
figure beside it is withheld, until nothing is pinned. All permitted cuts are looked at,
whichever a reader asks for: what is shown depends on the alerts alone.

A quarter is settled after its months and a year after its quarters; where a longer period would
give away a cell of a shorter one, the longer one's figure is withheld. So what a month shows never
depends on months to come.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from casework.reports.calendar import CalendarPeriod
from casework.reports.counted import CountedAlerts, joined
from casework.reports.dimensions import CUTS, FINER, Cut, Dimension
from casework.reports.figures import BLUR, LEAST_SHOWN, NOT_TOLD, STEP, ZERO, Figure

_Ints = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]

# More than any sum of counts, and the sum of a million of it is still a number.
_ANY: Final = 1 << 40
_LENGTHS: Final = (1, 3, 12)
"""Months of a period: each length is settled after the shorter ones."""


class _Table:
    """One cut of one period's alerts: the cells that hold any."""

    def __init__(self, columns: Sequence[tuple[_Ints, int]], alerts: int) -> None:
        codes = np.zeros(alerts, np.int64)
        for column, values in columns:
            codes = codes * values + column
        self._codes, self.cell_of = np.unique(codes, return_inverse=True)
        self.counts: _Ints = np.bincount(self.cell_of, minlength=len(self._codes))
        self.hidden: _Flags = np.zeros(len(self.counts), np.bool_)
        self.small: _Flags = self.counts < LEAST_SHOWN
        shown = STEP * ((self.counts + BLUR) // STEP)
        self._least = np.where(self.small, 1, np.maximum(LEAST_SHOWN, shown - BLUR))
        self._most = np.where(self.small, LEAST_SHOWN - 1, shown + BLUR)
        # Those that say least when they are withheld come first.
        self._cost = np.where(self.small, 0, shown)

    @property
    def least(self) -> _Ints:
        """The least that each cell can be."""
        return np.where(self.hidden, 0, self._least)

    @property
    def most(self) -> _Ints:
        """The most that each cell can be."""
        return np.where(self.hidden, _ANY, self._most)

    def hide(self, chosen: _Flags) -> bool:
        """Hide these cells; whether any was shown."""
        shown = bool((chosen & ~self.hidden).any())
        self.hidden |= chosen
        return shown

    def hide_one_of_each(self, wholes: _Ints, chosen: _Flags, spared: _Flags | None = None) -> bool:
        """Hide a cell within each chosen whole, the one that says least; whether any was left.

        Args:
            wholes: the whole that each cell lies in.
            chosen: by whole.
            spared: by cell: stay as they are.
        """
        free = np.flatnonzero(
            chosen[wholes] & ~self.hidden & (~spared if spared is not None else True)
        )
        if not len(free):
            return False
        # By whole, then by what is lost, then by name: codes are in the order of names.
        order = free[np.lexsort((free, self._cost[free], wholes[free]))]
        first = np.unique(wholes[order], return_index=True)[1]
        self.hidden[order[first]] = True
        return True


@dataclass(slots=True)
class _Range:
    """The least and the most that each cell of a cut can be."""

    least: _Ints
    most: _Ints

    def narrow(self, other: "_Range") -> None:
        """Keep what both allow."""
        np.maximum(self.least, other.least, out=self.least)
        np.minimum(self.most, other.most, out=self.most)


@dataclass(frozen=True, slots=True)
class _Pinned:
    """By cell of a whole: whether it pins a part from above, or else from below."""

    above: _Flags
    below: _Flags


class Publication:
    """What is shown of one period: `figure` answers for any cell of any permitted cut."""

    def __init__(
        self,
        period: CalendarPeriod,
        alerts: CountedAlerts,
        parts: Sequence[Sequence["Publication"]] = (),
    ) -> None:
        """Settle what is shown.

        Args:
            period: which.
            alerts: all of it.
            parts: its months; of a year its quarters, too. Each in the order of time, so that
                their alerts, one after another, are those of the whole.
        """
        self.period = period
        self.alerts = alerts
        self.months = {str(each.period): each for each in (parts[0] if parts else (self,))}
        codes = {each: self._coded(each) for each in sorted(set().union(*CUTS))}
        self._tables = {
            cut: _Table([codes[each] for each in sorted(cut)], len(alerts)) for cut in CUTS
        }
        self._wholes: dict[tuple[Cut, Cut], _Ints] = {}
        self._figures: dict[Cut, Mapping[tuple[str, ...], Figure]] = {}
        if len(alerts):
            self._settle([_Span(self, each) for each in parts])

    def figures(self, cut: Cut) -> Mapping[tuple[str, ...], Figure]:
        """Return the figures of a cut's cells that hold any alert, by their values.

        Values are in the order of the dimensions' names.
        """
        if cut not in self._figures:
            table, columns = self._tables[cut], [self.alerts.column(each) for each in sorted(cut)]
            first = np.unique(table.cell_of, return_index=True)[1]
            self._figures[cut] = {
                tuple(names[codes[at]] for names, codes in columns): (
                    NOT_TOLD if table.hidden[cell] else Figure.blurred(int(table.counts[cell]))
                )
                for cell, at in enumerate(first.tolist())
            }
        return self._figures[cut]

    def figure(self, values: Mapping[Dimension, str]) -> Figure:
        """Return the figure of one cell, or one of a month's; 0 where there is no alert."""
        if Dimension.MONTH in values:
            month = self.months.get(values[Dimension.MONTH])
            rest = dict(values)
            del rest[Dimension.MONTH]
            return month.figure(rest) if month is not None else ZERO
        key = tuple(values[each] for each in sorted(values))
        return self.figures(frozenset(values)).get(key, ZERO)

    def table(self, cut: Cut) -> _Table:
        """Return the cells of a cut."""
        return self._tables[cut]

    def _coded(self, dimension: Dimension) -> tuple[_Ints, int]:
        names, codes = self.alerts.column(dimension)
        return codes, max(1, len(names))

    def _whole_of(self, finer: Cut, coarser: Cut) -> _Ints:
        """Return the cell of the coarser cut that each cell of the finer one lies in."""
        key = (finer, coarser)
        if key not in self._wholes:
            self._wholes[key] = _placed(self._tables[finer], self._tables[coarser].cell_of)
        return self._wholes[key]

    def _settle(self, spans: Sequence["_Span"]) -> None:
        hid = True
        while hid:
            # Each cut, each time: what one of them hides, the others have less to hide.
            hid = sum(self._hide_within(cut, spans) for cut in CUTS) > 0

    def _hide_within(self, whole: Cut, spans: Sequence["_Span"]) -> bool:
        """Hide figures until cells of this cut give away less; whether any was hidden."""
        table = self._tables[whole]
        bounds = _Range(table.least, table.most)
        sums = {cut: self._sum(cut, whole) for cut in FINER[whole]}
        of_spans = [
            (span, cut, span.sum(cut, whole)) for span in spans for cut in (whole, *FINER[whole])
        ]
        for each in (*sums.values(), *(found for _, _, found in of_spans)):
            bounds.narrow(each)
        hid = False
        for cut, found in sums.items():
            parts, wholes = self._tables[cut], self._whole_of(cut, whole)
            hid |= _hide_beside(parts, wholes, _pinned(parts, wholes, bounds, found)[0])
        for span, cut, found in of_spans:
            hid |= self._hide_above(whole, span.pinned(cut, whole, bounds, found), bounds, sums)
        return hid

    def _sum(self, finer: Cut, whole: Cut) -> _Range:
        return _summed(
            self._tables[finer], self._whole_of(finer, whole), len(self._tables[whole].counts)
        )

    def _hide_above(
        self, whole: Cut, pinned: _Pinned, bounds: _Range, sums: Mapping[Cut, _Range]
    ) -> bool:
        """Hide those figures of this period that pin a part of the given wholes."""
        table = self._tables[whole]

        def tight(each: _Range) -> _Flags:
            found: _Flags = (pinned.above & (each.most == bounds.most)) | (
                pinned.below & (each.least == bounds.least)
            )
            return found

        if not (pinned.above.any() or pinned.below.any()):
            return False
        hid = table.hide(tight(_Range(table.least, table.most)))
        for cut, found in sums.items():
            hid |= self._tables[cut].hide_one_of_each(self._whole_of(cut, whole), tight(found))
        return hid


class _Span:
    """The shorter periods of one length that make up a longer one; they are settled."""

    def __init__(self, longer: Publication, parts: Sequence[Publication]) -> None:
        self._longer = longer
        self._parts = parts
        self._wholes: dict[tuple[Cut, Cut], list[_Ints]] = {}
        self._sums: dict[tuple[Cut, Cut], _Range] = {}

    def sum(self, cut: Cut, whole: Cut) -> _Range:
        """Return the range of each cell of the longer period's cut, by the shorter ones."""
        key = (cut, whole)
        if key not in self._sums:
            size = len(self._longer.table(whole).counts)
            total = _Range(np.zeros(size, np.int64), np.zeros(size, np.int64))
            for part, wholes in zip(self._parts, self._wholes_of(cut, whole), strict=True):
                found = _summed(part.table(cut), wholes, size)
                total.least += found.least
                total.most += found.most
            self._sums[key] = total
        return self._sums[key]

    def pinned(self, cut: Cut, whole: Cut, bounds: _Range, total: _Range) -> _Pinned:
        """Return which cells of the longer period's cut pin a cell of a shorter one's."""
        above, below = (np.zeros(len(bounds.least), np.bool_) for _ in range(2))
        for part, wholes in zip(self._parts, self._wholes_of(cut, whole), strict=True):
            table = part.table(cut)
            pinned, by_most = _pinned(table, wholes, bounds, total)
            above[wholes[pinned & by_most]] = True
            below[wholes[pinned & ~by_most]] = True
        return _Pinned(above, below)

    def _wholes_of(self, cut: Cut, whole: Cut) -> list[_Ints]:
        key = (cut, whole)
        if key not in self._wholes:
            cells = self._longer.table(whole).cell_of
            found, begin = [], 0
            for part in self._parts:
                end = begin + len(part.alerts)
                found.append(_placed(part.table(cut), cells[begin:end]))
                begin = end
            self._wholes[key] = found
        return self._wholes[key]


def _placed(parts: _Table, cells: _Ints) -> _Ints:
    """Return in which whole each cell lies, from the whole of each alert."""
    wholes = np.zeros(len(parts.counts), np.int64)
    wholes[parts.cell_of] = cells
    return wholes


def _summed(parts: _Table, wholes: _Ints, size: int) -> _Range:
    """Return the range of each whole, by its parts."""
    least, most = np.zeros(size, np.int64), np.zeros(size, np.int64)
    np.add.at(least, wholes, parts.least)
    np.add.at(most, wholes, parts.most)
    return _Range(least, most)


def _pinned(parts: _Table, wholes: _Ints, bounds: _Range, total: _Range) -> tuple[_Flags, _Flags]:
    """Return which small parts can be one count alone, and which the whole limits from above.

    Args:
        parts: the cells.
        wholes: the whole that each lies in.
        bounds: the range of each whole by all that is shown.
        total: its range by these parts alone.
    """
    least, most = parts.least, parts.most
    others_least, others_most = total.least[wholes] - least, total.most[wholes] - most
    low = np.maximum(least, bounds.least[wholes] - others_most)
    high = np.minimum(most, bounds.most[wholes] - others_least)
    return parts.small & (low == high), high < most


def _hide_beside(parts: _Table, wholes: _Ints, pinned: _Flags) -> bool:
    """Hide a sibling of each pinned cell; of several that are pinned, one of themselves."""
    if not pinned.any():
        return False
    many = np.zeros(int(wholes.max()) + 1, np.int64)
    np.add.at(many, wholes, pinned.astype(np.int64))
    return parts.hide_one_of_each(wholes, many > 0, pinned & (many[wholes] == 1))


def publish(period: CalendarPeriod, months: Sequence[CountedAlerts]) -> Publication:
    """Return what is shown of a period.

    Args:
        period: which.
        months: the alerts of each of its months.
    """
    return _published(period, months)[-1][0]


def _published(period: CalendarPeriod, months: Sequence[CountedAlerts]) -> list[list[Publication]]:
    """Return what is shown of a period's months, of its quarters if it has several, and of it."""
    made: list[list[Publication]] = []
    for length in _LENGTHS:
        if length > period.months:
            break
        level = []
        for at, each in enumerate(period.parts(length)):
            spans = [
                found[at * (length // of) : (at + 1) * (length // of)]
                for of, found in zip(_LENGTHS, made, strict=False)
            ]
            alerts = joined(months[at * length : (at + 1) * length])
            level.append(Publication(each, alerts, spans))
        made.append(level)
    return made
