"""Tips: what was reported, and what officers do with it."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import messages, subject_form
from api.console.forms import Form
from api.console.page import OfficerRequest, RequirePermission
from api.console.screens.referral_new import awaited, referrals_about
from api.console.screens.subjects import own_lists, shown
from api.dependencies import Workers, work_place
from api.pages import page_of
from api.problems import RequestInvalid
from api.v1.subjects.routes import MEDIA_TYPES, PRIVATE
from api.v1.subjects.schemas import SubjectIn
from api.v1.tips.schemas import DismissalIn, TipForm, TipSearchIn
from casework.kernel.errors import (
    CaseworkError,
    EnrolmentRefused,
    IllegalTransition,
    StaleVersion,
)
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import TipOrigin, TipState
from casework.screening.duplicates import Lookalike
from casework.screening.searches import LEAST_PURPOSE
from casework.tables import Tip
from casework.tips.states import OPEN, SETTLED
from casework.tips.tips import TipFilter
from casework.watchlists.enrolment import Enrolled
from detector.errors import PhotoError

router: Final = APIRouter(prefix="/tips", include_in_schema=False)

Handler = Annotated[OfficerRequest, Depends(RequirePermission(Permission.HANDLE_TIP))]
Protector = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_TIP_SOURCE))]
Searcher = Annotated[OfficerRequest, Depends(RequirePermission(Permission.SEARCH))]
Editor = Annotated[OfficerRequest, Depends(RequirePermission(Permission.EDIT_SUBJECT))]

PAGE_SIZE: Final = 50
_LONGEST: Final = 100
_STATES: Final[dict[str, tuple[TipState, ...] | None]] = {
    "open": tuple(sorted(OPEN)),
    "referred": (TipState.REFERRED,),
    "settled": tuple(sorted(SETTLED)),
    "all": None,
}


@router.get("")
def page(visit: Handler) -> Response:
    """List tips, newest first."""
    query = visit.request.query_params
    state = query.get("state", "")
    said = {
        "state": state if state in _STATES else "open",
        "reference": query.get("reference", "").strip()[:_LONGEST],
    }
    # Who gives a reference looks for that one tip, whatever became of it.
    states = None if said["reference"] else _STATES[said["state"]]
    wanted = TipFilter(states, said["reference"] or None)
    before = query.get("before", "")[:_LONGEST] or None
    rows, following = page_of(
        lambda most: visit.service.exchange.tips.page(visit.actor, before, most, wanted), PAGE_SIZE
    )
    return visit.page("tips.html", tips=rows, said=said, following=following)


@router.get("/new")
def blank(visit: Handler) -> Response:
    """Show the form of a new tip."""
    return _new(visit)


@router.post("/new", dependencies=[work_place(RequirePermission(Permission.HANDLE_TIP))])
async def record(visit: Handler, pool: Workers) -> Response:
    """Record a tip."""
    photos, service = visit.posted.files.get("photo", ()), visit.service
    try:
        fields = visit.posted_with_zone("happened_at").parse(TipForm)
    except RequestInvalid as error:
        return _new(visit, {each.field for each in error.errors})
    content = photos[0].content if photos else None

    def work() -> Tip:
        return service.tip_steps.record(visit.actor, fields.new(visit.speech.zone), content)

    try:
        row = await pool.run(visit.request, work)
    except PhotoError as error:
        return _new(visit, {"photo"}, messages.translated_error(error, visit.speech))
    return visit.go(f"/tips/{row.id}", done="tip_recorded")


@router.get("/{tip_id}")
def show(tip_id: str, visit: Handler) -> Response:
    """Show one tip."""
    return _page(visit, tip_id)


@router.get("/{tip_id}/photo")
def photo(tip_id: str, visit: Handler) -> Response:
    """Return a tip's photo as it was submitted."""
    content, kind = visit.service.exchange.tips.photo(visit.actor, tip_id)
    return Response(content, media_type=MEDIA_TYPES[kind], headers=PRIVATE)


@router.post("/{tip_id}/source")
def source(tip_id: str, visit: Protector) -> Response:
    """Show a tip with who reported it; it is asked for by a form, since each reading is audited."""
    return _page(visit, tip_id, source=visit.service.exchange.tips.source(visit.actor, tip_id))


