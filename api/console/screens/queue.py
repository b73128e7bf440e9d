"""The queue of alerts: the most urgent first, filtered, and live."""

from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from api.console.live import PING_EVERY_S, Pulse, event, told
from api.console.visit import OfficerVisit, Page
from casework.access.authority import Act
from casework.review.alerts import AlertFilter
from casework.review.queue import Changes, Mark, Urgency
from casework.review.states import FIRST_OPINIONS, OPEN
from casework.vocabulary import AlertState, Category

router: Final = APIRouter(include_in_schema=False)

Reader = Annotated[OfficerVisit, Depends(Page(Act.READ_ALERT))]
Watcher = Annotated[OfficerVisit, Depends(Page(Act.READ_ALERT, counts_as_use=False))]

PAGE_SIZE: Final = 100
_MOST_LISTS: Final = 200

# What can be asked for says nothing of a first opinion, which a second officer must not know.
STATES: Final[dict[str, tuple[AlertState, ...] | None]] = {
    "open": tuple(sorted(OPEN)),
    "new": (AlertState.NEW,),
    "taken": (AlertState.ACKNOWLEDGED,),
    "opinion": tuple(sorted(FIRST_OPINIONS)),
    "settled": (AlertState.CONFIRMED, AlertState.REJECTED),
    "referred": (AlertState.REFERRED,),
    "closed": (AlertState.CLOSED,),
    "all": None,
}
_WHOSE: Final = ("all", "mine", "agency")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the filter's form says; what makes no sense counts as not said."""

    state: str = "open"
    port: str = ""
    list: str = ""
    category: str = ""
    whose: str = "all"
    page: int = 1

    @classmethod
    def of(cls, request: Request) -> "Asked":
        """Read it from the address."""
        query = request.query_params
        state, whose, category = (query.get(name, "") for name in ("state", "whose", "category"))
        page = query.get("page", "1")
        return cls(
            state if state in STATES else "open",
            query.get("port", "")[:5].upper(),
            query.get("list", "")[:50],
            category if category in set(Category) else "",
            whose if whose in _WHOSE else "all",
            max(1, int(page)) if page.isascii() and page.isdecimal() and len(page) < 6 else 1,
        )

    def wanted(self, visit: OfficerVisit) -> AlertFilter:
        """Return the filter."""
        return AlertFilter(
            STATES[self.state],
            self.list or None,
            self.port or None,
            self.category or None,
            mine=visit.actor.id if self.whose == "mine" else None,
            owner_id=visit.actor.agency_id if self.whose == "agency" else None,
        )

    def address(self, path: str = "/alerts", **other: object) -> str:
        """Return the address that says this, or this with something else."""
        said = {name: getattr(self, name) for name in self.__slots__} | other
        plain = Asked()
        differs = {n: v for n, v in said.items() if v != getattr(plain, n, None)}
        return f"{path}?{urlencode(differs)}" if differs else path


@router.get("/alerts")
def show(visit: Reader) -> Response:
    """Show a page of the queue."""
    asked = Asked.of(visit.request)
    records, actor = visit.records, visit.actor
    mark = records.queue.mark()
    page = records.queue.page(actor, asked.wanted(visit), asked.page, PAGE_SIZE)
    return visit.page(
        "queue.html",
        asked=asked,
        queue=page,
        pages=max(1, -(-page.total // PAGE_SIZE)),
        standing=records.queue.standing(actor),
        ports=records.queue.ports(actor),
        lists=records.watchlists.page(actor, None, _MOST_LISTS),
        categories=tuple(Category),
        now=records.queue.now(),
        mark=mark,
    )


@router.get("/alerts/events")
async def events(visit: Watcher) -> Response:
    """Tell what was raised or moved, as it happens; resumes after `Last-Event-ID`."""
    asked = Asked.of(visit.request)
    wanted = asked.wanted(visit)
    queue = visit.records.queue
    pulse: Pulse = visit.request.app.state.console_pulse
    since = visit.request.headers.get("last-event-id") or visit.request.query_params.get("since")

    only = visit.request.query_params.get("only")
    known: dict[str, int] = {}

    def look(mark: Mark) -> tuple[Mark, ServerSentEvent | None]:
        changes = queue.changed(visit.actor, mark, wanted)
        return changes.mark, _said(visit, changes, known, only)

    start = Mark.parse(since or "", queue.now()) or queue.mark()
    return EventSourceResponse(
        told(visit, pulse, start, look),
        ping=PING_EVERY_S,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _said(
    visit: OfficerVisit, changes: Changes, known: dict[str, int], only: str | None
) -> ServerSentEvent | None:
    """Return the event that tells of changed alerts, None where there is nothing to tell.

    Args:
        visit: who watches.
        changes: what was read.
        known: versions that were told before, by alert; brought up to date.
        only: the id of the one alert that matters, None for all.
    """
    if not changes.complete:
        return event("reload", {}, changes.mark)
    told_now = [
        alert
        for alert in changes.page.alerts
        if known.get(alert.id) != alert.version and only in (None, alert.id)
    ]
    if not told_now:
        return None
    known.update({alert.id: alert.version for alert in told_now})
    visit.records.queue.handed_out(visit.actor, tuple(told_now))
    rows = []
    for alert in told_now:
        urgency = changes.page.urgencies[alert.id]
        fits = alert.id in changes.fitting
        html = None
        if fits and only is None:
            html = visit.render(
                "queue_row.html", alert=alert, queue=changes.page, now=changes.mark.at
            )
        rows.append(
            {
                "id": alert.id,
                "version": alert.version,
                "urgency": int(urgency),
                "loud": urgency <= Urgency.WAITING,
                "html": html,
            }
        )
    standing = {"waiting": changes.standing.waiting, "overdue": changes.standing.overdue}
    return event("alerts", {"rows": rows, **standing}, changes.mark)
