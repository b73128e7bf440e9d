"""Tips: what was reported, and what officers do with it."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import danger, messages, subject_form
from api.console.area_choice import MORE, choice, chosen_in, in_lists, with_area
from api.console.danger import Question
from api.console.forms import Form, FormData, with_times
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.console.screens.referral_new import awaited, referrals_about
from api.console.screens.search import NOTHING_SEARCHED
from api.console.screens.subjects import own_lists, shown
from api.dependencies import Workers, work_place
from api.pages import page_of
from api.problems import RequestInvalid
from api.v1.subjects.schemas import SubjectIn
from api.v1.tips.schemas import DismissalIn, TipForm, TipSearchIn, TriageIn
from casework.areas import tree
from casework.areas.known import called
from casework.kernel.errors import (
    AreaRefused,
    CaseworkError,
    EnrolmentRefused,
    IllegalTransition,
    NotFound,
    StaleVersion,
)
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import TipOrigin, TipPriority, TipState
from casework.review.alerts import PORTRAIT_FORMAT
from casework.screening.duplicates import Lookalike
from casework.screening.searches import LEAST_PURPOSE
from casework.tables import Tip
from casework.tips.nearby import NearbyAlert
from casework.tips.states import OPEN, SETTLED
from casework.tips.tips import ANY_TEAM, NOBODY, TipFilter
from casework.watchlists.enrolment import Enrolled
from detector.errors import PhotoError

router: Final = APIRouter(prefix="/tips", include_in_schema=False)

Recorder = Annotated[OfficerRequest, Depends(RequirePermission(Permission.RECORD_TIP))]
Handler = Annotated[OfficerRequest, Depends(RequirePermission(Permission.HANDLE_TIP))]
Protector = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_TIP_SOURCE))]
SourceEraser = Annotated[OfficerRequest, Depends(RequirePermission(Permission.ERASE_TIP_SOURCE))]
Searcher = Annotated[OfficerRequest, Depends(RequirePermission(Permission.SEARCH))]
Editor = Annotated[OfficerRequest, Depends(RequirePermission(Permission.EDIT_SUBJECT))]

_WHO: Final = ("me", "nobody")
PAGE_SIZE: Final = 50
_LONGEST: Final = 100
_STATES: Final[dict[str, tuple[TipState, ...] | None]] = {
    "open": tuple(sorted(OPEN)),
    "referred": (TipState.REFERRED,),
    "settled": tuple(sorted(SETTLED)),
    "all": None,
}

_TRIAGE_REFUSALS: Final = (
    RequestInvalid,
    StaleVersion,
    IllegalTransition,
    NotFound,
    AreaRefused,
)
_NOT_RECORDED: Final = msg(
    "Nothing was recorded. Look at the fields that are marked; a photo has to be chosen again."
)
_PURPOSE: Final = msg("Say what the search is for, in at least %(count)s characters.")


@router.get("")
def page(visit: Handler) -> Response:
    """List tips, newest first."""
    query = visit.request.query_params
    state = query.get("state", "")
    chosen = {
        "state": state if state in _STATES else "open",
        "reference": query.get("reference", "").strip()[:_LONGEST],
    }
    # Who gives a reference looks for that one tip, whatever became of it.
    states = None if chosen["reference"] else _STATES[chosen["state"]]
    area = query.get("area", "")
    area = area if tree.well_formed(area) else ""
    priority, who = query.get("priority", ""), query.get("who", "")
    chosen["priority"] = priority if priority in {*TipPriority} else ""
    chosen["who"] = who if who in _WHO else ""
    teams, team = _teams(visit), query.get("team", "")
    chosen["team"] = team if team in (ANY_TEAM, *teams) else ""
    wanted = TipFilter(
        states,
        chosen["reference"] or None,
        area=area or None,
        priorities=(TipPriority(priority),) if chosen["priority"] else None,
        assigned_to={"me": visit.actor.id, "nobody": NOBODY}.get(chosen["who"]),
        team_id=chosen["team"] or None,
    )
    before = query.get("before", "")[:_LONGEST] or None
    rows, following = page_of(
        lambda most: visit.service.exchange.tips.page(visit.actor, before, most, wanted), PAGE_SIZE
    )
    names = visit.service.areas.areas.names(each.area for each in rows)
    return visit.page(
        "tips.html",
        tips=rows,
        chosen={**chosen, "area": area},
        choice=choice(visit, area),
        places={each.area: called(names, each.area) for each in rows if each.area is not None},
        following=following,
        nearby=_near_guests(visit, rows),
        officers={
            each.id: each.name for each in visit.service.exchange.triage.assignees(visit.actor)
        },
        priorities=tuple(TipPriority),
        teams=teams,
    )


@router.get("/new")
def blank(visit: Recorder) -> Response:
    """Show the form of a new tip."""
    return _new(visit, _tip_form(visit))


@router.post("/new", dependencies=[work_place(RequirePermission(Permission.RECORD_TIP))])
async def record(visit: Recorder, pool: Workers) -> Response:
    """Record a tip."""
    photos, service = visit.posted.files.get("photo", ()), visit.service
    content = photos[0].content if photos else None
    form = _tip_form(visit)
    if visit.posted.text(MORE):
        return await asyncio.to_thread(_new, visit, form)

    def work() -> Tip:
        new = form.parse().new(visit.speech.zone)
        return service.tip_steps.record(visit.actor, new, content)

    try:
        row = await pool.run(visit.request, work)
    except (RequestInvalid, AreaRefused) as error:
        return await asyncio.to_thread(_new, visit, form.refused(error, visit.speech))
    except PhotoError as error:
        sentence = messages.translated_error(error, visit.speech)
        refused = form.with_errors({"photo": sentence}, visit.speech)
        return await asyncio.to_thread(_new, visit, refused)
    return visit.go(f"/tips/{row.id}", done="tip_recorded")


@router.get("/{tip_id}")
def show(tip_id: str, visit: Handler) -> Response:
    """Show one tip."""
    return _page(visit, tip_id)


@router.get("/{tip_id}/photo")
def photo(tip_id: str, visit: Handler) -> Response:
    """Return a tip's photo, upright."""
    stored = visit.service.exchange.tips.photo(visit.actor, tip_id)
    return visit.state.photos.answer(stored)


