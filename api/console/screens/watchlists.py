"""Watchlists: shown to those who see their alerts, kept by their agency's analysts."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import danger, watchlist_form
from api.console.danger import Question
from api.console.forms import Form
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.console.screens import approvals
from api.problems import RequestInvalid
from api.v1.watchlists.schemas import BreakerResetIn, WatchlistIn, WatchlistPatch
from casework.approvals.approvals import ActWaits
from casework.codes.lists import known
from casework.kernel.errors import (
    AlreadyExists,
    CodeRefused,
    IllegalTransition,
    NoSecondPerson,
    NotFound,
    ReasonMissing,
    RequirementMissing,
    StaleVersion,
)
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import Direction, Stage
from casework.tables import Watchlist
from casework.watchlists.requirements import lacks_basis
from casework.watchlists.watchlists import agencies_of

router: Final = APIRouter(include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_WATCHLIST))]
Resetter = Annotated[OfficerRequest, Depends(RequirePermission(Permission.RESET_BREAKER))]
Editor = Annotated[OfficerRequest, Depends(RequirePermission(Permission.EDIT_WATCHLIST))]

_MOST: Final = 500
_REFUSED: Final = 422
_REASON: Final = msg("Say in a sentence what was wrong and what was put right.")


@router.get("/watchlists")
def page(visit: Reader) -> Response:
    """List the watchlists within reach."""
    rows = visit.service.lists.watchlists.page(visit.actor, None, _MOST)
    policies = visit.service.screening.matching.policies()
    return visit.page(
        "watchlists.html", watchlists=rows, policies=policies, agencies=_agencies(visit)
    )


@router.get("/watchlists/new")
def blank(visit: Editor) -> Response:
    """Show the form of a new watchlist."""
    return _form(visit, watchlist_form.blank())


@router.post("/watchlists/new")
def create(visit: Editor) -> Response:
    """Make a watchlist."""
    form = watchlist_form.of_new(visit.posted)
    try:
        row = visit.service.lists.watchlists.create(visit.actor, form.parse().new())
    except (RequestInvalid, AlreadyExists, NotFound, CodeRefused, RequirementMissing) as error:
        return _form(visit, form.refused(error, visit.speech))
    return visit.go(f"/watchlists/{row.id}", done="saved")


@router.get("/watchlists/{watchlist_id}")
def show(watchlist_id: str, visit: Reader) -> Response:
    """Show one watchlist's policy."""
    return _shown(visit, watchlist_id)


@router.post("/watchlists/{watchlist_id}/breaker/reset")
def reset_breaker(watchlist_id: str, visit: Resetter) -> Response:
    """Let a list's own threshold count again."""
    form = Form(BreakerResetIn, visit.posted, sentences={"reason": _REASON})
    try:
        reason = form.parse().reason
        visit.service.calibration.breaker.reset(visit.actor, watchlist_id, reason)
    except ActWaits as act:
        return approvals.waits(visit, act)
    except (RequestInvalid, IllegalTransition, NoSecondPerson) as error:
        return _shown(visit, watchlist_id, form.refused(error, visit.speech))
    return visit.go(f"/watchlists/{watchlist_id}", done="saved")


def _shown(
    visit: OfficerRequest, watchlist_id: str, form: Form[BreakerResetIn] | None = None
) -> Response:
    form = form or Form(BreakerResetIn)
    row = visit.service.lists.watchlists.get(visit.actor, watchlist_id)
    policy = visit.service.screening.matching.policies().get(watchlist_id)
    own = row.agency_id == visit.officer.agency_id
    category = known(visit.codes.categories, row.category)
    tripped = policy is not None and policy.tripped_at is not None
    return visit.page(
        "watchlist.html",
        status=form.status,
        form=form,
        may_reset=own and tripped and visit.may(Permission.RESET_BREAKER),
        watchlist=row,
        policy=policy,
        usual_priority=category.priority,
        lacks_basis=lacks_basis(category, row.legal_basis),
        shared=agencies_of(row),
        agencies=_agencies(visit),
        own=own and visit.may(Permission.EDIT_WATCHLIST),
    )


@router.get("/watchlists/{watchlist_id}/edit")
def fill(watchlist_id: str, visit: Editor) -> Response:
    """Show the form with what is kept."""
    row = visit.service.lists.watchlists.get(visit.actor, watchlist_id)
    return _form(visit, watchlist_form.filled(row), row)


