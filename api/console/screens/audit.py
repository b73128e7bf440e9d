"""The audit trail as sentences: for auditors; and of one person, for supervisors too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from api.console import audit_words
from api.console.forms import WRITE_DAY, typed_day
from api.console.page import OfficerRequest, RequirePermission
from api.dependencies import TheAuditCheck
from api.pages import page_of
from api.v1.audit.routes import NDJSON
from casework.kernel import ids, period
from casework.kernel.audit.chain import Verdict
from casework.kernel.audit.log import DONE, REFUSED
from casework.kernel.audit.reader import AuditFilter, ReadRecord
from casework.kernel.permissions import Permission
from casework.oversight.audited_objects import AuditedObject

router: Final = APIRouter(include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_AUDIT))]
Verifier = Annotated[OfficerRequest, Depends(RequirePermission(Permission.VERIFY_AUDIT))]
Overseer = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_LOOKS))]

PAGE_SIZE: Final = 100
_LONGEST: Final = 200
_FIELDS: Final = ("actor", "action", "object", "outcome", "since", "until", "reads")
_PAGES: Final = {
    ids.ALERT: ("/alerts/", Permission.READ_ALERT),
    ids.APPROVAL: ("/approvals/", Permission.READ_APPROVAL),
    ids.IMPORT: ("/imports/", Permission.IMPORT),
    ids.REFERRAL: ("/referrals/", Permission.HANDLE_REFERRAL),
    ids.SUBJECT: ("/subjects/", Permission.READ_SUBJECT),
    ids.TIP: ("/tips/", Permission.HANDLE_TIP),
    ids.WATCHLIST: ("/watchlists/", Permission.READ_WATCHLIST),
}
"""Where an object is shown, and to whom."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One record as people read it."""

    record: ReadRecord
    act: str
    object_id: str
    called: str
    """What the object is called, or what kind of object it is."""
    page: str
    """Where the object is shown; empty where the reader may not go there."""
    looks: str
    """The page of who looked at the person; empty where it is about none."""


@router.get("/audit")
def show(visit: Reader) -> Response:
    """Show a page of the trail, newest first."""
    return _page(visit)


@router.post("/audit/verify")
def verify(visit: Verifier, check: TheAuditCheck) -> Response:
    """Check the chain, or what is new of it, and say what was found."""
    everything = visit.posted.text("all") == "yes"
    trail = visit.service.oversight.trail
    return _page(visit, trail.verify(visit.actor, check=check.whole if everything else check.tail))


@router.get("/audit/export")
def export(visit: Reader) -> Response:
    """Send every record that the officer may read, as it was hashed."""
    lines = visit.service.oversight.trail.export(visit.actor)
    headers = {"Content-Disposition": 'attachment; filename="siaga-audit.ndjson"'}
    return StreamingResponse((line + "\n" for line in lines), media_type=NDJSON, headers=headers)


@router.get("/subjects/{subject_id}/looks")
def looks(subject_id: str, visit: Overseer) -> Response:
    """Show who looked at a person, the last first."""
    reader, number = visit.service.oversight.looks, _number(visit)
    rows, following = page_of(
        lambda most: reader.page(visit.actor, subject_id, number, most),
        PAGE_SIZE,
        lambda row: row.seq,
    )
    known = visit.service.oversight.audited.named(visit.actor, [subject_id])
    subject = known.get(subject_id) or AuditedObject(subject_id, "")
    return visit.page(
        "looks.html",
        subject=subject,
        page=_page_of(visit, subject),
        rows=_sentences(visit, rows),
        following=following,
    )


@router.get("/alerts/{alert_id}/looks")
def looks_of_alert(alert_id: str, visit: Overseer) -> Response:
    """Lead to who looked at the person of an alert."""
    subject_id = visit.service.oversight.looks.subject_of(visit.actor, alert_id)
    return visit.go(f"/subjects/{subject_id}/looks")


