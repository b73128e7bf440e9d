"""Joint cases: what several agencies work on together."""

import asyncio
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response

from api import problems
from api.dependencies import (
    Allowed,
    ReadVersion,
    TheCaseEntries,
    TheCases,
    TheCaseSteps,
    ThePhotos,
    TheZone,
    etag,
)
from api.forms import multipart_schema, read_form
from api.pages import Page, page_of
from api.photos import PHOTO_CONTENT
from api.routing import StrictRoute
from api.v1.cases.schemas import (
    CaseClosingIn,
    CaseCommentIn,
    CaseEntryOut,
    CaseFileForm,
    CaseIn,
    CaseItemIn,
    CaseOut,
    CaseQuery,
    CaseSummary,
    CaseTaskIn,
    EntryQuery,
    InvitationIn,
    LeavingIn,
    SharingIn,
    TaskResultIn,
)
from api.v1.encounters.routes import PHOTO_ERRORS
from casework.cases.cases import Cases, StoredFile
from casework.cases.entries import NewFile
from casework.cases.files import FileFormat
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.kernel.stored_photo import UncheckedPhoto
from casework.tables import CaseEntry

router: Final = APIRouter(prefix="/v1/cases", tags=["cases"], route_class=StrictRoute)

Opener = Annotated[Actor, Depends(Allowed(Permission.OPEN_CASE))]
Reader = Annotated[Actor, Depends(Allowed(Permission.READ_CASE))]
Worker = Annotated[Actor, Depends(Allowed(Permission.WORK_ON_CASE))]
Joiner = Annotated[Actor, Depends(Allowed(Permission.JOIN_CASE))]
Manager = Annotated[Actor, Depends(Allowed(Permission.MANAGE_CASE))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)
_READ: Final = problems.responses(*_COMMON, errors.NotFound)
_STEP: Final = (*_COMMON, errors.NotFound, errors.IllegalTransition)
_STEPPED: Final = problems.responses(*_STEP)
_GIVEN: Final = problems.responses(*_STEP, errors.InvalidCase)
_FILE: Final[dict[str, Any]] = {
    "type": "string",
    "format": "binary",
    "description": "A photo (JPEG, PNG, WebP) or a PDF of at most 10 MB, known by its content.",
}


@router.post(
    "",
    status_code=201,
    response_model=CaseOut,
    summary="Open a joint case",
    responses=problems.responses(*_COMMON, errors.NotFound, errors.AreaRefused),
)
def create(
    body: CaseIn, response: Response, steps: TheCaseSteps, cases: TheCases, actor: Opener
) -> CaseOut:
    """Open a case that your agency leads; it is planned, and your agency alone takes part."""
    row = steps.open(actor, body.new)
    response.headers["Location"] = f"/v1/cases/{row.id}"
    return _answer(cases, actor, row.id, response)


@router.get(
    "",
    response_model=Page[CaseSummary],
    summary="List joint cases",
    responses=problems.responses(*_COMMON),
)
def page(cases: TheCases, actor: Reader, query: Annotated[CaseQuery, Query()]) -> Page[CaseSummary]:
    """Return the cases that your agency takes part in or is invited to, newest first."""
    rows, following = page_of(
        lambda most: cases.page(actor, query.before, most, query.chosen),
        query.limit,
        lambda pair: pair[0].id,
    )
    items = [CaseSummary.of(row, state) for row, state in rows]
    return Page[CaseSummary](items=items, next=following)


@router.get("/{case_id}", response_model=CaseOut, summary="Read a joint case", responses=_READ)
def read(case_id: str, response: Response, cases: TheCases, actor: Reader) -> CaseOut:
    """Return one case, with its version as ETag; what is in it is at `entries`."""
    return _answer(cases, actor, case_id, response)


@router.put(
    "/{case_id}",
    response_model=CaseOut,
    summary="Change what a joint case is about",
    responses=problems.responses(*_STEP, errors.StaleVersion, errors.AreaRefused),
)
def edit(
    case_id: str,
    body: CaseIn,
    response: Response,
    steps: TheCaseSteps,
    cases: TheCases,
    actor: Manager,
    version: ReadVersion,
) -> CaseOut:
    """Replace title, purpose, legal basis and area, as the lead, before the case is closed."""
    steps.edit(actor, case_id, body.new, version)
    return _answer(cases, actor, case_id, response)


@router.post(
    "/{case_id}/start",
    response_model=CaseOut,
    summary="Start a joint case",
    responses=problems.responses(*_STEP, errors.StaleVersion),
)
def start(
    case_id: str,
    response: Response,
    steps: TheCaseSteps,
    cases: TheCases,
    actor: Manager,
    version: ReadVersion,
) -> CaseOut:
    """Begin the operation, as the lead."""
    steps.start(actor, case_id, version)
    return _answer(cases, actor, case_id, response)


