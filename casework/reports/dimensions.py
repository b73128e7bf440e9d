"""What alerts are counted by, and how deep a cut may go."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from itertools import combinations
from typing import Final, TypeAlias

from casework.areas import tree
from casework.kernel.errors import NotPermitted


class Dimension(StrEnum):
    """What alerts can be counted by."""

    AREA = "area"
    """The province of the port; see `casework.areas`."""
    REGENCY = "regency"
    """The regency or city of the port; of a port of which it is not known, the province."""
    PORT = "port"
    """Or the lodging where a guest was found; of other agencies' alerts those of a regency are one:
    see `LODGINGS`."""
    WATCHLIST = "watchlist"
    CATEGORY = "category"
    AGENCY = "agency"
    DIRECTION = "direction"
    STAGE = "stage"
    NATIONALITY = "nationality"
    """Of the subject, where it is known and not erased."""
    MATCHED_BY = "matched_by"
    """By face, document or both."""
    OUTCOME = "outcome"
    """How far people have come: see `AlertOutcome`."""
    CLOSED = "closed"
    """Whether the alert is closed: yes or no."""
    HOUR = "hour"
    """Of the day, local time."""
    DAY = "day"
    MONTH = "month"


class AlertOutcome(StrEnum):
    """What became of an alert: each has one."""

    CONFIRMED = "confirmed"
    """People hold it to be the subject, or sent it on as such."""
    FALSE_ALARM = "false_alarm"
    """People found that it is somebody else."""
    WAITING = "waiting"
    """Nobody has decided, and its review time is not over."""
    OVERDUE = "overdue"
    """Nobody has decided, and its review time is over."""
    OTHER = "other"
    """People looked, and could not tell."""


UNKNOWN: Final = "unknown"
YES, NO = "yes", "no"
LODGINGS: Final = "lodgings/"
"""Before a regency's code: its lodgings, as one port."""


def area_in(dimension: Dimension, value: str) -> str | None:
    """Return the area that a value of a dimension names, by its code; None where it names none."""
    if dimension in {Dimension.AREA, Dimension.REGENCY}:
        code = value
    elif dimension is Dimension.PORT and value.startswith(LODGINGS):
        code = value.removeprefix(LODGINGS)
    else:
        return None
    return code if tree.well_formed(code) else None


Cut: TypeAlias = frozenset[Dimension]
"""Dimensions that are looked at together, time apart."""

DEEPEST: Final = 2
"""Dimensions of one cut of other agencies' alerts."""

# A single list of another agency is nobody else's business, even as a count; a day may be a person.
OF_TOTALS: Final = frozenset(Dimension) - {Dimension.WATCHLIST, Dimension.DAY}
# A cell of the first lies within one of the second.
WITHIN: Final[Mapping[Dimension, Cut]] = {
    Dimension.PORT: frozenset({Dimension.AREA, Dimension.REGENCY}),
    Dimension.REGENCY: frozenset({Dimension.AREA}),
}
# A port is a place in a city or a regency.
_SMALLER_THAN_A_REGENCY: Final = frozenset({Dimension.PORT})


def permitted(cut: Collection[Dimension]) -> bool:
    """Whether other agencies' alerts may be counted by these together, time apart."""
    chosen = frozenset(cut)
    too_close = Dimension.NATIONALITY in chosen and chosen & _SMALLER_THAN_A_REGENCY
    return chosen <= OF_TOTALS and len(chosen) <= DEEPEST and not too_close


def require_permitted(cut: Collection[Dimension]) -> None:
    """Raise NotPermitted unless other agencies' alerts may be counted by these together."""
    chosen = frozenset(cut)
    if Dimension.WATCHLIST in chosen:
        raise NotPermitted("totals_by_watchlist")
    if Dimension.DAY in chosen:
        raise NotPermitted("totals_by_day")
    if len(chosen) > DEEPEST:
        raise NotPermitted("totals_too_deep", most=DEEPEST)
    if not permitted(chosen):
        raise NotPermitted("totals_by_nationality_and_place")


def refines(finer: Cut, coarser: Cut) -> bool:
    """Whether every cell of the one lies within one cell of the other."""
    return all(
        each in finer or any(each in WITHIN.get(other, ()) for other in finer) for each in coarser
    )


# Of months, quarters and years: each may be asked for by itself, so that time is no part of a cut.
CUTS: Final[tuple[Cut, ...]] = tuple(
    cut
    for size in range(DEEPEST + 1)
    for chosen in combinations(sorted(OF_TOTALS - {Dimension.MONTH}), size)
    if permitted(cut := frozenset(chosen))
)
"""Every permitted cut."""

FINER: Final[Mapping[Cut, tuple[Cut, ...]]] = {
    cut: tuple(other for other in CUTS if other != cut and refines(other, cut)) for cut in CUTS
}
"""The permitted cuts that refine each."""