def _page(visit: OfficerRequest, verdict: Verdict | None = None) -> Response:
    query = visit.request.query_params
    chosen = {name: query.get(name, "").strip()[:_LONGEST] for name in _FIELDS}
    audited = visit.service.oversight.audited
    found: list[AuditedObject] = []
    wanted = chosen["object"]
    days, faults = _period(visit, chosen)
    if wanted:
        found = audited.find(visit.actor, wanted)
        wanted = found[0].id if len(found) == 1 else wanted
    filters = AuditFilter(
        chosen["actor"] or None,
        chosen["action"] or None,
        wanted or None,
        chosen["outcome"] if chosen["outcome"] in (DONE, REFUSED) else None,
        period.beginning(days["since"], visit.speech.zone),
        period.limit(days["until"], visit.speech.zone),
        reads=chosen["reads"] != "no",
    )
    number = _number(visit)
    rows: Sequence[ReadRecord] = ()
    following = None
    if not faults:  # records of another period would be taken for those that were asked for
        rows, following = page_of(
            lambda most: visit.service.oversight.trail.page(visit.actor, number, most, filters),
            PAGE_SIZE,
            lambda row: row.seq,
        )
    officers = {each.id: each.name for each in audited.officers(visit.actor)}
    if chosen["actor"]:  # who is chosen by a link may be of another agency, or no officer
        named = (row.actor_name for row in rows if row.actor_id == chosen["actor"])
        officers.setdefault(chosen["actor"], next(named, None) or chosen["actor"])
    acts = {each: visit.speech(says) for each, says in audit_words.ACTS.items()}
    if chosen["action"]:  # a beginning, such as `alert`, is in no list
        acts.setdefault(chosen["action"], chosen["action"])
    return visit.page(
        "audit.html",
        chosen=chosen,
        faults=faults,
        officers=officers,
        found=found,
        acts=sorted(acts.items(), key=lambda pair: pair[1].casefold()),
        kind=audit_words.kind,
        rows=_sentences(visit, rows),
        following=following,
        verdict=verdict,
    )


def _sentences(visit: OfficerRequest, rows: Sequence[ReadRecord]) -> list[Sentence]:
    """Return records as people read them, with the names that the reader may learn."""
    wanted = {row.object_id for row in rows if row.object_id}
    known = visit.service.oversight.audited.named(visit.actor, wanted)
    return [_sentence(visit, row, known.get(row.object_id or "")) for row in rows]


def _sentence(visit: OfficerRequest, row: ReadRecord, known: AuditedObject | None) -> Sentence:
    object_id = row.object_id or ""
    found = known or AuditedObject(object_id, "")
    called = found.name or visit.speech(audit_words.unnamed(object_id))
    own = row.owner_id == visit.actor.agency_id and visit.may(Permission.READ_LOOKS)
    about = object_id if found.kind == ids.SUBJECT else found.about
    looks = f"/subjects/{about}/looks" if about else ""
    if found.kind == ids.ALERT:
        looks = f"/alerts/{object_id}/looks"
    return Sentence(
        row,
        visit.speech(audit_words.act(row.action)),
        object_id,
        called,
        _page_of(visit, found),
        looks if own else "",
    )


def _page_of(visit: OfficerRequest, found: AuditedObject) -> str:
    """Return where an object is shown; empty where the reader may not go there, or nowhere."""
    shown = AuditedObject(found.about, found.name) if found.about else found
    place, act = _PAGES.get(shown.kind, ("", None))
    return f"{place}{shown.id}" if act is not None and visit.may(act) else ""


def _number(visit: OfficerRequest) -> int | None:
    """Return the number of the record below which the page begins; None for the newest."""
    text = visit.request.query_params.get("before", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _period(
    visit: OfficerRequest, chosen: Mapping[str, str]
) -> tuple[dict[str, date | None], dict[str, str]]:
    """Return the days that were typed, and a sentence for each that is none, by field."""
    days, faults = {}, {}
    for name in ("since", "until"):
        try:
            days[name] = period.written_day(typed_day(chosen[name]))
        except ValueError:
            days[name] = None
        if chosen[name] and days[name] is None:
            faults[name] = visit.speech(WRITE_DAY)
    return days, faults
