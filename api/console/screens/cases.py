"""Joint cases: what several agencies work on together, as one of them sees it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.responses import Response

from api.console import referral_fields
from api.console.forms import Form, FormData, as_typed, with_times
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.pages import page_of
from api.problems import RequestInvalid
from api.v1.cases.routes import file_answer
from api.v1.cases.schemas import (
    CaseClosingIn,
    CaseCommentIn,
    CaseFileForm,
    CaseIn,
    CaseTaskIn,
    InvitationIn,
    LeavingIn,
    SharingIn,
    TaskResultIn,
)
from casework.areas.known import AreaFilter
from casework.cases.cases import CaseFilter, CaseView, EntryFilter, EntryView
from casework.cases.entries import NewFile
from casework.cases.payload import BY_NAME
from casework.cases.states import MEASURES, OPEN, VIOLATIONS
from casework.kernel.errors import CaseworkError, NotFound, NotPermitted
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import (
    AreaLevel,
    CaseEntryKind,
    CaseOutcome,
    CaseState,
    MemberState,
)
from casework.referrals.fields import PhotoField
from casework.tables import Agency

router: Final = APIRouter(prefix="/cases", include_in_schema=False)

Opener = Annotated[OfficerRequest, Depends(RequirePermission(Permission.OPEN_CASE))]
Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_CASE))]
Worker = Annotated[OfficerRequest, Depends(RequirePermission(Permission.WORK_ON_CASE))]
Joiner = Annotated[OfficerRequest, Depends(RequirePermission(Permission.JOIN_CASE))]
Manager = Annotated[OfficerRequest, Depends(RequirePermission(Permission.MANAGE_CASE))]

Filled = TypeVar("Filled", bound=BaseModel)

PAGE_SIZE: Final = 50
_LONGEST: Final = 100
_STATES: Final[dict[str, tuple[CaseState, ...] | None]] = {
    "open": tuple(sorted(OPEN)),
    "closed": (CaseState.CLOSED,),
    "all": None,
}
_SENTENCES: Final = {
    "title": msg("Give it a title."),
    "purpose": msg("Say what it is for."),
    "legal_basis": msg("Name the legal basis."),
    "text": msg("Write something."),
    "assignee_id": msg("Choose an agency."),
    "agency_id": msg("Choose an agency."),
    "due_at": msg("Choose a time that is still to come."),
    "result": msg("Say what was done."),
    "summary": msg("Say how it ended."),
}
_PERSONS: Final = "persons-"
ENDINGS: Final = (
    *(each for each in CaseOutcome if each in VIOLATIONS),
    CaseOutcome.NO_VIOLATION,
    *(each for each in CaseOutcome if each in MEASURES),
)
"""In the order in which they are offered."""
_REFUSALS: Final = (RequestInvalid, CaseworkError)
_GONE: Final = (NotFound, NotPermitted)


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """What was put into a case, as people read it."""

    view: EntryView
    carried: list[tuple[str, str]]
    photos: list[tuple[str, str]]


@router.get("")
def page(visit: Reader) -> Response:
    """List cases, newest first."""
    query = visit.request.query_params
    state = query.get("state", "")
    areas = _areas(visit)
    teams = _teams(visit)
    chosen = {
        "state": state if state in _STATES else "open",
        "area": query.get("area", "") if query.get("area") in dict(areas) else "",
        "team": query.get("team", "") if query.get("team") in teams else "",
    }
    wanted = CaseFilter(_STATES[chosen["state"]], chosen["area"] or None, chosen["team"] or None)
    before = query.get("before", "")[:_LONGEST] or None
    rows, following = page_of(
        lambda most: visit.service.cases.reading.page(visit.actor, before, most, wanted),
        PAGE_SIZE,
        lambda pair: pair[0].id,
    )
    return visit.page(
        "cases.html",
        cases=rows,
        chosen=chosen,
        areas=areas,
        teams=teams,
        names=visit.service.areas.areas.names(row.area for row, _ in rows),
        following=following,
    )


@router.get("/new")
def blank(visit: Opener) -> Response:
    """Show the form of a new case."""
    return _new(visit, Form(CaseIn))


@router.post("/new")
def create(visit: Opener) -> Response:
    """Open a case."""
    form = Form(CaseIn, visit.posted, sentences=_SENTENCES)
    try:
        row = visit.service.cases.steps.open(visit.actor, form.parse().new)
    except _REFUSALS as error:
        return _new(visit, form.refused(error, visit.speech))
    return visit.go(f"/cases/{row.id}", done="case_opened")


@router.get("/{case_id}")
def show(case_id: str, visit: Reader) -> Response:
    """Show one case: what it is about, and what the reader's agency may see of what is in it."""
    return _page(visit, case_id)


