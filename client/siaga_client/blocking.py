"""The client that blocks."""

import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
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


class Client:
    """Talks to one service. Safe to share between threads; close it, or use it with `with`.

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
        self._http = httpx2.Client(base_url=address, timeout=timeout)
        self._attempts = attempts
        if key is not None:
            self.use(key)

    def use(self, key: str) -> None:
        """Show this key or session from now on."""
        self._http.headers["Authorization"] = f"Bearer {key}"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # Port systems

    def screen(
        self, photo: bytes, port: str, direction: Direction, **circumstances: Unpack[Circumstances]
    ) -> Encounter:
        """Screen a traveller's photo; the service answers a photo once, however often it is sent.

        Args:
            photo: the file's bytes.
            port: IATA code or UN/LOCODE.
            direction: which way the traveller goes.
            **circumstances: what else the port says.
        """
        sent = photo if self._shrink is None else self._shrink(photo)
        return self._do(operations.screen(sent, port, direction, circumstances))

    def encounter(self, encounter_id: str) -> Encounter:
        """Return an encounter that this key submitted."""
        return self._do(operations.encounter(encounter_id))

    def wait_for_disposition(
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
            found = self.encounter(encounter_id)
            left = until - time.monotonic()
            if found.decided or left <= 0:
                return found
            time.sleep(min(every, left))

    def compare(self, first: bytes, second: bytes, *, max_fmr: float | None = None) -> Comparison:
        """Tell how alike the faces of two photos are, and whether they match.

        Args:
            first: a photo.
            second: another.
            max_fmr: share of pairs of different people that may be as alike, 1 in 1,000 if None.
        """
        return self._do(operations.compare(first, second, max_fmr))

    # Lodgings

    def report_stay(self, **guest: Unpack[Guest]) -> StayReceipt:
        """Report a foreign guest; the receipt says nothing of who they are, and comes once.

        Args:
            **guest: the lodging, the days, the document, and perhaps a photo.
        """
        return self._do(operations.report_stay(guest))

    def stay(self, receipt: str) -> Stay:
        """Return what was reported under a receipt of this key's."""
        return self._do(operations.stay(receipt))

    def check_out(self, receipt: str, at: date | datetime) -> Stay:
        """Say when a guest left; said again, the last counts. A day means to its end."""
        return self._do(operations.check_out(receipt, at))

    def extend_permit(self, traveller_ref: str, until: date, port: str) -> None:
        """Move the end of a traveller's permit; the answer is the same for every reference."""
        self._do(operations.extend_permit(traveller_ref, until, port))

    def report_departure(self, traveller_ref: str, port: str) -> None:
        """Say that a traveller has left, without a photo: nothing more is kept of the permit."""
        self._do(operations.report_departure(traveller_ref, port))

    # Agencies

    def sign_in(self, login: str, password: str, code: str | None = None) -> None:
        """Sign an officer in, and show the session from now on."""
        self.use(self._do(operations.sign_in(login, password, code)))

    def overstays(self, **filters: str) -> Iterator[Overstay]:
        """Yield people on lists who overstay; `filters` as in `GET /v1/overstays`."""
        return map(Overstay.model_validate, self._pages("/v1/overstays", "after", filters))

    def timeline(self, subject_id: str) -> Timeline:
        """Return a subject's line: visa, arrival, stay, departure and permits."""
        return self._do(operations.timeline(subject_id))

    def watchlists(self) -> Iterator[Watchlist]:
        """Yield every watchlist within reach."""
        return map(Watchlist.model_validate, self._pages("/v1/watchlists", "after", {}))

    def areas(self, **filters: str) -> Iterator[Area]:
        """Yield the areas; `filters` are the parameters of `GET /v1/areas`."""
        for item in self._pages("/v1/areas", "after", filters):
            yield Area.model_validate(item)

    def create_watchlist(self, name: str, **policy: Any) -> Watchlist:  # noqa: ANN401
        """Make a watchlist; `policy` are the fields of `POST /v1/watchlists`.

        Raises:
            Waits: its threshold is set by hand, so that a second person has to accept it.
        """
        return self._do(operations.create_watchlist(name, policy))

    def enrol(self, subject: Mapping[str, Any], photos: Sequence[bytes]) -> Enrolled:
        """Enrol a person; `subject` are the fields of `POST /v1/subjects`."""
        return self._do(operations.enrol(subject, photos))

    def subjects(self, **filters: str) -> Iterator[Subject]:
        """Yield subjects; `filters` are the query's filters, such as `watchlist_id`."""
        return map(Subject.model_validate, self._pages("/v1/subjects", "after", filters))

    # Reports from the public, and joint cases

    def record_tip(self, **report: Unpack[Report]) -> Tip:
        """Record what was reported; it is not sent again by itself.

        Args:
            **report: the text, and perhaps place, area, time, source and a photo.
        """
        return self._do(operations.record_tip(report))

    def tip_receipt(self, tip_id: str) -> TipReceipt:
        """Return how far a report is that this key recorded."""
        return self._do(operations.tip_receipt(tip_id))

    def tips(self, **filters: Any) -> Iterator[TipSummary]:  # noqa: ANN401
        """Yield the agency's tips, newest first; `filters` are the parameters of `GET /v1/tips`."""
        return map(TipSummary.model_validate, self._pages("/v1/tips", "before", filters))

    def tip(self, tip_id: str) -> Tip:
        """Return one tip."""
        return self._do(operations.tip(tip_id))

    def sort_tip(self, tip_id: str, **triage: Any) -> Tip:  # noqa: ANN401
        """Sort a tip; `triage` are the fields of `POST /v1/tips/{tip_id}/triage`."""
        return self._do(operations.sort_tip(tip_id, triage))

    def cases(self, **filters: Any) -> Iterator[CaseSummary]:  # noqa: ANN401
        """Yield the agency's joint cases, newest first; `filters` as of `GET /v1/cases`."""
        return map(CaseSummary.model_validate, self._pages("/v1/cases", "before", filters))

    def case(self, case_id: str) -> Case:
        """Return one joint case."""
        return self._do(operations.case(case_id))

    def case_entries(self, case_id: str, **filters: Any) -> Iterator[CaseEntry]:  # noqa: ANN401
        """Yield what the agency may see of a joint case, newest first."""
        return map(
            CaseEntry.model_validate, self._pages(f"/v1/cases/{case_id}/entries", "before", filters)
        )

    def give_to_case(self, case_id: str, **item: Any) -> CaseEntry:  # noqa: ANN401
        """Give something; `item` are the fields of `POST /v1/cases/{case_id}/items`."""
        return self._do(operations.put_into_case(case_id, "items", item))

    def comment_on_case(
        self, case_id: str, text: str, to: Sequence[str] | None = None
    ) -> CaseEntry:
        """Write something for these agencies; None stands for all that take part now."""
        body = {"text": text, "to": to}
        return self._do(operations.put_into_case(case_id, "comments", body))

    def end_task(self, case_id: str, entry_id: str, result: str) -> CaseEntry:
        """Say that a task of the agency is done, and what was done."""
        return self._do(operations.end_task(case_id, entry_id, result))

    # What takes a second person

    def approvals(self, **filters: Any) -> Iterator[Approval]:  # noqa: ANN401
        """Yield requests, newest first; `filters` are the query's filters, such as `state`."""
        return map(Approval.model_validate, self._pages("/v1/approvals", "before", filters))

    def approval(self, approval_id: str) -> Approval:
        """Return one request."""
        return self._do(operations.approval(approval_id))

    def accept_approval(self, approval_id: str) -> Approval:
        """Accept a request as the second person."""
        return self._do(operations.step_approval(approval_id, "accept"))

    def refuse_approval(self, approval_id: str, reason: str = "") -> Approval:
        """Refuse a request, also one that is accepted and has not taken effect."""
        return self._do(operations.step_approval(approval_id, "refuse", {"reason": reason}))

    def withdraw_approval(self, approval_id: str) -> Approval:
        """Take back one's own request."""
        return self._do(operations.step_approval(approval_id, "withdraw"))

    # Officers

    def alerts(self, **filters: Any) -> Iterator[AlertSummary]:  # noqa: ANN401
        """Yield alerts, newest first; `filters` are the query's filters, such as `state`."""
        return map(AlertSummary.model_validate, self._pages("/v1/alerts", "before", filters))

    def alert(self, alert_id: str) -> Alert:
        """Return one alert."""
        return self._do(operations.alert(alert_id))

    def probe(self, alert_id: str) -> bytes:
        """Return the traveller's face as JPEG."""
        return self._do(operations.alert_photo(alert_id, "probe"))

    def enrolled_photo(self, alert_id: str) -> bytes:
        """Return the photo that the subject was found by."""
        return self._do(operations.alert_photo(alert_id, "enrolled"))

    def acknowledge(self, alert_id: str) -> Alert:
        """Take an alert."""
        return self._do(operations.acknowledge(alert_id))

    def decide(
        self, alert_id: str, opinion: Opinion, reasons: Iterable[str], note: str | None = None
    ) -> Alert:
        """Give the first opinion."""
        return self._do(operations.give_opinion(alert_id, "decide", opinion, reasons, note))

    def confirm(
        self, alert_id: str, opinion: Opinion, reasons: Iterable[str], note: str | None = None
    ) -> Alert:
        """Give the second opinion, as another officer."""
        return self._do(operations.give_opinion(alert_id, "confirm", opinion, reasons, note))

    def close_alert(self, alert_id: str, disposal: str, note: str | None = None) -> Alert:
        """End an alert with what became of the traveller."""
        return self._do(operations.close_alert(alert_id, disposal, note))

    def stream(self, after: str | None = None) -> Generator[AlertEvent]:
        """Yield what happens to alerts, as it happens; reconnects by itself and goes on there.

        Each connection begins with the event `ready`. Where its `resumed` is false, the stream does
        not go on where you were: read `alerts()` once. An event may come twice, with the same id.

        Args:
            after: the id of the last event seen; None begins with what comes.
        """
        reader, failures = Reader(after), 0
        while True:
            try:
                with self._http.stream(
                    "GET", "/v1/alerts/stream", headers=reader.begin(), timeout=reader.timeout
                ) as response:
                    if response.status_code in RETRIED_STATUSES:
                        raise httpx2.ConnectError("the service is busy or starting")
                    if not response.is_success:
                        response.read()
                    checked(response)
                    for line in response.iter_lines():
                        event = reader.feed(line)
                        if event is not None:
                            failures = 0
                            yield event
            except httpx2.TransportError:
                failures += 1
            time.sleep(pause(min(failures, 5), None))

    # Everything else

    def send(self, call: Call) -> httpx2.Response:
        """Send any request, again where that is safe; returns the answer, problem or not."""
        attempts = self._attempts if call.repeatable else 1
        for attempt in range(attempts):
            last = attempt == attempts - 1
            response = None
            try:
                response = self._http.request(call.method, call.path, **call.arguments)
            except httpx2.TransportError as error:
                if last:
                    raise Unreachable(f"{call.method} {call.path}: {error}") from error
            if response is not None and (last or response.status_code not in RETRIED_STATUSES):
                return response
            time.sleep(pause(attempt, response))
        raise ValueError("attempts must be at least 1")

    def _do(self, operation: Operation[Result]) -> Result:
        return operation.read(self.send(operation.call))

    def _pages(self, path: str, cursor: str, filters: Mapping[str, Any]) -> Iterator[Any]:
        query, more = dict(filters), True
        while more:
            items, following = self._do(operations.page(path, query))
            yield from items
            query[cursor], more = following, following is not None
