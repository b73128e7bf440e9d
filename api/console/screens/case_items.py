"""Giving an alert, a tip, a referral or a subject to a joint case, with fields that are chosen."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import referral_fields
from api.console.forms import Form, FormData, as_typed
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.console.screens.referral_new import Choice
from api.problems import RequestInvalid
from api.v1.cases.schemas import CaseItemIn
from casework.cases.cases import CaseFilter
from casework.cases.payload import BY_NAME
from casework.cases.states import OPEN
from casework.kernel.errors import CaseworkError, NotFound, NotPermitted
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import CaseItemKind, MemberState
from casework.referrals.fields import AlertField, PhotoField
from casework.tips.payload import TipField

router: Final = APIRouter(prefix="/cases/add", include_in_schema=False)

Worker = Annotated[OfficerRequest, Depends(RequirePermission(Permission.WORK_ON_CASE))]

_MOST_CASES: Final = 100
_LONGEST: Final = 100
_SENTENCES: Final = {"fields": msg("Choose what the others are to see of it.")}
PAGES: Final = {
    CaseItemKind.ALERT: "alerts",
    CaseItemKind.TIP: "tips",
    CaseItemKind.REFERRAL: "referrals",
    CaseItemKind.SUBJECT: "subjects",
}
"""Where each kind has its page."""

_PHOTOS: Final = {
    (CaseItemKind.TIP, TipField.PHOTO.value): "/tips/{}/photo",
    (CaseItemKind.ALERT, AlertField.PROBE_PHOTO.value): "/alerts/{}/probe",
    (CaseItemKind.ALERT, AlertField.REFERENCE_PHOTO.value): "/alerts/{}/reference",
    (CaseItemKind.ALERT, AlertField.ENROLLED_PHOTO.value): "/alerts/{}/enrolled",
}
"""Where the photos are that can be given of each."""


@router.get("/{kind}/{object_id}")
def choose(kind: CaseItemKind, object_id: str, visit: Worker) -> Response:
    """Show the cases that it can be given to, or the form for one of them."""
    case_id = visit.request.query_params.get("case", "")[:_LONGEST]
    if case_id:
        return _page(visit, kind, object_id, case_id)
    visit.service.cases.reading.choices(visit.actor, kind, object_id)
    found = visit.service.cases.reading.page(
        visit.actor, None, _MOST_CASES, CaseFilter(tuple(sorted(OPEN)))
    )
    cases = [row for row, state in found if state is MemberState.JOINED]
    return visit.page("case_choose.html", cases=cases, kind=kind, object_id=object_id, pages=PAGES)


@router.post("/{kind}/{object_id}")
def give(kind: CaseItemKind, object_id: str, visit: Worker) -> Response:
    """Give it to a case."""
    case_id = visit.posted.text("case")
    form = Form(CaseItemIn, visit.posted, _read(kind, object_id), _SENTENCES)
    try:
        body = form.parse()
        visit.service.cases.entries.give(visit.actor, case_id, body.new, body.to)
    except (NotFound, NotPermitted):
        raise
    except (RequestInvalid, CaseworkError) as error:
        return _page(visit, kind, object_id, case_id, form.refused(error, visit.speech))
    return visit.go(f"/cases/{case_id}", done="case_given")


def _read(
    kind: CaseItemKind, object_id: str
) -> Callable[[FormData, type[CaseItemIn]], Mapping[str, object]]:
    """Return what reads the form of something: which, the address says."""

    def read(data: FormData, model: type[CaseItemIn]) -> Mapping[str, object]:
        return {**as_typed(data, model), "kind": kind, "object_id": object_id}

    return read


def _page(
    visit: OfficerRequest,
    kind: CaseItemKind,
    object_id: str,
    case_id: str,
    form: Form[CaseItemIn] | None = None,
) -> Response:
    """Show what can be given of it, and to whom."""
    view = visit.service.cases.reading.get(visit.actor, case_id)
    offered = visit.service.cases.reading.offered(visit.actor, kind, object_id)
    form = form or Form(CaseItemIn)
    others = [
        each.agency
        for each in view.members
        if each.state is MemberState.JOINED and each.agency.id != visit.actor.agency_id
    ]
    return visit.page(
        "case_give.html",
        status=form.status,
        view=view,
        case=view.case,
        kind=kind,
        object_id=object_id,
        fields=[_choice(visit, kind, object_id, *each) for each in offered.items()],
        others=others,
        form=form,
        back=f"/{PAGES[kind]}/{object_id}",
    )


def _choice(
    visit: OfficerRequest,
    kind: CaseItemKind,
    object_id: str,
    name: str,
    value: Any,  # noqa: ANN401 - as JSON
) -> Choice:
    """Return a field that can be given, with what it says now."""
    member = BY_NAME[name]
    text = referral_fields.written(member, value, visit.codes, visit.speech)
    photo = ""
    if isinstance(member.field, PhotoField):
        photo, text = _PHOTOS.get((kind, name), "").format(object_id), visit.speech("Photo")
    return Choice(name, visit.speech(member.field.label), text, photo)
