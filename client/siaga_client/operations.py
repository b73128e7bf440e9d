"""Operations of the service: each function makes a request, and knows how to read its answer.

Nothing here waits or connects, so the blocking and the async client share every word of it.
"""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, NotRequired, TypedDict, TypeVar

import httpx2
from pydantic import BaseModel

from siaga_client.models import (
    Alert,
    Approval,
    Case,
    CaseEntry,
    Comparison,
    Direction,
    Encounter,
    Enrolled,
    Opinion,
    PadResult,
    Stage,
    Stay,
    StayReceipt,
    Timeline,
    Tip,
    TipReceipt,
    Watchlist,
)
from siaga_client.wire import Call, checked, photos

Result = TypeVar("Result")
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Operation(Generic[Result]):
    """A request, and how its answer is read."""

    call: Call
    read: Callable[[httpx2.Response], Result]


class Pad(TypedDict):
    """What a gate's presentation attack detection found (ISO/IEC 30107)."""

    result: PadResult
    score: NotRequired[float]
    """On the vendor's own scale."""
    vendor: NotRequired[str]
    level: NotRequired[str]
    """To which it was tested."""


class Document(TypedDict, total=False):
    """What a traveller's document says: fields of the chip, or the machine-readable zone."""

    name: str
    birth: str
    """`1980-02-28`, or as much as is known."""
    sex: str
    nationality: str
    number: str
    country: str
    """Who issued it."""
    mrz: str
    """Its lines, one below the other or all in one. The fields count before it."""


class Circumstances(TypedDict, total=False):
    """What a port may add about a photo; unset fields have the service's defaults."""

    stage: Stage
    captured_at: datetime
    traveller_ref: str
    """The port's own opaque reference, never a name."""
    lane: str
    recapture_of: str
    """With a second capture of the same traveller: the id of the answer to the first."""
    permit_until: date
    """The last day that the traveller may stay; it changes nothing of the answer."""
    reference: bytes
    """Another photo of whom the traveller says to be, such as a chip's: compared one to one."""
    pad: Pad
    document: Document
    """Shown beside the list to who reviews an alert; kept only with one."""
    idempotency_key: str
    """New for every photo; one is made if it is not given."""


class Guest(TypedDict):
    """A foreign guest of a lodging. Days are meant as the place has them."""

    lodging: str
    """Its code, with a hyphen."""
    lodging_name: str
    checked_in: date | datetime
    document: Document
    """Name, nationality and number are needed: as fields, or in the zone."""
    area: NotRequired[str]
    address: NotRequired[str]
    expected_out: NotRequired[date | datetime]
    checked_out: NotRequired[date | datetime]
    photo: NotRequired[bytes]
    """Of the guest, or of the document's page."""
    idempotency_key: NotRequired[str]
    """New for every guest; one is made if it is not given."""


class Report(TypedDict):
    """What was reported; who reported it goes into `source` alone."""

    text: str
    origin: NotRequired[str]
    place: NotRequired[str]
    area: NotRequired[str]
    happened_at: NotRequired[date | datetime]
    source: NotRequired[str]
    photo: NotRequired[bytes]


def screen(
    photo: bytes, port: str, direction: Direction, circumstances: Circumstances
) -> Operation[Encounter]:
    """Screen a traveller's photo, with an idempotency key."""
    fields: dict[str, str] = {"port": port, "direction": direction}
    fields |= {name: str(circumstances[name]) for name in _TEXTS if name in circumstances}  # type: ignore[literal-required]
    if "permit_until" in circumstances:
        fields["permit_until"] = circumstances["permit_until"].isoformat()
    if "captured_at" in circumstances:
        fields["captured_at"] = circumstances["captured_at"].isoformat()
    fields |= {f"pad_{name}": str(said) for name, said in circumstances.get("pad", {}).items()}
    fields |= {f"document_{name}": str(each) for name, each in _document(circumstances).items()}
    files = photos("photo", [photo])
    if "reference" in circumstances:
        files += photos("reference", [circumstances["reference"]])
    key = circumstances.get("idempotency_key") or str(uuid.uuid4())
    call = Call(
        "POST",
        "/v1/encounters",
        fields=fields,
        files=files,
        headers={"Idempotency-Key": key},
    )
    return Operation(call, _as(Encounter))


