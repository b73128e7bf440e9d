"""Handing an alert or a tip to another agency, with fields that are chosen one by one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import labels, messages, referral_fields
from api.console.page import OfficerRequest, RequirePermission
from api.problems import RequestInvalid
from api.v1.referrals.schemas import AlertReferralIn, TipReferralIn
from casework.kernel.errors import IllegalTransition, InvalidReferral, StaleVersion
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import AlertState
from casework.referrals.fields import AlertField, FieldGroup, ReferralField
from casework.referrals.referrals import Box, ReferralFilter
from casework.referrals.states import AWAITED
from casework.review.allowed_steps import allowed_steps
from casework.tables import Referral
from casework.tips.payload import TipField
from casework.tips.states import SETTLED

router: Final = APIRouter(include_in_schema=False)

AlertReferrer = Annotated[OfficerRequest, Depends(RequirePermission(Permission.REFER_ALERT))]
TipReferrer = Annotated[OfficerRequest, Depends(RequirePermission(Permission.HANDLE_REFERRAL))]

_MOST_REFERRALS: Final = 20
_TIME_TO_ANSWER: Final = timedelta(days=3)
"""Proposed; the officer sets when an answer is due."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A field that can be carried, with what it says now."""

    field: str
    label: str
    value: str
    photo: str = ""
    """The address of a photo; empty for all else."""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together."""

    heading: str
    fields: tuple[Choice, ...]
    owners_alone: bool = False
    """Whether only the owner of the list may be given them."""


@router.get("/alerts/{alert_id}/refer")
def of_alert(alert_id: str, visit: AlertReferrer) -> Response:
    """Show the form for an alert."""
    return _alert_page(visit, alert_id)


@router.post("/alerts/{alert_id}/refer")
def refer_alert(alert_id: str, visit: AlertReferrer) -> Response:
    """Hand an alert over."""
    try:
        body = visit.posted_with_zone("due_at").parse(AlertReferralIn, lists=("fields",))
        version = visit.posted.number("version")
        row = visit.service.exchange.referral_steps.refer_alert(
            visit.actor, alert_id, body.handover(visit.speech.zone), body.fields, version
        )
    except (RequestInvalid, InvalidReferral, StaleVersion, IllegalTransition) as error:
        return _alert_page(visit, alert_id, error)
    return visit.go(f"/referrals/{row.id}", done="referred")


@router.get("/tips/{tip_id}/refer")
def of_tip(tip_id: str, visit: TipReferrer) -> Response:
    """Show the form for a tip."""
    return _tip_page(visit, tip_id)


@router.post("/tips/{tip_id}/refer")
def refer_tip(tip_id: str, visit: TipReferrer) -> Response:
    """Hand a tip over."""
    try:
        body = visit.posted_with_zone("due_at").parse(TipReferralIn, lists=("fields",))
        version = visit.posted.number("version")
        row = visit.service.tip_steps.refer(
            visit.actor, tip_id, body.handover(visit.speech.zone), body.fields, version
        )
    except (RequestInvalid, InvalidReferral, StaleVersion, IllegalTransition) as error:
        return _tip_page(visit, tip_id, error)
    return visit.go(f"/referrals/{row.id}", done="referred")


def _alert_page(visit: OfficerRequest, alert_id: str, error: Exception | None = None) -> Response:
    view = visit.service.review.alerts.get(visit.actor, alert_id)
    alert, here = view.alert, f"/alerts/{alert_id}"
    made = referrals_about(visit, alert_id)
    again = alert.state == AlertState.REFERRED and not awaited(made)
    values = referral_fields.of_alert(view)
    photos = {
        AlertField.PROBE_PHOTO.value: f"{here}/probe",
        AlertField.ENROLLED_PHOTO.value: f"{here}/enrolled",
    }
    foreign = alert.owner_id != visit.actor.agency_id
    groups = _groups(visit, AlertField, values, photos, foreign=foreign)
    return _page(
        visit,
        error,
        about=here,
        title=f"{alert.case_number} · {alert.watchlist_name}",
        version=alert.version,
        open=allowed_steps(alert, visit.actor).refer or again,
        owner_code=view.owner_code,
        groups=groups,
        made=made,
    )


def _tip_page(visit: OfficerRequest, tip_id: str, error: Exception | None = None) -> Response:
    view = visit.service.exchange.tips.get(visit.actor, tip_id)
    tip, here = view.tip, f"/tips/{tip_id}"
    made = referrals_about(visit, tip_id)
    fields = [each for each in TipField if each is not TipField.PHOTO or tip.photo_format]
    photos = {TipField.PHOTO.value: f"{here}/photo"}
    groups = _groups(visit, fields, referral_fields.of_tip(view), photos)
    return _page(
        visit,
        error,
        about=here,
        title=tip.reference,
        version=tip.version,
        open=tip.state not in SETTLED and not awaited(made),
        owner_code="",
        groups=groups,
        made=made,
    )


def _page(visit: OfficerRequest, error: Exception | None, **values: Any) -> Response:  # noqa: ANN401
    agencies = visit.service.accounts.agencies.page(visit.actor, None, None)
    wrong: set[str] = set()
    fault, status = "", 200
    if isinstance(error, RequestInvalid):
        wrong, status = {each.field.split(".")[0] for each in error.errors}, 422
    elif isinstance(error, InvalidReferral):
        wrong, status = {error.field}, 422
    elif error is not None:
        fault, status = messages.translated_error(error, visit.speech), 409
    due = visit.service.review.queue.now() + _TIME_TO_ANSWER
    return visit.page(
        "refer.html",
        status=status,
        wrong=wrong,
        fault=fault,
        typed=visit.posted,
        due=due.astimezone(visit.speech.zone).strftime("%Y-%m-%dT%H:%M"),
        agencies=[each for each in agencies if each.active and each.id != visit.actor.agency_id],
        **values,
    )


def _groups(
    visit: OfficerRequest,
    fields: Iterable[ReferralField],
    values: Mapping[str, Any],
    photos: Mapping[str, str],
    *,
    foreign: bool = False,
) -> list[Group]:
    """Return fields by what they tell something of, each with what it says now."""
    speech = visit.speech
    chosen = visit.posted.texts("fields") if visit.request.method == "POST" else None
    found: dict[FieldGroup, list[Choice]] = {each: [] for each in FieldGroup}
    for each in fields:
        value = referral_fields.written(each, values.get(each.value), speech)
        photo = photos.get(each.value, "")
        withheld = foreign and each.field.group.of_list
        proposed = each.field.proposed and not withheld
        ticked = proposed if chosen is None else each.value in chosen
        choice = Choice(each.value, speech(labels.of(each)), value, photo, ticked)
        found[each.field.group].append(choice)
    return [
        Group(speech(labels.GROUPS[group]), tuple(choices), group.of_list and foreign)
        for group, choices in found.items()
        if choices
    ]


def referrals_about(visit: OfficerRequest, about: str) -> list[Referral]:
    """Return the referrals that were made of an alert or a tip, to those who may see them."""
    if not visit.may(Permission.HANDLE_REFERRAL):
        return []
    filters = ReferralFilter(Box.OUT, about=about)
    found = visit.service.exchange.referrals.page(visit.actor, None, _MOST_REFERRALS, filters)
    return [row for row, _ in found]


def awaited(made: Iterable[Referral]) -> bool:
    """Whether another agency has it in hand."""
    return any(each.state in AWAITED for each in made)
