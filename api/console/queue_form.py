"""The filter and order of the queue, as its address says them: on its page, and on its alerts'."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from fastapi import Request
from sqlalchemy import ColumnElement

from api.console.page import OfficerRequest
from api.console.report_words import ReportWords
from casework.areas import tree
from casework.codes.coded import LONGEST_CODE
from casework.kernel.errors import InvalidPeriod
from casework.kernel.nations import nation
from casework.kernel.vocabulary import AlertState, Direction, MatchedBy, Stage
from casework.reports.calendar import CalendarPeriod
from casework.reports.dimensions import AlertOutcome, Dimension
from casework.reports.drill_down import in_hour, with_outcome
from casework.review.alerts import AlertFilter
from casework.review.queue import QueueOrder
from casework.review.states import FIRST_OPINIONS, OPEN

# The choices reveal nothing of a first opinion, which a second officer must not know.
STATES: Final[dict[str, tuple[AlertState, ...] | None]] = {
    "open": (*sorted(OPEN), AlertState.UNDER_REVIEW),
    "new": (AlertState.NEW,),
    "taken": (AlertState.ACKNOWLEDGED,),
    "opinion": (*sorted(FIRST_OPINIONS), AlertState.UNDER_REVIEW),
    "settled": (AlertState.CONFIRMED, AlertState.REJECTED),
    "referred": (AlertState.REFERRED,),
    "closed": (AlertState.CLOSED,),
    "all": None,
}
_LONGEST_PLACE: Final = 51
"""Of a code of a port or of a lodging: see `casework.kernel.lodgings`."""
_HOURS: Final = frozenset(f"{hour:02}" for hour in range(24))
_OF_FIGURE: Final = ("month", "direction", "stage", "nationality", "outcome", "hour")
_CONDITIONS: Final = (
    *("state", "port", "list", "category", "matched_by", "area", "whose"),
    *_OF_FIGURE,
)
_WHOSE: Final = ("all", "mine", "agency")


@dataclass(frozen=True, slots=True)
class QueueForm:
    """The filter's form; a value that makes no sense counts as left out."""

    state: str = "open"
    port: str = ""
    list: str = ""
    category: str = ""
    matched_by: str = ""
    area: str = ""
    whose: str = "all"
    sort: QueueOrder = QueueOrder.URGENCY
    page: int = 1
    month: str = ""
    """A calendar period: of a figure in a report whose alerts are listed. The rest is that
    figure's, too."""
    direction: str = ""
    stage: str = ""
    nationality: str = ""
    outcome: str = ""
    hour: str = ""
    """Of the day, within `month`."""

    @classmethod
    def of(cls, request: Request) -> "QueueForm":
        """Read it from the address."""
        query = request.query_params
        state, whose, category = (query.get(name, "") for name in ("state", "whose", "category"))
        found, area = query.get("matched_by", ""), query.get("area", "")
        page, sort = query.get("page", "1"), query.get("sort", "")
        month = query.get("month", "")
        return cls(
            state if state in STATES else "open",
            query.get("port", "")[:_LONGEST_PLACE].upper(),
            query.get("list", "")[:50],
            category[:LONGEST_CODE],
            found if found in set(MatchedBy) else "",
            area if tree.well_formed(area) else "",
            whose if whose in _WHOSE else "all",
            QueueOrder(sort) if sort in set(QueueOrder) else QueueOrder.URGENCY,
            max(1, int(page)) if page.isascii() and page.isdecimal() and len(page) < 6 else 1,
            month if _period(month) is not None else "",
            _one_of(query.get("direction", ""), Direction),
            _one_of(query.get("stage", ""), Stage),
            _nation(query.get("nationality", "")),
            _one_of(query.get("outcome", ""), AlertOutcome),
            hour if (hour := query.get("hour", "")) in _HOURS else "",
        )

    @property
    def period(self) -> CalendarPeriod | None:
        """The period of a report whose alerts are listed."""
        return _period(self.month)

    @property
    def narrowed(self) -> int:
        """How many conditions it sets that the plain queue does not."""
        plain = QueueForm()
        return sum(getattr(self, name) != getattr(plain, name) for name in _CONDITIONS)

    def filters(self, visit: OfficerRequest) -> AlertFilter:
        """Return the filter."""
        period, zone = self.period, visit.service.reports.cuts.zone
        since, until = period.bounds(zone) if period is not None else (None, None)
        return AlertFilter(
            STATES[self.state],
            self.list or None,
            self.port or None,
            self.category if self.category in visit.codes.categories else None,
            matched_by=(MatchedBy(self.matched_by),) if self.matched_by else None,
            area=self.area or None,
            mine=visit.actor.id if self.whose == "mine" else None,
            owner_id=visit.actor.agency_id if self.whose == "agency" else None,
            since=since,
            until=until,
            direction=self.direction or None,
            stage=self.stage or None,
            nationality=self.nationality or None,
            further=tuple(self._further(visit)),
        )

    def _further(self, visit: OfficerRequest) -> Iterator[ColumnElement[bool]]:
        zone = visit.service.reports.cuts.zone
        if self.outcome:
            yield with_outcome(AlertOutcome(self.outcome), visit.service.review.queue.now())
        if self.hour and self.period is not None:
            yield in_hour(int(self.hour), self.period.bounds(zone), zone)

    def of_figure(self) -> dict[str, str]:
        """Return the fields that only a figure of a report sets, by name."""
        return {name: value for name in _OF_FIGURE if (value := getattr(self, name))}

    def without_figure(self) -> str:
        """Return the address of the same list without what a figure set."""
        return self.address(page=1, **dict.fromkeys(_OF_FIGURE, ""))

    def figure_words(self, words: ReportWords) -> tuple[str, ...]:
        """Return what the figure is of, in the reader's language."""
        return tuple(
            f"{words.dimension(Dimension(name))}: {words.value(Dimension(name), value)}"
            for name, value in self.of_figure().items()
        )

    def address(self, path: str = "/alerts", **other: object) -> str:
        """Return the address that says this, or this with something else."""
        chosen = {name: getattr(self, name) for name in self.__slots__} | other
        plain = QueueForm()
        differs = {n: v for n, v in chosen.items() if v != getattr(plain, n, None)}
        return f"{path}?{urlencode(differs)}" if differs else path


def _one_of(text: str, members: type[StrEnum]) -> str:
    return text if text in set(members) else ""


def _nation(text: str) -> str:
    try:
        return nation(text)
    except ValueError:
        return ""


def _period(text: str) -> CalendarPeriod | None:
    try:
        return CalendarPeriod.read(text)
    except InvalidPeriod:
        return None