@router.get("/{case_id}/entries/{entry_id}/photos/{name}")
def photo(case_id: str, entry_id: str, name: str, visit: Reader) -> Response:
    """Return a photo as it was when the item was given, upright."""
    stored = visit.service.cases.reading.photo(visit.actor, case_id, entry_id, name)
    return visit.state.photos.answer(stored)


@router.get("/{case_id}/entries/{entry_id}/file")
def file(case_id: str, entry_id: str, visit: Reader) -> Response:
    """Return a file, to be saved."""
    return file_answer(visit.service.cases.reading.file(visit.actor, case_id, entry_id))


@router.post("/{case_id}/edit")
def edit(case_id: str, visit: Manager) -> Response:
    """Change what the case is about."""
    form = Form(CaseIn, visit.posted, sentences=_SENTENCES)
    version, steps = visit.posted.number("version"), visit.service.cases.steps
    return _done(
        visit,
        case_id,
        lambda: steps.edit(visit.actor, case_id, form.parse().new, version),
        form,
        "edit",
    )


@router.post("/{case_id}/start")
def start(case_id: str, visit: Manager) -> Response:
    """Begin the operation."""
    version = visit.posted.number("version")
    steps = visit.service.cases.steps
    return _done(visit, case_id, lambda: steps.start(visit.actor, case_id, version))


@router.post("/{case_id}/close")
def close(case_id: str, visit: Manager) -> Response:
    """End the case with its outcomes."""
    form = Form(CaseClosingIn, visit.posted, _closing, _SENTENCES)
    version, steps = visit.posted.number("version"), visit.service.cases.steps

    def act() -> None:
        body = form.parse()
        steps.close(visit.actor, case_id, body.endings, body.summary, version)

    return _done(visit, case_id, act, form, "close")


@router.post("/{case_id}/invite")
def invite(case_id: str, visit: Manager) -> Response:
    """Invite an agency."""
    form = Form(InvitationIn, visit.posted, sentences=_SENTENCES)
    steps = visit.service.cases.steps
    return _done(
        visit,
        case_id,
        lambda: steps.invite(visit.actor, case_id, form.parse().agency_id),
        form,
        "invite",
    )


@router.post("/{case_id}/remove")
def remove(case_id: str, visit: Manager) -> Response:
    """Put an agency out of the case."""
    agency_id, steps = visit.posted.text("agency_id"), visit.service.cases.steps
    return _done(visit, case_id, lambda: steps.remove(visit.actor, case_id, agency_id))


@router.post("/{case_id}/join")
def join(case_id: str, visit: Joiner) -> Response:
    """Accept an invitation."""
    steps = visit.service.cases.steps
    return _done(visit, case_id, lambda: steps.join(visit.actor, case_id))


@router.post("/{case_id}/decline")
def decline(case_id: str, visit: Joiner) -> Response:
    """Refuse an invitation; the case is not there any more."""
    visit.service.cases.steps.decline(visit.actor, case_id)
    return visit.go("/cases", done="case_left")


@router.post("/{case_id}/leave")
def leave(case_id: str, visit: Joiner) -> Response:
    """Take part no longer."""
    keep = Form(LeavingIn, visit.posted).parse().keep
    visit.service.cases.steps.leave(visit.actor, case_id, keep=keep)
    return visit.go("/cases", done="case_left")


@router.post("/{case_id}/comment")
def comment(case_id: str, visit: Worker) -> Response:
    """Write something."""
    form = Form(CaseCommentIn, visit.posted, sentences=_SENTENCES)
    entries = visit.service.cases.entries

    def act() -> None:
        body = form.parse()
        entries.comment(visit.actor, case_id, body.text, body.to)

    return _done(visit, case_id, act, form, "comment")