@router.post("/watchlists/{watchlist_id}/edit")
def edit(watchlist_id: str, visit: Editor) -> Response:
    """Change a watchlist; the change counts from the next traveller on."""
    watchlists, actor = visit.service.lists.watchlists, visit.actor
    form = watchlist_form.of_changed(visit.posted, watchlists.get(actor, watchlist_id))
    try:
        body = form.parse()
        version = visit.posted.number("version")
        watchlists.edit(actor, watchlist_id, body.changes(), version, body.why)
    except ActWaits as act:
        return approvals.waits(visit, act)
    except (
        RequestInvalid,
        AlreadyExists,
        CodeRefused,
        RequirementMissing,
        NotFound,
        StaleVersion,
        NoSecondPerson,
        ReasonMissing,
        IllegalTransition,
    ) as error:
        row = watchlists.get(actor, watchlist_id)
        form = form.refused(error, visit.speech, status=_REFUSED)
        if isinstance(error, StaleVersion):
            stored = watchlist_form.filled(row).typed
            form = form.beside(stored, visit.speech, watchlist_form.SAID)
        return _form(visit, form, row)
    return visit.go(f"/watchlists/{watchlist_id}", done="saved")


@router.get("/watchlists/{watchlist_id}/off")
def ask_off(watchlist_id: str, visit: Editor) -> Response:
    """Ask before a watchlist is switched off."""
    return danger.ask(visit, _switching_off(visit, watchlist_id))


@router.post("/watchlists/{watchlist_id}/off")
def switch_off(watchlist_id: str, visit: Editor) -> Response:
    """Switch a watchlist off: it raises no alerts from the next traveller on."""

    def off(reason: str) -> Response:
        version = visit.posted.number("version")
        watchlists = visit.service.lists.watchlists
        try:
            watchlists.edit(visit.actor, watchlist_id, {"active": False}, version, reason)
        except ActWaits as act:
            return approvals.waits(visit, act)
        return visit.go(f"/watchlists/{watchlist_id}", done="saved")

    return danger.answered(visit, lambda: _switching_off(visit, watchlist_id), off)


@router.post("/watchlists/{watchlist_id}/on")
def switch_on(watchlist_id: str, visit: Editor) -> Response:
    """Switch a watchlist on again."""
    version = visit.posted.number("version")
    visit.service.lists.watchlists.edit(visit.actor, watchlist_id, {"active": True}, version)
    return visit.go(f"/watchlists/{watchlist_id}", done="saved")


def _switching_off(visit: OfficerRequest, watchlist_id: str) -> Question:
    """Return what switching a watchlist off is asked about."""
    speech = visit.speech
    found = visit.service.lists.watchlists.consequences(visit.actor, watchlist_id)
    says = [
        speech("From the next traveller on, this list raises no alerts."),
        speech(
            "Subjects on it: %(n)s, of whom on no other list in force: %(alone)s.",
            n=speech.number(found.subjects),
            alone=speech.number(found.only_here),
        ),
        speech(
            "Open alerts of this list, which remain: %(n)s.", n=speech.number(found.open_alerts)
        ),
        speech("Nothing is erased, and it can be switched on again."),
    ]
    if found.takes_two:
        says.append(speech("A second person has to accept it; until then it goes on alerting."))
    return Question(
        speech("Switch this watchlist off?"),
        found.watchlist.name,
        tuple(says),
        speech("Switch off"),
        f"/watchlists/{watchlist_id}",
        found.watchlist.version,
    )


@router.get("/watchlists/{watchlist_id}/remove")
def ask_remove(watchlist_id: str, visit: Editor) -> Response:
    """Ask before a watchlist is removed."""
    return danger.ask(visit, _removal(visit, watchlist_id))


@router.post("/watchlists/{watchlist_id}/remove")
def remove(watchlist_id: str, visit: Editor) -> Response:
    """Remove a watchlist on which nobody stands."""

    def remove(reason: str) -> Response:
        visit.service.lists.watchlists.remove(visit.actor, watchlist_id, reason=reason)
        return visit.go("/watchlists", done="removed")

    return danger.answered(visit, lambda: _removal(visit, watchlist_id), remove)


def _removal(visit: OfficerRequest, watchlist_id: str) -> Question:
    """Return what removing a watchlist is asked about."""
    speech = visit.speech
    row = visit.service.lists.watchlists.get(visit.actor, watchlist_id)
    says = (
        speech("It is gone at once and for good, with its policy."),
        speech("Only a list without subjects can be removed."),
    )
    back = f"/watchlists/{watchlist_id}/edit"
    return Question(speech("Remove this watchlist?"), row.name, says, speech("Remove"), back)


def _form(
    visit: OfficerRequest,
    form: Form[WatchlistIn] | Form[WatchlistPatch],
    row: Watchlist | None = None,
) -> Response:
    return visit.page(
        "watchlist_form.html",
        status=form.status,
        form=form,
        row=row,
        agencies=_agencies(visit),
        categories=[
            (each.code, each.called(visit.speech.language))
            for each in visit.codes.categories.values()
            if each.active or each.code == form.text("category")
        ],
        directions=tuple(Direction),
        stages=tuple(Stage),
    )


def _agencies(visit: OfficerRequest) -> dict[str, Any]:
    return {each.id: each for each in visit.service.accounts.agencies.page(visit.actor, None, None)}
