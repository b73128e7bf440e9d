"""Known look-alikes: asked for on an alert, and revoked on the subject."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import danger
from api.console.danger import Question
from api.console.forms import Form, FormData
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.console.screens import approvals
from api.dependencies import Workers, work_place
from api.problems import RequestInvalid
from api.v1.known_lookalikes.schemas import KnownLookalikeIn
from casework.approvals.approvals import ActWaits
from casework.kernel.errors import IllegalTransition, NoSecondPerson, NotFound, ReasonMissing
from casework.kernel.permissions import Permission
from casework.review.known_lookalikes import MOST_DAYS, USUAL_DAYS

router: Final = APIRouter(include_in_schema=False)

Keeper = Annotated[OfficerRequest, Depends(RequirePermission(Permission.KEEP_LOOKALIKE))]
Revoker = Annotated[OfficerRequest, Depends(RequirePermission(Permission.REVOKE_LOOKALIKE))]

_SENTENCES: Final = {
    "days": msg("Write a whole number from 1 to %(most)s."),
    "reason": msg("Say why it is somebody else."),
}


@router.get("/alerts/{alert_id}/known-lookalike")
def blank(alert_id: str, visit: Keeper) -> Response:
    """Show the form that asks for it."""
    return _page(visit, alert_id, _form(FormData({"days": (str(USUAL_DAYS),)})))


@router.post(
    "/alerts/{alert_id}/known-lookalike",
    dependencies=[work_place(RequirePermission(Permission.KEEP_LOOKALIKE))],
)
async def propose(alert_id: str, visit: Keeper, pool: Workers) -> Response:
    """Ask that the traveller is not stopped for the subject again."""
    form, known = _form(visit.posted), visit.service.screening.known
    try:
        body = form.parse()
        await pool.run(
            visit.request, lambda: known.propose(visit.actor, alert_id, body.days, body.reason)
        )
    except ActWaits as act:
        return approvals.waits(visit, act)
    except (RequestInvalid, IllegalTransition, NoSecondPerson, ReasonMissing) as error:
        return await asyncio.to_thread(_page, visit, alert_id, form.refused(error, visit.speech))
    return visit.go(f"/alerts/{alert_id}")


@router.get("/subjects/{subject_id}/known-lookalikes/{lookalike_id}/revoke")
def ask_revoke(subject_id: str, lookalike_id: str, visit: Revoker) -> Response:
    """Ask before one is revoked."""
    return danger.ask(visit, _revocation(visit, subject_id, lookalike_id))


@router.post("/subjects/{subject_id}/known-lookalikes/{lookalike_id}/revoke")
def revoke(subject_id: str, lookalike_id: str, visit: Revoker) -> Response:
    """End one: the traveller alerts again from the next screening on."""

    def revoke(reason: str) -> Response:
        visit.service.screening.known.revoke(visit.actor, lookalike_id, reason)
        return visit.go(f"/subjects/{subject_id}", done="saved")

    return danger.answered(visit, lambda: _revocation(visit, subject_id, lookalike_id), revoke)


def _revocation(visit: OfficerRequest, subject_id: str, lookalike_id: str) -> Question:
    """Return what revoking one is asked about."""
    speech = visit.speech
    kept = visit.service.screening.known.of_subject(visit.actor, subject_id)
    row = next((each for each in kept if each.id == lookalike_id), None)
    if row is None:
        raise NotFound("lookalike_not_found", look_alike=lookalike_id)
    says = (
        speech("The traveller alerts for this subject again, from the next arrival on."),
        speech("The template of their face is erased. To know them again takes a new alert."),
    )
    return Question(
        speech("Revoke this known look-alike?"),
        speech("Traveller of alert %(number)s", number=row.case_number),
        says,
        speech("Revoke"),
        f"/subjects/{subject_id}",
    )


def _form(typed: FormData) -> Form[KnownLookalikeIn]:
    return Form(KnownLookalikeIn, typed, sentences=_SENTENCES, gaps={"most": MOST_DAYS})


def _page(visit: OfficerRequest, alert_id: str, form: Form[KnownLookalikeIn]) -> Response:
    return visit.page(
        "known_lookalike.html",
        status=form.status,
        form=form,
        view=visit.service.review.alerts.get(visit.actor, alert_id),
        most=MOST_DAYS,
    )