@router.post(
    "/{case_id}/close",
    response_model=CaseOut,
    summary="Close a joint case",
    responses=problems.responses(*_STEP, errors.StaleVersion, errors.InvalidCase),
)
def close(
    case_id: str,
    body: CaseClosingIn,
    response: Response,
    steps: TheCaseSteps,
    cases: TheCases,
    actor: Manager,
    version: ReadVersion,
) -> CaseOut:
    """End the case with its outcomes, as the lead; reports count them."""
    steps.close(actor, case_id, body.endings, body.summary, version)
    return _answer(cases, actor, case_id, response)


@router.post(
    "/{case_id}/members",
    response_model=CaseOut,
    summary="Invite an agency to a joint case",
    responses=_GIVEN,
)
def invite(
    case_id: str,
    body: InvitationIn,
    response: Response,
    steps: TheCaseSteps,
    cases: TheCases,
    actor: Manager,
) -> CaseOut:
    """Invite an agency, as the lead: it sees what the case is about, and nothing in it."""
    steps.invite(actor, case_id, body.agency_id)
    return _answer(cases, actor, case_id, response)


@router.post(
    "/{case_id}/members/{agency_id}/remove",
    response_model=CaseOut,
    summary="Remove an agency from a joint case",
    responses=_STEPPED,
)
def remove(
    case_id: str,
    agency_id: str,
    response: Response,
    steps: TheCaseSteps,
    cases: TheCases,
    actor: Manager,
) -> CaseOut:
    """Put an agency out, as the lead: what it gave is withdrawn, and it sees nothing any more."""
    steps.remove(actor, case_id, agency_id)
    return _answer(cases, actor, case_id, response)


@router.post(
    "/{case_id}/join",
    response_model=CaseOut,
    summary="Accept the invitation to a joint case",
    responses=_STEPPED,
)
def join(
    case_id: str, response: Response, steps: TheCaseSteps, cases: TheCases, actor: Joiner
) -> CaseOut:
    """Take part from now on; what was given to others before is not given to your agency."""
    steps.join(actor, case_id)
    return _answer(cases, actor, case_id, response)


@router.post(
    "/{case_id}/decline",
    status_code=204,
    summary="Decline the invitation to a joint case",
    responses=_STEPPED,
)
def decline(case_id: str, steps: TheCaseSteps, actor: Joiner) -> None:
    """Decline; the case is not there for your agency any more."""
    steps.decline(actor, case_id)


@router.post("/{case_id}/leave", status_code=204, summary="Leave a joint case", responses=_STEPPED)
def leave(case_id: str, body: LeavingIn, steps: TheCaseSteps, actor: Joiner) -> None:
    """Take part no longer; what your agency gave is withdrawn unless `keep` says that it stays."""
    steps.leave(actor, case_id, keep=body.keep)


@router.get(
    "/{case_id}/entries",
    response_model=Page[CaseEntryOut],
    response_model_exclude_unset=True,
    summary="List what is in a joint case",
    responses=_READ,
)
def entries(
    case_id: str, cases: TheCases, actor: Reader, query: Annotated[EntryQuery, Query()]
) -> Page[CaseEntryOut]:
    """Return what your agency gave and what it was given, newest first."""
    rows, following = page_of(
        lambda most: cases.entries(actor, case_id, query.before, most, query.chosen),
        query.limit,
        lambda view: view.entry.id,
    )
    return Page[CaseEntryOut](items=[CaseEntryOut.seen(each) for each in rows], next=following)


@router.get(
    "/{case_id}/entries/{entry_id}/photos/{name}",
    summary="Read a photo that an item carries",
    response_class=Response,
    responses={
        200: {"content": PHOTO_CONTENT},
        **problems.responses(*_COMMON, errors.NotFound, *PHOTO_ERRORS),
    },
)
def photo(
    case_id: str, entry_id: str, name: str, cases: TheCases, actor: Reader, photos: ThePhotos
) -> Response:
    """Return the photo as it was when the item was given.

    In a format that browsers show: as it was sent, or as a JPEG of it; of a tip always a JPEG.
    """
    stored = cases.photo(actor, case_id, entry_id, name)
    if isinstance(stored, UncheckedPhoto):
        return photos.answer(stored)
    return photos.response(stored.content, stored.format)


@router.get(
    "/{case_id}/entries/{entry_id}/file",
    summary="Read a file of a joint case",
    response_class=Response,
    responses={200: {"content": {each.media_type: {} for each in FileFormat}}, **_READ},
)
def file(case_id: str, entry_id: str, cases: TheCases, actor: Reader) -> Response:
    """Return the file as it came, to be saved and never shown inside a page."""
    return file_answer(cases.file(actor, case_id, entry_id))


