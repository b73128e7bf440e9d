"""Handing an alert or a tip to another agency, with fields that are chosen one by one."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import labels, referral_fields
from api.console.forms import Form, FormData, with_times
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.problems import RequestInvalid
from api.v1.referrals.schemas import AlertReferralIn, TipReferralIn
from casework.kernel.errors import IllegalTransition, InvalidReferral, StaleVersion
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import AlertState, ReferralKind
from casework.referrals.fields import AlertField, FieldGroup, ReferralField, identifies
from casework.referrals.referrals import Box, ReferralFilter
from casework.referrals.states import AWAITED
from casework.review.allowed_steps import allowed_steps
from casework.tables import Referral, ReferralPreset
from casework.tips.payload import TipField
from casework.tips.states import SETTLED

router: Final = APIRouter(include_in_schema=False)

AlertReferrer = Annotated[OfficerRequest, Depends(RequirePermission(Permission.REFER_ALERT))]
TipReferrer = Annotated[OfficerRequest, Depends(RequirePermission(Permission.HANDLE_REFERRAL))]

Referring = TypeVar("Referring", AlertReferralIn, TipReferralIn)

_MOST_REFERRALS: Final = 20
_TIME_TO_ANSWER: Final = timedelta(days=3)
"""Proposed; the officer sets when an answer is due."""
_NOTHING_SENT: Final = msg("Nothing was sent. Look at the fields that are marked.")
_SENTENCES: Final = {
    "receiver_id": msg("Choose an agency."),
    "due_at": msg("Choose a time that is still to come."),
    "note": msg("Say what the other agency should do."),
    "fields": msg(
        "Some of this cannot be handed on: it was erased, or belongs to the list of another agency."
    ),
}
_NOBODY: Final = msg(
    "Neither a photo nor a name goes along: the other agency cannot know who it is about. Tick "
    "one, or send it all the same."
)
_REFUSALS: Final = (RequestInvalid, InvalidReferral, StaleVersion, IllegalTransition)


@dataclass(frozen=True, slots=True)
class Choice:
    """A field that can be carried, with what it says now."""

    field: str
    label: str
    value: str
    photo: str = ""
    """The address of a photo; empty for all else."""


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
    form, version = _form(visit, AlertReferralIn, visit.posted), visit.posted.number("version")
    try:
        body = form.parse()
        if _asks_first(visit, body.fields, _alert_values(visit, alert_id)):
            return _alert_page(visit, alert_id, _unknowable(visit, form), unknowable=True)
        row = visit.service.exchange.referral_steps.refer_alert(
            visit.actor, alert_id, body.handover(visit.speech.zone), body.fields, version
        )
    except _REFUSALS as error:
        return _alert_page(visit, alert_id, _refused(visit, form, error))
    return visit.go(f"/referrals/{row.id}", done="referred")


@router.get("/tips/{tip_id}/refer")
def of_tip(tip_id: str, visit: TipReferrer) -> Response:
    """Show the form for a tip."""
    return _tip_page(visit, tip_id)


@router.post("/tips/{tip_id}/refer")
def refer_tip(tip_id: str, visit: TipReferrer) -> Response:
    """Hand a tip over."""
    form, version = _form(visit, TipReferralIn, visit.posted), visit.posted.number("version")
    try:
        body = form.parse()
        if _asks_first(visit, body.fields, _tip_values(visit, tip_id)):
            return _tip_page(visit, tip_id, _unknowable(visit, form), unknowable=True)
        row = visit.service.tip_steps.refer(
            visit.actor, tip_id, body.handover(visit.speech.zone), body.fields, version
        )
    except _REFUSALS as error:
        return _tip_page(visit, tip_id, _refused(visit, form, error))
    return visit.go(f"/referrals/{row.id}", done="referred")


def _alert_page(
    visit: OfficerRequest,
    alert_id: str,
    form: Form[AlertReferralIn] | None = None,
    *,
    unknowable: bool = False,
) -> Response:
    view = visit.service.review.alerts.get(visit.actor, alert_id)
    alert, here = view.alert, f"/alerts/{alert_id}"
    made = referrals_about(visit, alert_id)
    again = alert.state == AlertState.REFERRED and not awaited(made)
    values = referral_fields.of_alert(view)
    verification = alert.encounter.verification
    has_reference = verification is not None and verification["kept"]
    fields = [
        each for each in AlertField if each is not AlertField.REFERENCE_PHOTO or has_reference
    ]
    photos = {
        AlertField.PROBE_PHOTO.value: f"{here}/probe",
        AlertField.REFERENCE_PHOTO.value: f"{here}/reference",
        AlertField.ENROLLED_PHOTO.value: f"{here}/enrolled",
    }
    foreign = alert.owner_id != visit.actor.agency_id
    presets, preset = _presets(visit, ReferralKind.ALERT)
    # What the list says goes to its owner alone.
    to_owner = preset is not None and preset.receiver_id == alert.owner_id
    offered = [each for each in fields if not (foreign and each.field.group.of_list) or to_owner]
    return _page(
        visit,
        form or _form(visit, AlertReferralIn, _proposed(visit, offered, preset)),
        presets=presets,
        preset=preset,
        unknowable=unknowable,
        about=here,
        title=f"{alert.case_number} · {alert.watchlist_name}",
        version=alert.version,
        open=allowed_steps(alert, visit.actor).refer or again,
        owner_code=view.owner_code,
        groups=_groups(visit, fields, values, photos, foreign=foreign),
        made=made,
    )


def _tip_page(
    visit: OfficerRequest,
    tip_id: str,
    form: Form[TipReferralIn] | None = None,
    *,
    unknowable: bool = False,
) -> Response:
    view = visit.service.exchange.tips.get(visit.actor, tip_id)
    tip, here = view.tip, f"/tips/{tip_id}"
    made = referrals_about(visit, tip_id)
    fields = [each for each in TipField if each is not TipField.PHOTO or tip.photo_format]
    photos = {TipField.PHOTO.value: f"{here}/photo"}
    presets, preset = _presets(visit, ReferralKind.TIP)
    return _page(
        visit,
        form or _form(visit, TipReferralIn, _proposed(visit, fields, preset)),
        presets=presets,
        preset=preset,
        unknowable=unknowable,
        about=here,
        title=tip.reference,
        version=tip.version,
        open=tip.state not in SETTLED and not awaited(made),
        owner_code="",
        groups=_groups(visit, fields, referral_fields.of_tip(view), photos),
        made=made,
    )


def _form(visit: OfficerRequest, model: type[Referring], typed: FormData) -> Form[Referring]:
    read = with_times(visit.speech.zone, "due_at")
    return Form(model, typed, read, _SENTENCES, refusal=_NOTHING_SENT)


def _presets(
    visit: OfficerRequest, kind: ReferralKind
) -> tuple[list[ReferralPreset], ReferralPreset | None]:
    """Return the agency's presets by name, and the one that the address asks for, if any."""
    if not visit.may(Permission.READ_PRESET):
        return [], None
    found = visit.service.exchange.referral_presets.page(visit.actor, None, None, kind)
    asked = visit.request.query_params.get("preset")
    chosen = next((each for each in found if each.id == asked), None)
    return sorted(found, key=lambda each: each.name.casefold()), chosen


