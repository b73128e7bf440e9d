"""One alert: the two faces side by side, all that bears on them, and the steps of its review."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console.forms import Fields, Form, FormData
from api.console.i18n import msg
from api.console.identity_rows import check_lines, identity_rows
from api.console.messages import OPINIONS
from api.console.page import UNDO, OfficerRequest, RequirePermission
from api.console.queue_form import QueueForm
from api.console.score_scale import scale_of
from api.problems import RequestInvalid
from api.v1.alerts.schemas import ClosingIn, CorrectionIn, FindingIn
from api.v1.common import Strict
from casework.kernel.errors import CodeRefused, IllegalTransition, StaleVersion
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import Direction, Opinion, OpinionReason, Stage
from casework.review.allowed_steps import allowed_steps
from casework.review.gate import verification_result
from casework.review.queue import urgency_of
from casework.tables import Alert
from casework.tips.nearby import NearbyTip

router: Final = APIRouter(prefix="/alerts", include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_ALERT))]
Taker = Annotated[OfficerRequest, Depends(RequirePermission(Permission.ACKNOWLEDGE_ALERT))]
Decider = Annotated[OfficerRequest, Depends(RequirePermission(Permission.DECIDE_ALERT))]
Confirmer = Annotated[OfficerRequest, Depends(RequirePermission(Permission.CONFIRM_ALERT))]
Withdrawer = Annotated[OfficerRequest, Depends(RequirePermission(Permission.WITHDRAW_OPINION))]
Closer = Annotated[OfficerRequest, Depends(RequirePermission(Permission.CLOSE_ALERT))]
Corrector = Annotated[OfficerRequest, Depends(RequirePermission(Permission.CORRECT_ALERT))]

_USUAL_REASONS: Final[Mapping[Opinion, OpinionReason]] = {
    Opinion.POTENTIAL_CANDIDATE: OpinionReason.FACIAL_FEATURES_AGREE,
    Opinion.NOT_CANDIDATE: OpinionReason.FACIAL_FEATURES_DIFFER,
    Opinion.INCONCLUSIVE: OpinionReason.POOR_PROBE,
}
"""The reason that the form ticks with an opinion, so that it takes two keys; officers change it."""


@router.get("/{alert_id}")
def show(alert_id: str, visit: Reader) -> Response:
    """Show an alert."""
    return _page(visit, alert_id)


@router.post("/{alert_id}/take")
def take(alert_id: str, visit: Taker) -> Response:
    """Take an alert, or take it over."""
    review, version = visit.service.review.decisions, visit.posted.number("version")
    return _step(
        visit,
        alert_id,
        "taken",
        Form(Strict, visit.posted),
        lambda: review.acknowledge(visit.actor, alert_id, version),
    )


@router.post("/{alert_id}/decide")
def decide(alert_id: str, visit: Decider) -> Response:
    """Give the first opinion."""
    form, version = _finding(visit.posted), visit.posted.number("version")

    def step() -> object:
        finding = form.parse().finding
        return visit.service.review.decisions.decide(visit.actor, alert_id, finding, version)

    return _step(visit, alert_id, "decided", form, step)


@router.post("/{alert_id}/confirm")
def confirm(alert_id: str, visit: Confirmer) -> Response:
    """Give the second opinion."""
    form, version = _finding(visit.posted), visit.posted.number("version")

    def step() -> object:
        finding = form.parse().finding
        return visit.service.review.decisions.confirm(visit.actor, alert_id, finding, version)

    return _step(visit, alert_id, "confirmed", form, step)


@router.post("/{alert_id}/withdraw")
def withdraw(alert_id: str, visit: Withdrawer) -> Response:
    """Take one's opinion back."""
    decisions = visit.service.review.decisions
    return _step(
        visit,
        alert_id,
        "taken_back",
        Form(Strict, visit.posted),
        lambda: decisions.withdraw(visit.actor, alert_id),
    )


@router.post("/{alert_id}/close")
def close(alert_id: str, visit: Closer) -> Response:
    """End an alert."""
    form, version = _closing(visit.posted), visit.posted.number("version")

    def step() -> object:
        closing = form.parse()
        return visit.service.review.decisions.close(
            visit.actor, alert_id, closing.disposal, closing.note, version
        )

    return _step(visit, alert_id, "closed", form, step)


@router.get("/{alert_id}/correct")
def ask_correct(alert_id: str, visit: Corrector) -> Response:
    """Show the form that corrects how an alert was closed."""
    return _correction_page(visit, alert_id, _correction(FormData()))


@router.post("/{alert_id}/correct")
def correct(alert_id: str, visit: Corrector) -> Response:
    """Correct how an alert was closed."""
    form, version = _correction(visit.posted), visit.posted.number("version")
    try:
        body = form.parse()
        decisions = visit.service.review.decisions
        decisions.correct(visit.actor, alert_id, body.reason, body.disposal, version)
    except (RequestInvalid, StaleVersion, IllegalTransition, CodeRefused) as error:
        return _correction_page(visit, alert_id, form.refused(error, visit.speech))
    return visit.go(f"/alerts/{alert_id}", done="corrected")


