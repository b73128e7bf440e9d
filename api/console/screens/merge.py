"""Merging duplicates: the other subject is chosen, both are shown, and a reason is given."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import danger
from api.console.danger import Question
from api.console.i18n import msg
from api.console.messages import translated_error
from api.console.page import OfficerRequest, RequirePermission
from api.console.screens import approvals
from casework.approvals.approvals import ActWaits
from casework.kernel.errors import CaseworkError, NotFound
from casework.kernel.permissions import Permission
from casework.tables import Subject
from casework.watchlists.subjects import SubjectFilter

router: Final = APIRouter(prefix="/subjects", include_in_schema=False)

Editor = Annotated[OfficerRequest, Depends(RequirePermission(Permission.EDIT_SUBJECT))]

_TEMPLATE: Final = "danger_merge.html"
_LONGEST: Final = 200
FIELDS: Final = {
    "sex": msg("Sex"),
    "birth_date": msg("Birth date"),
    "birth_year": msg("Or the year alone"),
    "nationality": msg("Nationality"),
    "reason": msg("Reason"),
    "decision_number": msg("Decision number"),
    "valid_from": msg("Valid from"),
    "valid_until": msg("Valid until"),
    "watchlist_ids": msg("Watchlists"),
    "photos": msg("Photos"),
}
"""What can be left of a merge that is taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeQuestion(Question):
    """What a merge is asked about, with both subjects."""

    into: str
    subjects: tuple[Subject, Subject]


@router.get("/{subject_id}/merge")
def ask(subject_id: str, visit: Editor) -> Response:
    """Ask before a subject is merged into another; first, which."""
    typed = visit.request.query_params.get("into", "").strip()[:_LONGEST]
    if not typed:
        return _choice(visit, subject_id)
    try:
        question = _question(visit, subject_id, _chosen(visit, typed))
    except CaseworkError as error:
        return _choice(visit, subject_id, typed, error)
    return danger.ask(visit, question, template=_TEMPLATE)


@router.post("/{subject_id}/merge")
def merge(subject_id: str, visit: Editor) -> Response:
    """Merge a subject into another."""
    into = visit.posted.text("into")

    def act(reason: str) -> Response:
        try:
            done = visit.service.lists.merges.merge(visit.actor, subject_id, into, reason)
        except ActWaits as waiting:
            return approvals.waits(visit, waiting)
        return visit.go(f"/subjects/{done.kept.id}", done="merged")

    return danger.answered(visit, lambda: _question(visit, subject_id, into), act, _TEMPLATE)


@router.post("/{subject_id}/unmerge")
def undo(subject_id: str, visit: Editor) -> Response:
    """Take a merge back; the page says what stays."""
    done = visit.service.lists.merges.undo(visit.actor, subject_id)
    left = {"stays": ",".join(done.stays)} if done.stays else {}
    return visit.go(f"/subjects/{subject_id}", done="unmerged", **left)


def left_of(visit: OfficerRequest) -> list[str]:
    """Return what the address says is left of a merge, in the reader's language."""
    named = visit.request.query_params.get("stays", "").split(",")
    return [visit.speech(FIELDS[each]) for each in named if each in FIELDS]


def _chosen(visit: OfficerRequest, typed: str) -> str:
    """Return the id of the subject with that reference, or that id; raises NotFound."""
    filters = SubjectFilter(reference=typed)
    found = visit.service.lists.subjects.page(visit.actor, None, 1, filters)
    return found[0].id if found else typed


def _choice(
    visit: OfficerRequest, subject_id: str, typed: str = "", error: CaseworkError | None = None
) -> Response:
    fault = ""
    if isinstance(error, NotFound):
        fault = visit.speech("There is no subject with this reference or number.")
    elif error is not None:
        fault = translated_error(error, visit.speech)
    return visit.page(
        "merge.html",
        status=422 if fault else 200,
        subject=visit.service.lists.subjects.get(visit.actor, subject_id),
        typed=typed,
        fault=fault,
    )


def _question(visit: OfficerRequest, subject_id: str, into: str) -> MergeQuestion:
    """Return what merging is asked about."""
    speech = visit.speech
    found = visit.service.lists.merges.preview(visit.actor, subject_id, into)
    hours = round(visit.service.lists.erasures.grace.total_seconds() / 3600)
    says = [
        speech(
            "%(name)s stays, with the names, documents and photos of both.", name=found.kept.name
        ),
        speech("Photos that it gets: %(n)s.", n=speech.number(found.photos)),
        speech("Watchlists that it comes to: %(n)s.", n=speech.number(len(found.watchlist_ids))),
        speech("The longer period of the two counts."),
        speech(
            "%(name)s is erased after %(n)s hours; until then the merge can be taken back.",
            name=found.gone.name,
            n=speech.number(hours),
        ),
        speech("Alerts of before stay with the entry that they were raised for."),
        speech("Objections go along; known look-alikes do not: those travellers alert again."),
    ]
    if found.open_alerts:
        text = msg("Open alerts about this subject: %(n)s. They stay, without the person.")
        says.append(speech(text, n=found.open_alerts))
    if found.takes_two:
        says.append(speech("A second person has to accept it; until then it goes on alerting."))
    return MergeQuestion(
        speech("Are they the same person?"),
        f"{found.gone.name} → {found.kept.name}",
        tuple(says),
        speech("Merge"),
        f"/subjects/{subject_id}",
        into=found.kept.id,
        subjects=(found.gone, found.kept),
    )