@router.post("/{tip_id}/search", dependencies=[work_place(RequirePermission(Permission.SEARCH))])
async def search(tip_id: str, visit: Searcher, pool: Workers) -> Response:
    """Search the lists within reach by a tip's photo."""
    desk, version = visit.service.tip_steps, visit.posted.number("version")
    try:
        purpose = visit.posted.parse(TipSearchIn).purpose
        found = await pool.run(
            visit.request, lambda: desk.search(visit.actor, tip_id, purpose, version)
        )
    except (RequestInvalid, StaleVersion, IllegalTransition) as error:
        return await asyncio.to_thread(_refused, visit, tip_id, error)
    return visit.go(f"/searches/{found.search.id}", tip=tip_id)


@router.post("/{tip_id}/dismiss")
def dismiss(tip_id: str, visit: Handler) -> Response:
    """Dismiss a tip."""
    try:
        reason = visit.posted.parse(DismissalIn).reason
        version = visit.posted.number("version")
        visit.service.tip_steps.dismiss(visit.actor, tip_id, reason, version)
    except (RequestInvalid, StaleVersion, IllegalTransition) as error:
        return _refused(visit, tip_id, error)
    return visit.go(f"/tips/{tip_id}", done="tip_dismissed")


@router.get("/{tip_id}/enrol")
def enrolment(tip_id: str, visit: Editor) -> Response:
    """Show the form that makes a subject of a tip."""
    return _enrolment(visit, tip_id, subject_form.blank())


@router.post(
    "/{tip_id}/enrol", dependencies=[work_place(RequirePermission(Permission.EDIT_SUBJECT))]
)
async def enrol(tip_id: str, visit: Editor, pool: Workers) -> Response:
    """Make a subject of a tip, with its photo; it is shown where its face is known already."""
    service, version = visit.service, visit.posted.number("version")
    form = subject_form.of(visit.posted)

    def work() -> tuple[Enrolled, tuple[Lookalike, ...]]:
        person = form.parse().new(visit.speech.zone)
        enrolled = service.tip_steps.enrol(visit.actor, tip_id, person, version)
        return enrolled, service.screening.lookalikes.of(visit.actor, [enrolled])[0]

    try:
        enrolled, similar = await pool.run(visit.request, work)
    except EnrolmentRefused as error:
        message = visit.speech("The photo of this tip cannot be searched with.")
        refused = form.refused(error, visit.speech, message)
        return await asyncio.to_thread(_enrolment, visit, tip_id, refused)
    except (RequestInvalid, CaseworkError) as error:
        refused = form.refused(error, visit.speech)
        return await asyncio.to_thread(_enrolment, visit, tip_id, refused)
    if similar and enrolled.subject_id is not None:
        return await asyncio.to_thread(
            shown, visit, enrolled.subject_id, enrolled=enrolled, similar=similar
        )
    return visit.go(f"/tips/{tip_id}", done="tip_enrolled")


@router.get("/{tip_id}/source")
@router.get("/{tip_id}/search")
@router.get("/{tip_id}/dismiss")
async def back(tip_id: str, visit: Handler) -> Response:
    """Show the tip where an answer to a form is asked for again."""
    return visit.go(f"/tips/{tip_id}")


def _new(visit: OfficerRequest, wrong: set[str] | None = None, said: str = "") -> Response:
    return visit.page(
        "tip_new.html",
        status=422 if wrong else 200,
        wrong=wrong or set(),
        said=said,
        typed=visit.posted,
        origins=tuple(TipOrigin),
    )


def _refused(visit: OfficerRequest, tip_id: str, error: Exception) -> Response:
    """Show the tip as it is now, with what was typed and why it was refused."""
    if isinstance(error, RequestInvalid):
        return _page(visit, tip_id, 422, wrong={each.field for each in error.errors})
    return _page(visit, tip_id, 409, fault=messages.translated_error(error, visit.speech))


def _page(
    visit: OfficerRequest,
    tip_id: str,
    status: int = 200,
    *,
    source: str | None = None,
    wrong: set[str] | None = None,
    fault: str = "",
) -> Response:
    view = visit.service.exchange.tips.get(visit.actor, tip_id)
    referrals = referrals_about(visit, tip_id)
    values: dict[str, Any] = {
        "view": view,
        "tip": view.tip,
        "referrals": referrals,
        "open": view.tip.state not in SETTLED and not awaited(referrals),
        "source": source,
        "least": LEAST_PURPOSE,
        "typed": visit.posted,
        "wrong": wrong or set(),
        "fault": fault,
    }
    return visit.page("tip.html", status=status, **values)


def _enrolment(visit: OfficerRequest, tip_id: str, form: Form[SubjectIn]) -> Response:
    return visit.page(
        "tip_enrol.html",
        status=form.status,
        tip=visit.service.exchange.tips.get(visit.actor, tip_id).tip,
        **subject_form.choices(form, own_lists(visit)),
    )