@router.post(
    "/{case_id}/items",
    status_code=201,
    response_model=CaseEntryOut,
    response_model_exclude_unset=True,
    summary="Give something to a joint case",
    responses=problems.responses(*_STEP, errors.InvalidCase, errors.InvalidReferral),
)
def give(
    case_id: str, body: CaseItemIn, work: TheCaseEntries, cases: TheCases, actor: Worker
) -> CaseEntryOut:
    """Give a copy of chosen fields of an alert, a tip, a referral or a subject."""
    return _entry(cases, actor, work.give(actor, case_id, body.new, body.to))


@router.post(
    "/{case_id}/comments",
    status_code=201,
    response_model=CaseEntryOut,
    response_model_exclude_unset=True,
    summary="Comment on a joint case",
    responses=_GIVEN,
)
def comment(
    case_id: str, body: CaseCommentIn, work: TheCaseEntries, cases: TheCases, actor: Worker
) -> CaseEntryOut:
    """Write something."""
    return _entry(cases, actor, work.comment(actor, case_id, body.text, body.to))


@router.post(
    "/{case_id}/tasks",
    status_code=201,
    response_model=CaseEntryOut,
    response_model_exclude_unset=True,
    summary="Give a task in a joint case",
    responses=_GIVEN,
)
def assign(
    case_id: str,
    body: CaseTaskIn,
    work: TheCaseEntries,
    cases: TheCases,
    actor: Worker,
    zone: TheZone,
) -> CaseEntryOut:
    """Say what is to be done, by which agency and until when."""
    return _entry(cases, actor, work.assign(actor, case_id, body.new(zone), body.to))


@router.post(
    "/{case_id}/files",
    status_code=201,
    response_model=CaseEntryOut,
    response_model_exclude_unset=True,
    summary="Attach a file to a joint case",
    openapi_extra={"requestBody": multipart_schema(CaseFileForm, file=_FILE)},
    responses=_GIVEN,
)
async def attach(
    case_id: str,
    request: Request,
    work: TheCaseEntries,
    cases: TheCases,
    actor: Worker,
) -> CaseEntryOut:
    """Attach a photo or a PDF."""
    form = await read_form(request, "file")
    fields, sent = form.parse(CaseFileForm), form.only("file")
    new = NewFile(sent.content, sent.name, fields.note)

    def store() -> CaseEntryOut:
        return _entry(cases, actor, work.attach(actor, case_id, new, fields.readers))

    return await asyncio.to_thread(store)


@router.post(
    "/{case_id}/entries/{entry_id}/share",
    response_model=CaseEntryOut,
    response_model_exclude_unset=True,
    summary="Give something in a joint case to more agencies",
    responses=_GIVEN,
)
def share(
    case_id: str,
    entry_id: str,
    body: SharingIn,
    work: TheCaseEntries,
    cases: TheCases,
    actor: Worker,
) -> CaseEntryOut:
    """Give what your agency gave to more of those who take part."""
    return _entry(cases, actor, work.share(actor, case_id, entry_id, body.to))


@router.post(
    "/{case_id}/entries/{entry_id}/withdraw",
    response_model=CaseEntryOut,
    response_model_exclude_unset=True,
    summary="Withdraw something from a joint case",
    responses=_STEPPED,
)
def withdraw(
    case_id: str, entry_id: str, work: TheCaseEntries, cases: TheCases, actor: Worker
) -> CaseEntryOut:
    """Take back what your agency gave: its content is erased, that it was there is not."""
    return _entry(cases, actor, work.withdraw(actor, case_id, entry_id))


@router.post(
    "/{case_id}/entries/{entry_id}/take",
    response_model=CaseEntryOut,
    response_model_exclude_unset=True,
    summary="Take a task of a joint case",
    responses=_STEPPED,
)
def take(
    case_id: str, entry_id: str, work: TheCaseEntries, cases: TheCases, actor: Worker
) -> CaseEntryOut:
    """Take a task that your agency was given: the others see who does it."""
    return _entry(cases, actor, work.take(actor, case_id, entry_id))


@router.post(
    "/{case_id}/entries/{entry_id}/done",
    response_model=CaseEntryOut,
    response_model_exclude_unset=True,
    summary="End a task of a joint case",
    responses=_STEPPED,
)
def done(
    case_id: str,
    entry_id: str,
    body: TaskResultIn,
    work: TheCaseEntries,
    cases: TheCases,
    actor: Worker,
) -> CaseEntryOut:
    """State what was done, as the agency that was given the task."""
    return _entry(cases, actor, work.done(actor, case_id, entry_id, body.result))


def file_answer(stored: StoredFile) -> Response:
    """Answer a file so that a browser saves it, whatever is in it."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(stored.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
    }
    return Response(stored.content, media_type=stored.format.media_type, headers=headers)


def _answer(cases: Cases, actor: Actor, case_id: str, response: Response) -> CaseOut:
    view = cases.get(actor, case_id)
    response.headers["ETag"] = etag(view.case.version)
    return CaseOut.seen(view)


def _entry(cases: Cases, actor: Actor, row: CaseEntry) -> CaseEntryOut:
    return CaseEntryOut.seen(cases.entry(actor, row.case_id, row.id))
