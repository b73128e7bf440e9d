"""The client that awaits."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Self, Unpack

import httpx2

from siaga_client import operations
from siaga_client.errors import Unreachable
from siaga_client.models import (
    Alert,
    AlertEvent,
    AlertSummary,
    Approval,
    Area,
    Case,
    CaseEntry,
    CaseSummary,
    Comparison,
    Direction,
    Encounter,
    Enrolled,
    Opinion,
    Overstay,
    Stay,
    StayReceipt,
    Subject,
    Timeline,
    Tip,
    TipReceipt,
    TipSummary,
    Watchlist,
)
from siaga_client.operations import Circumstances, Guest, Operation, Report, Result
from siaga_client.shrink import shrinker
from siaga_client.stream import Reader
from siaga_client.wire import RETRIED_STATUSES, Call, checked, pause


class AsyncClient:
    """Talks to one service, from one event loop; close it, or use it with `async with`.

    Every method raises `Refused` where the service refuses (`code` says why, `detail` what to do),
    and `Unreachable` where there is no answer. What can safely come twice is tried again by itself.

    Args:
        address: where the service is, such as `https://siaga.example`.
        key: an API key, or the text of an officer's session; `sign_in` gets one.
        timeout: seconds for one attempt.
        attempts: how often what can safely come twice is tried.
        shrink: send a traveller's photo with a megapixel at most; needs `siaga-client[shrink]`.

    Raises:
        ImportError: photos are to be shrunk, and Pillow is not installed.
    """

    def __init__(
        self,
        address: str,
        key: str | None = None,
        *,
        timeout: float = 10.0,
        attempts: int = 3,
        shrink: bool = False,
    ) -> None:
        self._shrink = shrinker() if shrink else None
        self._http = httpx2.AsyncClient(base_url=address, timeout=timeout)
        self._attempts = attempts
        if key is not None:
            self.use(key)

    def use(self, key: str) -> None:
        """Show this key or session from now on."""
        self._http.headers["Authorization"] = f"Bearer {key}"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    # Port systems

    async def screen(
        self, photo: bytes, port: str, direction: Direction, **circumstances: Unpack[Circumstances]
    ) -> Encounter:
        """Screen a traveller's photo; the service answers a photo once, however often it is sent.

        Args:
            photo: the file's bytes.
            port: IATA code or UN/LOCODE.
            direction: which way the traveller goes.
            **circumstances: what else the port says.
        """
        sent = photo if self._shrink is None else await asyncio.to_thread(self._shrink, photo)
        return await self._do(operations.screen(sent, port, direction, circumstances))

    async def encounter(self, encounter_id: str) -> Encounter:
        """Return an encounter that this key submitted."""
        return await self._do(operations.encounter(encounter_id))

    async def wait_for_disposition(
        self, encounter_id: str, within: float = 300.0, every: float = 1.0
    ) -> Encounter:
        """Wait until the officers have decided what becomes of a traveller.

        Args:
            encounter_id: the encounter that raised the alert.
            within: seconds to wait at most.
            every: seconds between two questions.

        Returns:
            The encounter as it stands; `decided` is false where the time is over before.
        """
        until = time.monotonic() + within
        while True:
            found = await self.encounter(encounter_id)
            left = until - time.monotonic()
            if found.decided or left <= 0:
                return found
            await asyncio.sleep(min(every, left))

    async def compare(
        self, first: bytes, second: bytes, *, max_fmr: float | None = None
    ) -> Comparison:
        """Tell how alike the faces of two photos are, and whether they match.

        Args:
            first: a photo.
            second: another.
            max_fmr: share of pairs of different people that may be as alike, 1 in 1,000 if None.
        """
        return await self._do(operations.compare(first, second, max_fmr))

    # Lodgings

    async def report_stay(self, **guest: Unpack[Guest]) -> StayReceipt:
        """Report a foreign guest; the receipt says nothing of who they are, and comes once.

        Args:
            **guest: the lodging, the days, the document, and perhaps a photo.
        """
        return await self._do(operations.report_stay(guest))

    async def stay(self, receipt: str) -> Stay:
        """Return what was reported under a receipt of this key's."""
        return await self._do(operations.stay(receipt))

    async def check_out(self, receipt: str, at: date | datetime) -> Stay:
        """Say when a guest left; said again, the last counts. A day means to its end."""
        return await self._do(operations.check_out(receipt, at))

    async def extend_permit(self, traveller_ref: str, until: date, port: str) -> None:
        """Move the end of a traveller's permit; the answer is the same for every reference."""
        await self._do(operations.extend_permit(traveller_ref, until, port))

    async def report_departure(self, traveller_ref: str, port: str) -> None:
        """Say that a traveller has left, without a photo: nothing more is kept of the permit."""
        await self._do(operations.report_departure(traveller_ref, port))

    # Agencies

    async def sign_in(self, login: str, password: str, code: str | None = None) -> None:
        """Sign an officer in, and show the session from now on."""
        self.use(await self._do(operations.sign_in(login, password, code)))

    async def overstays(self, **filters: str) -> AsyncIterator[Overstay]:
        """Yield people on lists who overstay; `filters` as in `GET /v1/overstays`."""
        async for item in self._pages("/v1/overstays", "after", filters):
            yield Overstay.model_validate(item)

    async def timeline(self, subject_id: str) -> Timeline:
        """Return a subject's line: visa, arrival, stay, departure and permits."""
        return await self._do(operations.timeline(subject_id))

    async def watchlists(self) -> AsyncIterator[Watchlist]:
        """Yield every watchlist within reach."""
        async for item in self._pages("/v1/watchlists", "after", {}):
            yield Watchlist.model_validate(item)

    async def areas(self, **filters: str) -> AsyncIterator[Area]:
        """Yield the areas; `filters` are the parameters of `GET /v1/areas`."""
        async for item in self._pages("/v1/areas", "after", filters):
            yield Area.model_validate(item)

    async def create_watchlist(self, name: str, **policy: Any) -> Watchlist:  # noqa: ANN401
        """Make a watchlist; `policy` are the fields of `POST /v1/watchlists`.

        Raises:
            Waits: its threshold is set by hand, so that a second person has to accept it.
        """
        return await self._do(operations.create_watchlist(name, policy))

    async def enrol(self, subject: Mapping[str, Any], photos: Sequence[bytes]) -> Enrolled:
        """Enrol a person; `subject` are the fields of `POST /v1/subjects`."""
        return await self._do(operations.enrol(subject, photos))

    async def subjects(self, **filters: str) -> AsyncIterator[Subject]:
        """Yield subjects; `filters` are the query's filters, such as `watchlist_id`."""
        async for item in self._pages("/v1/subjects", "after", filters):
            yield Subject.model_validate(item)

    # Reports from the public, and joint cases

    async def record_tip(self, **report: Unpack[Report]) -> Tip:
        """Record what was reported; it is not sent again by itself.

        Args:
            **report: the text, and perhaps place, area, time, source and a photo.
        """
        return await self._do(operations.record_tip(report))

    async def tip_receipt(self, tip_id: str) -> TipReceipt:
        """Return how far a report is that this key recorded."""
        return await self._do(operations.tip_receipt(tip_id))

    async def tips(self, **filters: Any) -> AsyncIterator[TipSummary]:  # noqa: ANN401
        """Yield the agency's tips, newest first; `filters` are the parameters of `GET /v1/tips`."""
        async for item in self._pages("/v1/tips", "before", filters):
            yield TipSummary.model_validate(item)

    async def tip(self, tip_id: str) -> Tip:
        """Return one tip."""
        return await self._do(operations.tip(tip_id))

    async def sort_tip(self, tip_id: str, **triage: Any) -> Tip:  # noqa: ANN401
        """Sort a tip; `triage` are the fields of `POST /v1/tips/{tip_id}/triage`."""
        return await self._do(operations.sort_tip(tip_id, triage))

    async def cases(self, **filters: Any) -> AsyncIterator[CaseSummary]:  # noqa: ANN401
        """Yield the agency's joint cases, newest first; `filters` as of `GET /v1/cases`."""
        async for item in self._pages("/v1/cases", "before", filters):
            yield CaseSummary.model_validate(item)

    async def case(self, case_id: str) -> Case:
        """Return one joint case."""
        return await self._do(operations.case(case_id))

    async def case_entries(self, case_id: str, **filters: Any) -> AsyncIterator[CaseEntry]:  # noqa: ANN401
        """Yield what the agency may see of a joint case, newest first."""
        async for item in self._pages(f"/v1/cases/{case_id}/entries", "before", filters):
            yield CaseEntry.model_validate(item)

    async def give_to_case(self, case_id: str, **item: Any) -> CaseEntry:  # noqa: ANN401
        """Give something; `item` are the fields of `POST /v1/cases/{case_id}/items`."""
        return await self._do(operations.put_into_case(case_id, "items", item))

    async def comment_on_case(
        self, case_id: str, text: str, to: Sequence[str] | None = None
    ) -> CaseEntry:
        """Write something for these agencies; None stands for all that take part now."""
        body = {"text": text, "to": to}
        return await self._do(operations.put_into_case(case_id, "comments", body))

    async def end_task(self, case_id: str, entry_id: str, result: str) -> CaseEntry:
        """Say that a task of the agency is done, and what was done."""
        return await self._do(operations.end_task(case_id, entry_id, result))

    # What takes a second person

    async def approvals(self, **filters: Any) -> AsyncIterator[Approval]:  # noqa: ANN401
        """Yield requests, newest first; `filters` are the query's filters, such as `state`."""
        async for item in self._pages("/v1/approvals", "before", filters):
            yield Approval.model_validate(item)

    async def approval(self, approval_id: str) -> Approval:
        """Return one request."""
        return await self._do(operations.approval(approval_id))

    async def accept_approval(self, approval_id: str) -> Approval:
        """Accept a request as the second person."""
        return await self._do(operations.step_approval(approval_id, "accept"))

    async def refuse_approval(self, approval_id: str, reason: str = "") -> Approval:
        """Refuse a request, also one that is accepted and has not taken effect."""
        return await self._do(operations.step_approval(approval_id, "refuse", {"reason": reason}))

    async def withdraw_approval(self, approval_id: str) -> Approval:
        """Take back one's own request."""
        return await self._do(operations.step_approval(approval_id, "withdraw"))

    # Officers

    async def alerts(self, **filters: Any) -> AsyncIterator[AlertSummary]:  # noqa: ANN401
        """Yield alerts, newest first; `filters` are the query's filters, such as `state`."""
        async for item in self._pages("/v1/alerts", "before", filters):
            yield AlertSummary.model_validate(item)

    async def alert(self, alert_id: str) -> Alert:
        """Return one alert."""
        return await self._do(operations.alert(alert_id))

    async def probe(self, alert_id: str) -> bytes:
        """Return the traveller's face as JPEG."""
        return await self._do(operations.alert_photo(alert_id, "probe"))

    async def enrolled_photo(self, alert_id: str) -> bytes:
        """Return the photo that the subject was found by."""
        return await self._do(operations.alert_photo(alert_id, "enrolled"))

    async def acknowledge(self, alert_id: str) -> Alert:
        """Take an alert."""
        return await self._do(operations.acknowledge(alert_id))

    async def decide(
        self, alert_id: str, opinion: Opinion, reasons: Iterable[str], note: str | None = None
    ) -> Alert:
        """Give the first opinion."""
        return await self._do(operations.give_opinion(alert_id, "decide", opinion, reasons, note))

    async def confirm(
        self, alert_id: str, opinion: Opinion, reasons: Iterable[str], note: str | None = None
    ) -> Alert:
        """Give the second opinion, as another officer."""
        return await self._do(operations.give_opinion(alert_id, "confirm", opinion, reasons, note))

    async def close_alert(self, alert_id: str, disposal: str, note: str | None = None) -> Alert:
        """End an alert with what became of the traveller."""
        return await self._do(operations.close_alert(alert_id, disposal, note))

    async def stream(self, after: str | None = None) -> AsyncGenerator[AlertEvent]:
        """Yield what happens to alerts, as it happens; reconnects by itself and goes on there.

        Each connection begins with the event `ready`. Where its `resumed` is false, the stream does
        not go on where you were: read `alerts()` once. An event may come twice, with the same id.

        Args:
            after: the id of the last event seen; None begins with what comes.
        """
        reader, failures = Reader(after), 0
        while True:
            try:
                async with self._http.stream(
                    "GET", "/v1/alerts/stream", headers=reader.begin(), timeout=reader.timeout
                ) as response:
                    if response.status_code in RETRIED_STATUSES:
                        raise httpx2.ConnectError("the service is busy or starting")
                    if not response.is_success:
                        await response.aread()
                    checked(response)
                    async for line in response.aiter_lines():
                        event = reader.feed(line)
                        if event is not None:
                            failures = 0
                            yield event
            except httpx2.TransportError:
                failures += 1
            await asyncio.sleep(pause(min(failures, 5), None))

    # Everything else

    async def send(self, call: Call) -> httpx2.Response:
        """Send any request, again where that is safe; returns the answer, problem or not."""
        attempts = self._attempts if call.repeatable else 1
        for attempt in range(attempts):
            last = attempt == attempts - 1
            response = None
            try:
                response = await self._http.request(call.method, call.path, **call.arguments)
            except httpx2.TransportError as error:
                if last:
                    raise Unreachable(f"{call.method} {call.path}: {error}") from error
            if response is not None and (last or response.status_code not in RETRIED_STATUSES):
                return response
            await asyncio.sleep(pause(attempt, response))
        raise ValueError("attempts must be at least 1")

    async def _do(self, operation: Operation[Result]) -> Result:
        return operation.read(await self.send(operation.call))

    async def _pages(
        self, path: str, cursor: str, filters: Mapping[str, Any]
    ) -> AsyncIterator[Any]:
        query, more = dict(filters), True
        while more:
            items, following = await self._do(operations.page(path, query))
            for item in items:
                yield item
            query[cursor], more = following, following is not None
