"""Tips: what the public or another agency reported, and what became of it."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from api import problems
from api.dependencies import (
    Allowed,
    ReadVersion,
    TheLookalikes,
    TheNearby,
    ThePhotos,
    TheReferrals,
    TheTipReports,
    TheTips,
    TheTipSteps,
    TheTriage,
    TheZone,
    Workers,
    etag,
    work_place,
)
from api.forms import multipart_schema, read_form
from api.pages import Page, page_of
from api.photos import PHOTO_CONTENT
from api.routing import StrictRoute
from api.v1.common import ReasonIn
from api.v1.encounters.routes import PHOTO_ERRORS
from api.v1.referrals.routes import COMMON, STEP, sent
from api.v1.referrals.schemas import ReferralOut, TipReferralIn
from api.v1.subjects.schemas import SubjectIn
from api.v1.tips.schemas import (
    DismissalIn,
    DuplicateOut,
    DuplicatesOut,
    NearbyAlertOut,
    NearbyAlertsOut,
    ReceiptOut,
    SourceOut,
    TipEnrolmentOut,
    TipForm,
    TipOut,
    TipQuery,
    TipSearchIn,
    TipSubjectsOut,
    TipSummary,
    TriageIn,
)
from api.workers import Overloaded
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.kernel.stored_photo import UncheckedPhoto
from casework.screening.duplicates import Lookalike
from casework.tables import Tip
from casework.tips.tips import Tips

router: Final = APIRouter(prefix="/v1/tips", tags=["tips"], route_class=StrictRoute)

Recorder = Annotated[Actor, Depends(Allowed(Permission.RECORD_TIP))]
Handler = Annotated[Actor, Depends(Allowed(Permission.HANDLE_TIP))]
Searcher = Annotated[Actor, Depends(Allowed(Permission.SEARCH))]
Protector = Annotated[Actor, Depends(Allowed(Permission.READ_TIP_SOURCE))]
SourceEraser = Annotated[Actor, Depends(Allowed(Permission.ERASE_TIP_SOURCE))]
Referrer = Annotated[Actor, Depends(Allowed(Permission.HANDLE_REFERRAL))]
Editor = Annotated[Actor, Depends(Allowed(Permission.EDIT_SUBJECT))]

_PHOTO: Final[dict[str, Any]] = {
    "type": "string",
    "format": "binary",
    "description": "At most one photo, kept even if no face can be searched in it.",
}


@router.post(
    "",
    dependencies=[work_place(Allowed(Permission.RECORD_TIP))],
    status_code=201,
    response_model=TipOut,
    summary="Record a tip",
    openapi_extra={"requestBody": multipart_schema(TipForm, ("photo",), photo=_PHOTO)},
    responses=problems.responses(*COMMON, *PHOTO_ERRORS, errors.AreaRefused, Overloaded),
)
async def record(
    request: Request,
    response: Response,
    steps: TheTipSteps,
    tips: TheTips,
    actor: Recorder,
    pool: Workers,
    zone: TheZone,
) -> TipOut:
    """Record what was reported. Who reported it goes into `source`, which is stored separately.

    A key's photo is looked at only once an officer works on the tip: `photo_quality` is null.
    """
    form = await read_form(request, "photo")
    fields, file = form.parse(TipForm), form.at_most_one("photo")
    new = fields.new(zone)
    photo = file.content if file is not None else None

    def work() -> Tip:
        return steps.record(actor, new, photo)

    row = await pool.run(request, work)
    response.headers["Location"] = f"/v1/tips/{row.id}"
    view = await pool.record(lambda: tips.recorded(row))
    response.headers["ETag"] = etag(row.version)
    return TipOut.seen(view)


@router.get(
    "", response_model=Page[TipSummary], summary="List tips", responses=problems.responses(*COMMON)
)
def page(
    tips: TheTips,
    actor: Handler,
    query: Annotated[TipQuery, Query()],
    zone: TheZone,
) -> Page[TipSummary]:
    """Return the tips that your agency recorded, newest first."""
    rows, following = page_of(
        lambda most: tips.page(actor, query.before, most, query.chosen(zone)), query.limit
    )
    items = [TipSummary.of(row) for row in rows]
    return Page[TipSummary](items=items, next=following)


@router.get(
    "/{tip_id}",
    response_model=TipOut,
    summary="Read a tip",
    responses=problems.responses(*COMMON, errors.NotFound),
)
def read(tip_id: str, response: Response, tips: TheTips, actor: Handler) -> TipOut:
    """Return one tip, with its version as ETag."""
    return _answer(tips, actor, tip_id, response)


@router.get(
    "/{tip_id}/receipt",
    response_model=ReceiptOut,
    summary="Read a tip's receipt",
    responses=problems.responses(*COMMON, errors.NotFound),
)
def receipt(tip_id: str, reports: TheTipReports, actor: Recorder) -> ReceiptOut:
    """Return how far the work on a tip is that you recorded: the same whatever was found."""
    return ReceiptOut.model_validate(reports.receipt(actor, tip_id))


@router.get(
    "/{tip_id}/photo",
    summary="Read a tip's photo",
    response_class=Response,
    responses={
        200: {"content": PHOTO_CONTENT},
        **problems.responses(*COMMON, errors.NotFound, *PHOTO_ERRORS),
    },
)
def photo(tip_id: str, tips: TheTips, actor: Handler, photos: ThePhotos) -> Response:
    """Return the photo.

    In a format that browsers show: as it was sent, or as a JPEG of it; what the public or a key
    sent always as a JPEG, once it can be decoded.
    """
    stored = tips.photo(actor, tip_id)
    if isinstance(stored, UncheckedPhoto):
        return photos.answer(stored)
    return photos.response(stored.content, stored.format)


@router.get(
    "/{tip_id}/source",
    response_model=SourceOut,
    summary="Read who reported a tip",
    responses=problems.responses(*COMMON, errors.NotFound),
)
def source(tip_id: str, tips: TheTips, actor: Protector) -> SourceOut:
    """Return the source; each reading goes into the audit trail."""
    return SourceOut(source=tips.source(actor, tip_id))


@router.post(
    "/{tip_id}/source/erase",
    status_code=204,
    response_class=Response,
    summary="Erase who reported a tip",
    responses=problems.responses(*COMMON, errors.NotFound),
)
def erase_source(tip_id: str, body: ReasonIn, tips: TheTips, actor: SourceEraser) -> Response:
    """Erase the source, and nothing else of the tip; the reason goes into the audit trail."""
    tips.erase_source(actor, tip_id, body.reason)
    return Response(status_code=204)


@router.post(
    "/{tip_id}/triage",
    response_model=TipOut,
    summary="Sort a tip",
    responses=problems.responses(*STEP, errors.AreaRefused),
)
def sort(
    tip_id: str,
    body: TriageIn,
    response: Response,
    triage: TheTriage,
    tips: TheTips,
    actor: Handler,
    version: ReadVersion,
) -> TipOut:
    """Say how urgent a tip is, who works on it, and where it is.

    `If-Match` takes the tip's ETag.
    """
    triage.edit(actor, tip_id, body.changes, version)
    return _answer(tips, actor, tip_id, response)


@router.get(
    "/{tip_id}/duplicates",
    response_model=DuplicatesOut,
    summary="List tips that may be about the same",
    responses=problems.responses(*COMMON, errors.NotFound),
)
def duplicates(tip_id: str, triage: TheTriage, actor: Handler) -> DuplicatesOut:
    """Return your agency's tips with the same photo, or alike in words, place and time."""
    found = triage.duplicates(actor, tip_id)
    return DuplicatesOut(items=[DuplicateOut.of(each) for each in found])