@router.get("/{tip_id}/photo/framed")
def framed(tip_id: str, visit: Handler) -> Response:
    """Return the face of a tip's photo, framed for comparing."""
    stored = visit.service.exchange.tips.photo(visit.actor, tip_id)
    content = visit.service.screening.comparison.framed(stored.content)
    return visit.state.photos.response(content, PORTRAIT_FORMAT)


@router.post("/{tip_id}/source")
def source(tip_id: str, visit: Protector) -> Response:
    """Show a tip with who reported it; it is asked for by a form, since each reading is audited."""
    return _page(visit, tip_id, source=visit.service.exchange.tips.source(visit.actor, tip_id))


@router.get("/{tip_id}/source/erase")
def ask_erase_source(tip_id: str, visit: SourceEraser) -> Response:
    """Ask before who reported a tip is erased."""
    return danger.ask(visit, _source_erasure(visit, tip_id))


@router.post("/{tip_id}/source/erase")
def erase_source(tip_id: str, visit: SourceEraser) -> Response:
    """Erase who reported a tip."""

    def erase(reason: str) -> Response:
        visit.service.exchange.tips.erase_source(visit.actor, tip_id, reason)
        return visit.go(f"/tips/{tip_id}", done="saved")

    return danger.answered(visit, lambda: _source_erasure(visit, tip_id), erase)


@router.post("/{tip_id}/triage")
def sort(tip_id: str, visit: Handler) -> Response:
    """Say how urgent a tip is, who works on it, and where it is."""
    triage, version = visit.service.exchange.triage, visit.posted.number("version")
    form = Form(TriageIn, visit.posted, _triage_read)
    if visit.posted.text(MORE):
        return _page(visit, tip_id, form)
    try:
        triage.edit(visit.actor, tip_id, form.parse().changes, version)
    except _TRIAGE_REFUSALS as error:
        return _page(visit, tip_id, form.refused(error, visit.speech))
    return visit.go(f"/tips/{tip_id}", done="saved")


@router.post("/{tip_id}/subjects")
def link(tip_id: str, visit: Handler) -> Response:
    """Link a tip with a subject, by its id or the address of its page."""
    subject_id = visit.posted.text("subject").partition("?")[0].rstrip("/").rpartition("/")[2]
    form = Form(DismissalIn, visit.posted)
    try:
        visit.service.exchange.triage.link(visit.actor, tip_id, subject_id)
    except NotFound as error:
        sentence = messages.translated_error(error, visit.speech)
        return _page(visit, tip_id, form.with_errors({"subject": sentence}, visit.speech))
    return visit.go(f"/tips/{tip_id}", done="saved")


@router.post("/{tip_id}/subjects/{subject_id}/remove")
def unlink(tip_id: str, subject_id: str, visit: Handler) -> Response:
    """Take a link back."""
    visit.service.exchange.triage.unlink(visit.actor, tip_id, subject_id)
    return visit.go(f"/tips/{tip_id}", done="saved")


@router.post("/{tip_id}/search", dependencies=[work_place(RequirePermission(Permission.SEARCH))])
async def search(tip_id: str, visit: Searcher, pool: Workers) -> Response:
    """Search the lists within reach by a tip's photo."""
    desk, version = visit.service.tip_steps, visit.posted.number("version")
    form = Form(
        TipSearchIn,
        visit.posted,
        sentences={"purpose": _PURPOSE},
        gaps={"count": LEAST_PURPOSE},
        refusal=NOTHING_SEARCHED,
    )
    try:
        purpose = form.parse().purpose
        found = await pool.run(
            visit.request, lambda: desk.search(visit.actor, tip_id, purpose, version)
        )
    except (RequestInvalid, StaleVersion, IllegalTransition, PhotoError) as error:
        return await asyncio.to_thread(_page, visit, tip_id, form.refused(error, visit.speech))
    return visit.go(f"/searches/{found.search.id}", tip=tip_id)