def _document(circumstances: Circumstances) -> Mapping[str, Any]:
    given = circumstances.get("document", {})
    return {name: value for name, value in given.items() if value}


def report_stay(guest: Guest) -> Operation[StayReceipt]:
    """Report a guest, with an idempotency key."""
    given: dict[str, Any] = dict(guest)
    document, photo = given.pop("document"), given.pop("photo", None)
    key = given.pop("idempotency_key", None) or str(uuid.uuid4())
    fields = {
        name: each.isoformat() if isinstance(each, date) else str(each)
        for name, each in given.items()
    }
    fields |= {f"document_{name}": str(each) for name, each in document.items() if each}
    call = Call(
        "POST",
        "/v1/stays",
        fields=fields,
        files=photos("photo", [photo]) if photo is not None else (),
        headers={"Idempotency-Key": key},
    )
    return Operation(call, _as(StayReceipt))


def extend_permit(traveller_ref: str, until: date, port: str) -> Operation[None]:
    """Move the end of a traveller's permit."""
    body = {"traveller_ref": traveller_ref, "permit_until": until.isoformat(), "port": port}
    return Operation(Call("PUT", "/v1/permits", json=body), _nothing)


def report_departure(traveller_ref: str, port: str) -> Operation[None]:
    """Say that a traveller has left, without a photo."""
    body = {"traveller_ref": traveller_ref, "port": port}
    return Operation(Call("POST", "/v1/permits/departure", json=body), _nothing)


def timeline(subject_id: str) -> Operation[Timeline]:
    """Read a subject's line."""
    return Operation(Call("GET", f"/v1/subjects/{subject_id}/timeline"), _as(Timeline))


def stay(receipt: str) -> Operation[Stay]:
    """Read what was reported under a receipt."""
    return Operation(Call("GET", f"/v1/stays/{receipt}"), _as(Stay))


def check_out(receipt: str, at: date | datetime) -> Operation[Stay]:
    """Say when a guest left."""
    body = {"checked_out": at.isoformat()}
    return Operation(Call("PUT", f"/v1/stays/{receipt}/check-out", json=body), _as(Stay))


def record_tip(report: Report) -> Operation[Tip]:
    """Record a report."""
    fields = {name: str(report[name]) for name in _REPORT if name in report}  # type: ignore[literal-required]
    if "happened_at" in report:
        fields["happened_at"] = report["happened_at"].isoformat()
    files = photos("photo", [report["photo"]]) if "photo" in report else []
    return Operation(Call("POST", "/v1/tips", fields=fields, files=files), _as(Tip))


def tip(tip_id: str) -> Operation[Tip]:
    """Read a report."""
    return Operation(Call("GET", f"/v1/tips/{tip_id}"), _as(Tip))


def tip_receipt(tip_id: str) -> Operation[TipReceipt]:
    """Ask how far a report is."""
    return Operation(Call("GET", f"/v1/tips/{tip_id}/receipt"), _as(TipReceipt))


def sort_tip(tip_id: str, triage: Mapping[str, Any]) -> Operation[Tip]:
    """Say how urgent a report is, who works on it, and where it is."""
    return Operation(Call("POST", f"/v1/tips/{tip_id}/triage", json=triage), _as(Tip))


def case(case_id: str) -> Operation[Case]:
    """Read a joint case."""
    return Operation(Call("GET", f"/v1/cases/{case_id}"), _as(Case))


def put_into_case(case_id: str, what: str, body: Mapping[str, Any]) -> Operation[CaseEntry]:
    """Put something into a joint case: `items`, `tasks` or `comments`."""
    return Operation(Call("POST", f"/v1/cases/{case_id}/{what}", json=body), _as(CaseEntry))


def end_task(case_id: str, entry_id: str, result: str) -> Operation[CaseEntry]:
    """Say that a task is done."""
    path = f"/v1/cases/{case_id}/entries/{entry_id}/done"
    return Operation(Call("POST", path, json={"result": result}), _as(CaseEntry))


