"""Presets of referrals: what the agency usually hands over to another for one purpose."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import labels
from api.console.forms import Form, FormData
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.console.referral_fields import FIELDS
from api.problems import RequestInvalid
from api.v1.presets.schemas import PresetIn, PresetPatch
from casework.kernel.errors import AlreadyExists, InvalidReferral, StaleVersion
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import ReferralKind
from casework.referrals.fields import FieldGroup, ReferralField
from casework.tables import ReferralPreset

router: Final = APIRouter(prefix="/referrals/presets", include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_PRESET))]
Editor = Annotated[OfficerRequest, Depends(RequirePermission(Permission.EDIT_PRESET))]

_DAYS: Final = "3"
_SENTENCES: Final = {
    "name": msg("Say what for."),
    "receiver_id": msg("Choose an agency."),
    "note": msg("Say what the other agency should do."),
    "days": msg("A number of days, 1 to 365."),
}
_WORDS: Final = frozenset({"name", "note", "days"})
_REFUSALS: Final = (RequestInvalid, InvalidReferral, AlreadyExists, StaleVersion)


@router.get("")
def show(visit: Reader) -> Response:
    """List the presets."""
    presets = visit.service.exchange.referral_presets
    found = presets.page(visit.actor, None, None)
    agencies = visit.service.accounts.agencies.page(visit.actor, None, None)
    return visit.page(
        "presets.html",
        presets=sorted(found, key=lambda row: (row.kind, row.name.casefold())),
        agencies={each.id: each for each in agencies},
        called={row.id: [visit.speech(labels.of(each)) for each in _carried(row)] for row in found},
        keeps=visit.may(Permission.EDIT_PRESET),
    )


@router.get("/new")
def blank(visit: Editor) -> Response:
    """Show the form of a new preset, of the kind that is asked for."""
    asked = visit.request.query_params.get("kind", "")
    kind = ReferralKind.TIP if asked == ReferralKind.TIP else ReferralKind.ALERT
    proposed = tuple(each.value for each in FIELDS[kind] if each.field.proposed)
    return _form(visit, Form(PresetIn, FormData({"fields": proposed, "days": (_DAYS,)})), kind)


@router.post("/new")
def create(visit: Editor) -> Response:
    """Add a preset."""
    form = Form(PresetIn, visit.posted, sentences=_SENTENCES)
    try:
        visit.service.exchange.referral_presets.create(visit.actor, form.parse().new())
    except _REFUSALS as error:
        tip = visit.posted.text("kind") == ReferralKind.TIP
        kind = ReferralKind.TIP if tip else ReferralKind.ALERT
        return _form(visit, form.refused(error, visit.speech), kind)
    return visit.go("/referrals/presets", done="saved")


@router.get("/{preset_id}/edit")
def fill(preset_id: str, visit: Editor) -> Response:
    """Show the form with what is kept."""
    row = visit.service.exchange.referral_presets.get(visit.actor, preset_id)
    return _form(visit, Form(PresetPatch, _typed(row)), ReferralKind(row.kind), row)


@router.post("/{preset_id}/edit")
def edit(preset_id: str, visit: Editor) -> Response:
    """Change a preset."""
    presets = visit.service.exchange.referral_presets
    form = Form(PresetPatch, visit.posted, sentences=_SENTENCES)
    try:
        # What is unticked is not sent: no field at all is a choice too.
        changes = {"fields": [], **form.parse().changes()}
        presets.edit(visit.actor, preset_id, changes, visit.posted.number("version"))
    except _REFUSALS as error:
        row = presets.get(visit.actor, preset_id)
        form = form.refused(error, visit.speech)
        if isinstance(error, StaleVersion):
            form = form.beside(_typed(row), visit.speech, _WORDS)
        return _form(visit, form, ReferralKind(row.kind), row)
    return visit.go("/referrals/presets", done="saved")


@router.post("/{preset_id}/remove")
def remove(preset_id: str, visit: Editor) -> Response:
    """Remove a preset."""
    visit.service.exchange.referral_presets.remove(visit.actor, preset_id)
    return visit.go("/referrals/presets", done="removed")


def _carried(row: ReferralPreset) -> Iterator[ReferralField]:
    return (each for each in FIELDS[ReferralKind(row.kind)] if each.value in row.fields)


def _typed(row: ReferralPreset) -> FormData:
    """Return what stands in the form of a preset."""
    return FormData(
        {
            "name": (row.name,),
            "receiver_id": (row.receiver_id,),
            "fields": tuple(row.fields),
            "note": (row.note,),
            "days": (str(row.days),),
        }
    )


def _form(
    visit: OfficerRequest,
    form: Form[Any],
    kind: ReferralKind,
    row: ReferralPreset | None = None,
) -> Response:
    speech = visit.speech
    groups: dict[FieldGroup, list[tuple[str, str]]] = {each: [] for each in FieldGroup}
    for each in FIELDS[kind]:
        groups[each.field.group].append((each.value, speech(labels.of(each))))
    agencies = visit.service.accounts.agencies.page(visit.actor, None, None)
    return visit.page(
        "preset_form.html",
        status=form.status,
        form=form,
        row=row,
        kind=kind,
        groups=[(speech(labels.GROUPS[group]), found) for group, found in groups.items() if found],
        agencies=[each for each in agencies if each.active and each.id != visit.actor.agency_id],
    )