@router.post("/{tip_id}/dismiss")
def dismiss(tip_id: str, visit: Handler) -> Response:
    """Dismiss a tip."""
    form = Form(DismissalIn, visit.posted, sentences={"reason": msg("Say why.")})
    version = visit.posted.number("version")
    try:
        visit.service.tip_steps.dismiss(visit.actor, tip_id, form.parse().reason, version)
    except (RequestInvalid, StaleVersion, IllegalTransition) as error:
        return _page(visit, tip_id, form.refused(error, visit.speech))
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


def _triage_read(data: FormData, model: type[TriageIn]) -> dict[str, object]:
    """Return what the form says; an empty choice is nobody, no team, no area."""
    del model
    return {
        "priority": data.text("priority"),
        "assigned_to": data.text("assigned_to") or None,
        "team_id": data.text("team_id") or None,
        "area": chosen_in(data) or None,
    }


def _source_erasure(visit: OfficerRequest, tip_id: str) -> Question:
    """Return what erasing who reported a tip is asked about."""
    speech, tip = visit.speech, visit.service.exchange.tips.get(visit.actor, tip_id).tip
    says = (
        speech("Nobody can ask them anything any more."),
        speech("What was reported stays, with its photo."),
    )
    return Question(
        speech("Erase who reported it?"),
        speech("Tip %(reference)s", reference=tip.reference),
        says,
        speech("Erase who reported it"),
        f"/tips/{tip_id}",
    )


def _tip_form(visit: OfficerRequest) -> Form[TipForm]:
    read = with_area(with_times(visit.speech.zone, "happened_at"))
    sentences = {
        "text": msg("Say what was reported."),
        "happened_at": msg("Write date and time as 28-02-2026 15:30."),
    }
    return Form(TipForm, visit.posted, read, sentences, refusal=_NOT_RECORDED)


def _new(visit: OfficerRequest, form: Form[TipForm]) -> Response:
    origins = tuple(TipOrigin)
    return visit.page(
        "tip_new.html",
        status=form.status,
        form=form,
        origins=origins,
        choice=choice(visit, chosen_in(form.typed)),
    )


def _page(
    visit: OfficerRequest,
    tip_id: str,
    form: Form[TipSearchIn] | Form[DismissalIn] | Form[TriageIn] | None = None,
    *,
    source: str | None = None,
) -> Response:
    """Show the tip as it is now, with a form of it that was refused, if one was."""
    form = form or Form(DismissalIn)
    view = visit.service.exchange.tips.get(visit.actor, tip_id)
    referrals, triage = referrals_about(visit, tip_id), visit.service.exchange.triage
    officers = {each.id: each.name for each in triage.assignees(visit.actor)}
    values: dict[str, Any] = {
        "view": view,
        "tip": view.tip,
        "referrals": referrals,
        "open": view.tip.state not in SETTLED and not awaited(referrals),
        "source": source,
        "officers": officers,
        "duplicates": triage.duplicates(visit.actor, tip_id),
        "nearby": _alerts_near(visit, tip_id),
        "subjects": triage.subjects(visit.actor, tip_id),
        "priorities": tuple(TipPriority),
        "form": form,
        "teams": _teams(visit),
    }
    sorting = form if form.model is TriageIn else Form(TriageIn, FormData(_stored(view.tip)))
    values |= {"sorting": sorting, "choice": choice(visit, chosen_in(sorting.typed))}
    return visit.page("tip.html", status=form.status, **values)


def _teams(visit: OfficerRequest) -> dict[str, str]:
    """Return the teams that the agency is in, by id and name."""
    return {each.id: each.name for each in visit.service.areas.teams.own(visit.actor)}


def _stored(row: Tip) -> dict[str, tuple[str, ...]]:
    """Return the form of how a tip is sorted, as it is stored."""
    values = (row.priority, row.assigned_to or "", row.team_id or "")
    names = ("priority", "assigned_to", "team_id")
    return {name: (value,) for name, value in zip(names, values, strict=True)} | in_lists(row.area)


def _alerts_near(visit: OfficerRequest, tip_id: str) -> list[NearbyAlert]:
    """Return the alerts of listed guests near a tip, to those who read alerts."""
    if not visit.may(Permission.READ_ALERT):
        return []
    return visit.service.exchange.nearby.alerts(visit.actor, tip_id)


def _near_guests(visit: OfficerRequest, rows: Sequence[Tip]) -> frozenset[str]:
    """Return which tips are near a listed guest, to those who read alerts."""
    if not visit.may(Permission.READ_ALERT):
        return frozenset()
    return visit.service.exchange.nearby.marked(visit.actor, rows)


def _enrolment(visit: OfficerRequest, tip_id: str, form: Form[SubjectIn]) -> Response:
    return visit.page(
        "tip_enrol.html",
        status=form.status,
        tip=visit.service.exchange.tips.get(visit.actor, tip_id).tip,
        **subject_form.choices(form, own_lists(visit)),
    )