def _proposed(
    visit: OfficerRequest, fields: Iterable[ReferralField], preset: ReferralPreset | None
) -> FormData:
    """Return what the form holds at first: what is usual, or what a preset says."""
    wait = timedelta(days=preset.days) if preset is not None else _TIME_TO_ANSWER
    due = visit.service.review.queue.now() + wait
    written = due.astimezone(visit.speech.zone).strftime("%d-%m-%Y %H:%M")
    if preset is None:
        chosen = tuple(each.value for each in fields if each.field.proposed)
        return FormData({"due_at": (written,), "fields": chosen})
    return FormData(
        {
            "due_at": (written,),
            "fields": tuple(each.value for each in fields if each.value in preset.fields),
            "receiver_id": (preset.receiver_id,),
            "note": (preset.note,),
        }
    )


def _alert_values(visit: OfficerRequest, alert_id: str) -> Mapping[str, Any]:
    return referral_fields.of_alert(visit.service.review.alerts.get(visit.actor, alert_id))


def _tip_values(visit: OfficerRequest, tip_id: str) -> Mapping[str, Any]:
    return referral_fields.of_tip(visit.service.exchange.tips.get(visit.actor, tip_id))


def _asks_first(
    visit: OfficerRequest, fields: Collection[ReferralField], values: Mapping[str, Any]
) -> bool:
    """Whether the officer is asked before it is sent: nobody could know who it is about."""
    return visit.posted.text("nobody") != "yes" and not identifies(fields, values)


def _unknowable(visit: OfficerRequest, form: Form[Referring]) -> Form[Referring]:
    return form.with_errors({"fields": visit.speech(_NOBODY)}, visit.speech)


def _refused(visit: OfficerRequest, form: Form[Referring], error: Exception) -> Form[Referring]:
    if isinstance(error, InvalidReferral):
        sentence = visit.speech(_SENTENCES[error.field])
        return form.with_errors({error.field: sentence}, visit.speech)
    return form.refused(error, visit.speech)


def _page(visit: OfficerRequest, form: Form[Referring], **values: Any) -> Response:  # noqa: ANN401
    agencies = visit.service.accounts.agencies.page(visit.actor, None, None)
    return visit.page(
        "refer.html",
        status=form.status,
        form=form,
        codes_of={each.id: each.code for each in agencies},
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
    found: dict[FieldGroup, list[Choice]] = {each: [] for each in FieldGroup}
    for each in fields:
        value = referral_fields.written(each, values.get(each.value), visit.codes, speech)
        choice = Choice(each.value, speech(labels.of(each)), value, photos.get(each.value, ""))
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