def encounter(encounter_id: str) -> Operation[Encounter]:
    """Read an encounter again."""
    return Operation(Call("GET", f"/v1/encounters/{encounter_id}"), _as(Encounter))


def compare(first: bytes, second: bytes, max_fmr: float | None) -> Operation[Comparison]:
    """Compare two photos."""
    files = photos("first", [first]) + photos("second", [second])
    fields = {} if max_fmr is None else {"max_fmr": repr(max_fmr)}
    return Operation(Call("POST", "/v1/compare", fields=fields, files=files), _as(Comparison))


def sign_in(login: str, password: str, code: str | None) -> Operation[str]:
    """Sign in; the result is the session's text."""
    body = {"login": login, "password": password} | ({"code": code} if code else {})

    def read(response: httpx2.Response) -> str:
        return str(checked(response).json()["token"])

    return Operation(Call("POST", "/v1/sessions", json=body), read)


def create_watchlist(name: str, policy: Mapping[str, Any]) -> Operation[Watchlist]:
    """Make a watchlist."""
    return Operation(Call("POST", "/v1/watchlists", json={"name": name, **policy}), _as(Watchlist))


def approval(approval_id: str) -> Operation[Approval]:
    """Read a request for a second person."""
    return Operation(Call("GET", f"/v1/approvals/{approval_id}"), _as(Approval))


def step_approval(
    approval_id: str, step: str, body: Mapping[str, Any] | None = None
) -> Operation[Approval]:
    """Accept, refuse or withdraw a request."""
    return Operation(Call("POST", f"/v1/approvals/{approval_id}/{step}", json=body), _as(Approval))


def enrol(subject: Mapping[str, Any], contents: Sequence[bytes]) -> Operation[Enrolled]:
    """Enrol a person."""
    call = Call(
        "POST",
        "/v1/subjects",
        fields={"subject": json.dumps(subject, default=str)},
        files=photos("photos", contents),
    )
    return Operation(call, _as(Enrolled))


def alert(alert_id: str) -> Operation[Alert]:
    """Read an alert."""
    return Operation(Call("GET", f"/v1/alerts/{alert_id}"), _as(Alert))


def alert_photo(alert_id: str, which: str) -> Operation[bytes]:
    """Read one of an alert's two photos: `probe` or `enrolled`."""

    def read(response: httpx2.Response) -> bytes:
        return checked(response).content

    return Operation(Call("GET", f"/v1/alerts/{alert_id}/{which}"), read)


def acknowledge(alert_id: str) -> Operation[Alert]:
    """Take an alert."""
    return Operation(Call("POST", f"/v1/alerts/{alert_id}/acknowledge"), _as(Alert))


def give_opinion(
    alert_id: str, step: str, opinion: Opinion, reasons: Iterable[str], note: str | None
) -> Operation[Alert]:
    """Give the first (`decide`) or the second (`confirm`) opinion."""
    body = {"opinion": opinion, "reasons": list(reasons), "note": note}
    return Operation(Call("POST", f"/v1/alerts/{alert_id}/{step}", json=body), _as(Alert))


def close_alert(alert_id: str, disposal: str, note: str | None) -> Operation[Alert]:
    """End an alert."""
    body = {"disposal": disposal, "note": note}
    return Operation(Call("POST", f"/v1/alerts/{alert_id}/close", json=body), _as(Alert))


def page(path: str, query: Mapping[str, Any]) -> Operation[tuple[list[Any], str | None]]:
    """Read one page of a list: its items, and the cursor of the next."""

    def read(response: httpx2.Response) -> tuple[list[Any], str | None]:
        body = checked(response).json()
        return body["items"], body["next"]

    return Operation(Call("GET", path, query=query), read)


_REPORT = ("text", "origin", "place", "area", "source")
_TEXTS = ("stage", "traveller_ref", "lane", "recapture_of")


def _nothing(response: httpx2.Response) -> None:
    checked(response)


def _as(model: type[Model]) -> Callable[[httpx2.Response], Model]:
    return lambda response: model.model_validate(checked(response).json())