@router.get(
    "/{tip_id}/nearby",
    response_model=NearbyAlertsOut,
    summary="List alerts of listed guests near a tip",
    responses=problems.responses(*COMMON, errors.NotFound),
)
def nearby(tip_id: str, near: TheNearby, actor: Handler) -> NearbyAlertsOut:
    """Return alerts that you may read of guests in the tip's area, or in the lodging it names.

    From two weeks before the stay to two weeks after it. Needs to read alerts, too.
    """
    found = near.alerts(actor, tip_id)
    return NearbyAlertsOut(items=[NearbyAlertOut.of(each, actor) for each in found])


@router.get(
    "/{tip_id}/subjects",
    response_model=TipSubjectsOut,
    summary="List whom a tip is about",
    responses=problems.responses(*COMMON, errors.NotFound),
)
def subjects(tip_id: str, triage: TheTriage, actor: Handler) -> TipSubjectsOut:
    """Return your agency's subjects that the tip was linked with, or that were enrolled from it."""
    return TipSubjectsOut(items=[each.id for each in triage.subjects(actor, tip_id)])


@router.put(
    "/{tip_id}/subjects/{subject_id}",
    status_code=204,
    response_class=Response,
    summary="Link a tip with a subject",
    responses=problems.responses(*COMMON, errors.NotFound),
)
def link(tip_id: str, subject_id: str, triage: TheTriage, actor: Handler) -> Response:
    """Note that a tip is about a subject of your agency."""
    triage.link(actor, tip_id, subject_id)
    return Response(status_code=204)