@router.post("/{case_id}/task")
def task(case_id: str, visit: Worker) -> Response:
    """Give an agency a task."""
    zone, entries = visit.speech.zone, visit.service.cases.entries
    form = Form(CaseTaskIn, visit.posted, with_times(zone, "due_at"), _SENTENCES)

    def act() -> None:
        body = form.parse()
        entries.assign(visit.actor, case_id, body.new(zone), body.to)

    return _done(visit, case_id, act, form, "task")


@router.post("/{case_id}/files")
def attach(case_id: str, visit: Worker) -> Response:
    """Attach a photo or a PDF."""
    form = Form(CaseFileForm, visit.posted, _readers_as_text)
    sent = visit.posted.files.get("file", ())
    content, name = (sent[0].content, sent[0].name) if sent else (b"", "")
    entries = visit.service.cases.entries

    def act() -> None:
        body = form.parse()
        new = NewFile(content, name, body.note)
        entries.attach(visit.actor, case_id, new, body.readers)

    return _done(visit, case_id, act, form, "file")


@router.post("/{case_id}/share")
def share(case_id: str, visit: Worker) -> Response:
    """Give something to more agencies."""
    form, entries = Form(SharingIn, visit.posted), visit.service.cases.entries
    entry_id = visit.posted.text("entry")
    return _done(
        visit,
        case_id,
        lambda: entries.share(visit.actor, case_id, entry_id, form.parse().to),
    )


@router.post("/{case_id}/withdraw")
def withdraw(case_id: str, visit: Worker) -> Response:
    """Take back what the agency gave."""
    entry_id, entries = visit.posted.text("entry"), visit.service.cases.entries
    return _done(visit, case_id, lambda: entries.withdraw(visit.actor, case_id, entry_id))


@router.post("/{case_id}/take")
def take(case_id: str, visit: Worker) -> Response:
    """Take a task."""
    entry_id, entries = visit.posted.text("entry"), visit.service.cases.entries
    return _done(visit, case_id, lambda: entries.take(visit.actor, case_id, entry_id))


@router.post("/{case_id}/done")
def done(case_id: str, visit: Worker) -> Response:
    """End a task."""
    form = Form(TaskResultIn, visit.posted, sentences=_SENTENCES)
    entry_id, entries = visit.posted.text("entry"), visit.service.cases.entries
    return _done(
        visit,
        case_id,
        lambda: entries.done(visit.actor, case_id, entry_id, form.parse().result),
        form,
        f"done-{entry_id}",
    )


@router.get("/{case_id}/{step}")
async def back(case_id: str, step: str, visit: Reader) -> Response:
    """Show the case where an answer to a form is asked for again."""
    del step
    return visit.go(f"/cases/{case_id}")


def carried(visit: OfficerRequest, view: EntryView) -> ShownEntry:
    """Return an entry as people read it, in their language."""
    shown = [
        (visit.speech(label), referral_fields.written(member, value, visit.codes, visit.speech))
        for name, value in view.values.items()
        for member, label in [(BY_NAME[name], BY_NAME[name].field.label)]
        if not isinstance(member.field, PhotoField)
    ]
    photos = [(name, visit.speech(BY_NAME[name].field.label)) for name in view.photos]
    return ShownEntry(view, shown, photos)


def _closing(data: FormData, model: type[CaseClosingIn]) -> Mapping[str, object]:
    """Read the outcomes that are ticked, each with its number of people."""
    ends = [
        {"code": code, "persons": data.number(f"{_PERSONS}{code}") or 0}
        for code in data.texts("outcomes")
    ]
    return {**as_typed(data, model), "outcomes": ends}


def _readers_as_text(data: FormData, model: type[CaseFileForm]) -> Mapping[str, object]:
    return {**as_typed(data, model), "to": ",".join(data.texts("to"))}


def _new(visit: OfficerRequest, form: Form[CaseIn]) -> Response:
    return visit.page(
        "case_new.html", status=form.status, form=form, areas=_areas(visit), teams=_teams(visit)
    )


