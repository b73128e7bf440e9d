"""The queue of alerts: the most urgent first, filtered, and live."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from sse_starlette import ServerSentEvent
from starlette.responses import Response

from api.console import messages
from api.console.events import event, place, stream
from api.console.page import OfficerRequest, RequirePermission
from api.console.queue_form import QueueForm
from api.console.referral_news import referral_news
from api.console.report_words import ReportWords
from api.console.screens.subjects import due_soon
from casework.areas.known import called
from casework.kernel.actor import Actor
from casework.kernel.messages import Message
from casework.kernel.permissions import Permission
from casework.review.alerts import AlertFilter
from casework.review.case_number import CaseNumberRefused
from casework.review.case_number import read as read_case_number
from casework.review.duty import OnDuty
from casework.review.queue import QueuePage, Urgency, place_of
from casework.webhooks.feed import FeedEvent

router: Final = APIRouter(include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_ALERT))]
Watcher = Annotated[
    OfficerRequest, Depends(RequirePermission(Permission.READ_ALERT, counts_as_use=False))
]

PAGE_SIZE: Final = 50
_MOST_LISTS: Final = 200


@router.get("/alerts")
def show(visit: Reader) -> Response:
    """Show a page of the queue, or the one alert whose case number is asked for."""
    chosen = QueueForm.of(visit.request)
    number, fault = visit.request.query_params.get("number", "").strip(), ""
    if number:
        try:
            return visit.go(f"/alerts/{_numbered(visit, number)}")
        except CaseNumberRefused as refused:
            fault = messages.translated(refused.message, visit.speech)
    records, actor = visit.service, visit.actor
    mark = records.exchange.feed.last(actor)  # before the page is read: nothing falls between
    filters = chosen.filters(visit)
    page = records.review.queue.page(actor, filters, chosen.page, PAGE_SIZE, chosen.sort)
    ports = records.review.queue.ports(actor)
    return visit.page(
        "queue.html",
        status=422 if fault else 200,
        number=number,
        fault=fault,
        chosen=chosen,
        figure=chosen.figure_words(ReportWords(visit.speech, visit.codes, {})),
        queue=page,
        pages=(pages := max(1, -(-page.total // PAGE_SIZE))),
        following=chosen.page < pages or (page.more and len(page.alerts) == PAGE_SIZE),
        standing=records.review.queue.open_alerts(actor),
        calling=records.review.overdue.calling(actor),
        duty=_on_duty(visit, chosen.port),
        due=due_soon(visit) if visit.may(Permission.EDIT_SUBJECT) else 0,
        ports=ports,
        areas=_areas_of(visit, ports, chosen.area),
        lists=records.lists.watchlists.page(actor, None, _MOST_LISTS),
        categories=list(visit.codes.categories.values()),
        now=records.review.queue.now(),
        mark=mark,
        place_of=place_of,
    )


def company_of(page: QueuePage, alert_id: str) -> str:
    """Return what tells a row from the same with other alerts in it."""
    company = page.company.get(alert_id)
    return " ".join(company.alerts) if company is not None else ""


def _areas_of(visit: OfficerRequest, ports: Collection[str], chosen: str) -> list[tuple[str, str]]:
    """Return the areas of ports and of lodgings, and the one that is chosen: codes and names."""
    placed = visit.service.areas.ports.page(visit.actor, None, None)
    codes = {each.area for each in placed if each.port in ports and each.area is not None}
    codes.update(visit.service.review.queue.areas(visit.actor))
    names = visit.service.areas.areas.names([*codes, chosen or None])
    return sorted((code, called(names, code)) for code in names)


def _on_duty(visit: OfficerRequest, port: str) -> list[OnDuty] | None:
    """Return who is on duty now, at one port if one is chosen; None where no shift is kept."""
    duty = visit.service.review.duty
    if not visit.may(Permission.READ_DUTY) or not duty.page(visit.actor, None, 1):
        return None
    return duty.now(visit.actor, port or None)


def _numbered(visit: OfficerRequest, text: str) -> str:
    """Return the id of the alert with a case number, as it was typed; raises CaseNumberRefused."""
    number = read_case_number(text)
    chosen = AlertFilter(case_number=number)
    found = visit.service.review.alerts.page(visit.actor, None, 1, chosen)
    if not found:
        raise CaseNumberRefused(Message("case_number_unknown", {"number": number}))
    return found[0].id


async def _place(visit: Watcher) -> AsyncIterator[None]:
    async for _ in place(visit):
        yield


@router.get("/alerts/events", dependencies=[Depends(_place)])
async def events(visit: Watcher) -> Response:
    """Tell what was raised or moved, as it happens; `only` names the one alert that matters."""
    chosen = QueueForm.of(visit.request)
    only = visit.request.query_params.get("only")

    def serialize(events: Sequence[FeedEvent], actor: Actor) -> list[ServerSentEvent]:
        ids = {each.object_id for each in events if each.alert is not None}
        if only is not None:
            ids &= {only}
        told = referral_news(visit, events, actor)
        if ids:
            told.append(event("alerts", _rows(visit, actor, ids, chosen), events[-1].id))
        return told

    return await stream(visit, serialize)


def _rows(
    visit: OfficerRequest, actor: Actor, ids: Collection[str], chosen: QueueForm
) -> dict[str, Any]:
    """Return rows for alerts that changed: as HTML where they fit the filter, else as gone."""
    visit.read_codes_again()
    queue = visit.service.review.queue
    page, fitting = queue.described(actor, ids, chosen.filters(visit), chosen.sort)
    standing, now, query = queue.open_alerts(actor), queue.now(), chosen.address("")
    rows = [
        {
            "id": alert.id,
            "version": alert.version,
            "company": company_of(page, alert.id),
            "step": alert.escalation or "",
            "loud": page.urgencies[alert.id] <= Urgency.WAITING,
            "html": visit.render(
                "queue_row_alone.html",
                alert=alert,
                queue=page,
                now=now,
                query=query,
                place_of=place_of,
            )
            if alert.id in fitting
            else None,
        }
        for alert in page.alerts
    ]
    return {
        "rows": rows,
        "waiting": standing.waiting,
        "overdue": standing.overdue,
        "calling": visit.service.review.overdue.calling(actor),
    }