@router.get("/{alert_id}/take")
@router.get("/{alert_id}/decide")
@router.get("/{alert_id}/confirm")
@router.get("/{alert_id}/withdraw")
@router.get("/{alert_id}/close")
async def back(alert_id: str, visit: Reader) -> Response:
    """Show the alert where an answer to a form is asked for again."""
    return visit.go(QueueForm.of(visit.request).address(f"/alerts/{alert_id}"))


def _finding(typed: FormData) -> Form[FindingIn]:
    sentences = {
        "opinion": msg("Choose one."),
        "reasons": msg("Choose at least one reason."),
        "note": msg("Say in the note what the other reason is."),
    }
    return Form(FindingIn, typed, sentences=sentences)


def _correction(typed: FormData) -> Form[CorrectionIn]:
    return Form(CorrectionIn, typed, sentences={"reason": msg("Say what was wrong.")})


def _correction_page(visit: OfficerRequest, alert_id: str, form: Form[CorrectionIn]) -> Response:
    view = visit.service.review.alerts.get(visit.actor, alert_id)
    met = view.alert.encounter
    way, stage = Direction(met.direction), Stage(met.stage)
    disposals = [each for each in visit.codes.active_outcomes if each.fits(way, stage)]
    return visit.page(
        "alert_correct.html", status=form.status, view=view, form=form, disposals=disposals
    )


def _closing(typed: FormData) -> Form[ClosingIn]:
    sentences = {"disposal": msg("Choose one."), "note": msg("Say in the note how it ended.")}
    return Form(ClosingIn, typed, sentences=sentences)


def _step(
    visit: OfficerRequest,
    alert_id: str,
    done: str,
    form: Form[Fields],
    step: Callable[[], object],
) -> Response:
    """Take a step; if it cannot be, show the alert as it is now, with all that was typed."""
    try:
        step()
    except (RequestInvalid, StaleVersion, IllegalTransition, CodeRefused) as error:
        return _page(visit, alert_id, form.refused(error, visit.speech))
    chosen = QueueForm.of(visit.request)
    undo = {UNDO: alert_id} if done in OPINIONS else {}
    if visit.posted.text("then") == "next":
        following = visit.service.review.queue.next_new(
            visit.actor, chosen.filters(visit), chosen.sort, alert_id
        )
        path = f"/alerts/{following}" if following else "/alerts"
        return visit.go(chosen.address(path), done=done, **undo)
    return visit.go(chosen.address(f"/alerts/{alert_id}"), done=done, **undo)


def _page(visit: OfficerRequest, alert_id: str, form: Form[Any] | None = None) -> Response:
    """Show the alert as it is now, with a form of it that was refused, if one was."""
    form = form or Form(Strict)
    records = visit.service
    mark = records.exchange.feed.last(visit.actor)
    view = records.review.alerts.get(visit.actor, alert_id)
    alert = view.alert
    read = visit.posted.number("version")
    conflict = form.status == HTTPStatus.CONFLICT
    missed = alert.version - read if conflict and read is not None else 0
    policy = visit.service.screening.matching.policies().get(alert.watchlist_id)
    now = records.review.queue.now()
    chosen = QueueForm.of(visit.request)
    queue = records.review.queue
    values: dict[str, Any] = {
        "view": view,
        "alert": alert,
        "possible": allowed_steps(alert, visit.actor, visit.codes.active_outcomes),
        "urgency": urgency_of(alert, now),
        "identities": identity_rows(view.identities, visit.speech),
        "document_faults": check_lines(alert.encounter.document_check, visit.speech),
        "verified": verification_result(alert.encounter.verification),
        "now": now,
        "chosen": chosen,
        "place": queue.place(visit.actor, alert_id, chosen.filters(visit), chosen.sort),
        "nearby": _tips_near(visit, alert),
        "recaptures": queue.recaptures(visit.actor, alert),
        "mark": mark,
        "scale": scale_of(alert, policy),
        "opinions": tuple(Opinion),
        "reasons": tuple(OpinionReason),
        "usual_reasons": _USUAL_REASONS,
        "finding": form if form.model is FindingIn else _finding(FormData()),
        "closing": form if form.model is ClosingIn else _closing(FormData()),
        "message": form.message,
        "conflict": conflict,
        # What others did since the page was read, as this reader may see it.
        "missed": view.steps[-missed:] if missed > 0 else (),
    }
    return visit.page("alert.html", status=form.status, **values)


def _tips_near(visit: OfficerRequest, alert: Alert) -> list[NearbyTip]:
    """Return the agency's tips near a listed guest, to those who work on tips."""
    if alert.encounter.stage != Stage.STAY or not visit.may(Permission.HANDLE_TIP):
        return []
    return visit.service.exchange.nearby.tips(visit.actor, alert.id)