@router.delete(
    "/{tip_id}/subjects/{subject_id}",
    status_code=204,
    response_class=Response,
    summary="Take a link back",
    responses=problems.responses(*COMMON, errors.NotFound),
)
def unlink(tip_id: str, subject_id: str, triage: TheTriage, actor: Handler) -> Response:
    """Note that a tip is not about a subject after all."""
    triage.unlink(actor, tip_id, subject_id)
    return Response(status_code=204)


@router.post(
    "/{tip_id}/search",
    dependencies=[work_place(Allowed(Permission.SEARCH))],
    response_model=TipOut,
    summary="Search a tip's photo",
    responses=problems.responses(*STEP, *PHOTO_ERRORS, Overloaded),
)
async def search(
    tip_id: str,
    request: Request,
    body: TipSearchIn,
    response: Response,
    steps: TheTipSteps,
    tips: TheTips,
    actor: Searcher,
    version: ReadVersion,
    pool: Workers,
) -> TipOut:
    """Search the lists within your reach; whom it found is at `/v1/searches/{search_id}`."""
    await pool.run(request, lambda: steps.search(actor, tip_id, body.purpose, version))
    return await pool.record(lambda: _answer(tips, actor, tip_id, response))


@router.post(
    "/{tip_id}/refer",
    status_code=201,
    response_model=ReferralOut,
    response_model_exclude_unset=True,
    summary="Hand a tip to another agency",
    responses=problems.responses(*STEP, errors.InvalidReferral),
)
def refer(
    tip_id: str,
    body: TipReferralIn,
    response: Response,
    steps: TheTipSteps,
    referrals: TheReferrals,
    actor: Referrer,
    version: ReadVersion,
    zone: TheZone,
) -> ReferralOut:
    """Hand a tip over, with the fields that are named: the receiver sees those and no others.

    `If-Match` takes the tip's ETag.
    """
    row = steps.refer(actor, tip_id, body.handover(zone), body.fields, version)
    return sent(referrals, actor, row.id, response)


@router.post(
    "/{tip_id}/enrol",
    dependencies=[work_place(Allowed(Permission.EDIT_SUBJECT))],
    response_model=TipEnrolmentOut,
    summary="Enrol a subject from a tip",
    responses=problems.responses(
        *STEP,
        errors.InvalidPeriod,
        errors.ImpossibleBirth,
        errors.RequirementMissing,
        errors.EnrolmentRefused,
        Overloaded,
    ),
)
async def enrol(
    tip_id: str,
    request: Request,
    body: SubjectIn,
    response: Response,
    steps: TheTipSteps,
    tips: TheTips,
    lookalikes: TheLookalikes,
    actor: Editor,
    version: ReadVersion,
    pool: Workers,
    zone: TheZone,
) -> TipEnrolmentOut:
    """Make a subject of the tip, with its photo, on your agency's lists; the tip names it then."""
    person = body.new(zone)

    def work() -> tuple[Lookalike, ...]:
        enrolled = steps.enrol(actor, tip_id, person, version)
        (similar,) = lookalikes.of(actor, [enrolled])
        return similar

    similar = await pool.run(request, work)

    def answer() -> TipEnrolmentOut:
        view = tips.get(actor, tip_id)
        response.headers["ETag"] = etag(view.tip.version)
        return TipEnrolmentOut.enrolled(view, similar)

    return await pool.record(answer)


@router.post(
    "/{tip_id}/dismiss",
    response_model=TipOut,
    summary="Dismiss a tip",
    responses=problems.responses(*STEP),
)
def dismiss(
    tip_id: str,
    body: DismissalIn,
    response: Response,
    steps: TheTipSteps,
    tips: TheTips,
    actor: Handler,
    version: ReadVersion,
) -> TipOut:
    """Dismiss a tip; the reason is kept with it."""
    steps.dismiss(actor, tip_id, body.reason, version)
    return _answer(tips, actor, tip_id, response)


def _answer(tips: Tips, actor: Actor, tip_id: str, response: Response) -> TipOut:
    view = tips.get(actor, tip_id)
    response.headers["ETag"] = etag(view.tip.version)
    return TipOut.seen(view)