def _done(
    visit: OfficerRequest,
    case_id: str,
    act: Callable[[], object],
    form: Form[Any] | None = None,
    acting: str = "",
) -> Response:
    """Do what a form asks for, and show the case with it, or with why it was not done."""
    try:
        act()
    except _GONE:
        raise
    except _REFUSALS as error:
        refused = (form or Form(CaseCommentIn)).refused(error, visit.speech)
        return _page(visit, case_id, refused, acting)
    return visit.go(f"/cases/{case_id}", done="case_saved")


def _page(
    visit: OfficerRequest, case_id: str, form: Form[Any] | None = None, acting: str = ""
) -> Response:
    """Show the case as it is now, with the form of it that was refused, if one was."""
    view = visit.service.cases.reading.get(visit.actor, case_id)
    blank: Form[Any] = Form(CaseCommentIn)
    values: dict[str, Any] = {
        "view": view,
        "case": view.case,
        "area": visit.service.areas.areas.names([view.case.area]).get(view.case.area or ""),
        "form": form or blank,
        "acting": acting,
        "blank": blank,
        "open": view.case.state in OPEN,
        "others": [
            each.agency
            for each in view.members
            if each.state is MemberState.JOINED and each.agency.id != visit.actor.agency_id
        ],
        "members": [each.agency for each in view.members if each.state is MemberState.JOINED],
        "endings": ENDINGS,
        "persons": _PERSONS,
    }
    if view.state is not MemberState.JOINED:
        return visit.page("case_invitation.html", status=values["form"].status, **values)
    values["agencies"] = _inviting(visit, view)
    values["about"] = form if form is not None and acting == "edit" else _about(view)
    values["areas"], values["teams"] = _areas(visit), _teams(visit)
    before = visit.request.query_params.get("before", "")[:_LONGEST] or None
    for name, kinds in _PARTS.items():
        rows, following = _entries(visit, case_id, kinds, before if name == "talk" else None)
        values[name] = [carried(visit, each) for each in rows]
        values[f"{name}_following"] = following
    return visit.page("case.html", status=values["form"].status, **values)


_PARTS: Final[Mapping[str, tuple[CaseEntryKind, ...]]] = {
    "items": (CaseEntryKind.ITEM,),
    "tasks": (CaseEntryKind.TASK,),
    "talk": (CaseEntryKind.COMMENT, CaseEntryKind.ATTACHMENT),
}
"""What the page shows apart."""


def _entries(
    visit: OfficerRequest, case_id: str, kinds: tuple[CaseEntryKind, ...], before: str | None
) -> tuple[Collection[EntryView], str | None]:
    filters = EntryFilter(kinds)
    return page_of(
        lambda most: visit.service.cases.reading.entries(
            visit.actor, case_id, before, most, filters
        ),
        PAGE_SIZE,
        lambda view: view.entry.id,
    )


def _about(view: CaseView) -> Form[CaseIn]:
    """Return the form of what a case is about, as it is stored."""
    names = ("title", "purpose", "legal_basis", "area", "team_id")
    stored = {name: (getattr(view.case, name) or "",) for name in names}
    return Form(CaseIn, FormData(stored))


def _inviting(visit: OfficerRequest, view: CaseView) -> list[Agency]:
    """Return the agencies that the lead can invite."""
    if not (view.leads and visit.may(Permission.MANAGE_CASE)):
        return []
    there = {each.agency.id for each in view.members if each.state in _IN}
    found = visit.service.accounts.agencies.page(visit.actor, None, None)
    return [each for each in found if each.active and each.id not in there]


_IN: Final = frozenset({MemberState.INVITED, MemberState.JOINED})


def _teams(visit: OfficerRequest) -> dict[str, str]:
    """Return the teams that the agency is in, by id and name."""
    return {each.id: each.name for each in visit.service.areas.teams.own(visit.actor)}


def _areas(visit: OfficerRequest) -> list[tuple[str, str]]:
    """Return provinces, and the regencies and cities in them, by code and name."""
    found = visit.service.areas.areas.page(visit.actor, None, None, AreaFilter())
    shown = [each for each in found if each.level in (AreaLevel.PROVINCE, AreaLevel.REGENCY)]
    return [(each.code, each.name) for each in shown]
