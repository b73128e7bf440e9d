"""Presets of referrals, kept by administrators and supervisors of the agency that sends."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from api import problems
from api.dependencies import Allowed, ReadVersion, TheReferralPresets, etag
from api.pages import Page, page_of
from api.routing import After, StrictRoute
from api.v1.presets.schemas import PresetIn, PresetOut, PresetPatch
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.tables import ReferralPreset

router: Final = APIRouter(prefix="/v1/referral-presets", tags=["presets"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_PRESET))]
Editor = Annotated[Actor, Depends(Allowed(Permission.EDIT_PRESET))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)
_MADE: Final = (*_COMMON, errors.NotFound, errors.AlreadyExists, errors.InvalidReferral)


@router.post(
    "",
    status_code=201,
    response_model=PresetOut,
    summary="Add a preset",
    responses=problems.responses(*_MADE),
)
def create(
    body: PresetIn, response: Response, presets: TheReferralPresets, actor: Editor
) -> PresetOut:
    """Add what your agency usually hands over to another for a purpose. It sends nothing."""
    row = presets.create(actor, body.new())
    response.headers["Location"] = f"/v1/referral-presets/{row.id}"
    return _answer(row, response)


@router.get(
    "",
    response_model=Page[PresetOut],
    summary="List presets",
    responses=problems.responses(*_COMMON),
)
def page(presets: TheReferralPresets, actor: Reader, query: After) -> Page[PresetOut]:
    """Return your agency's presets in order of making."""
    rows, following = page_of(lambda most: presets.page(actor, query.after, most), query.limit)
    return Page[PresetOut](items=[PresetOut.of(row) for row in rows], next=following)


@router.get(
    "/{preset_id}",
    response_model=PresetOut,
    summary="Read a preset",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(
    preset_id: str, response: Response, presets: TheReferralPresets, actor: Reader
) -> PresetOut:
    """Return one preset, with its version as ETag."""
    return _answer(presets.get(actor, preset_id), response)


@router.patch(
    "/{preset_id}",
    response_model=PresetOut,
    summary="Change a preset",
    responses=problems.responses(*_MADE, errors.StaleVersion),
)
def edit(
    preset_id: str,
    body: PresetPatch,
    response: Response,
    presets: TheReferralPresets,
    actor: Editor,
    version: ReadVersion,
) -> PresetOut:
    """Change a preset; referrals that were sent stay as they are."""
    return _answer(presets.edit(actor, preset_id, body.changes(), version), response)


@router.post(
    "/{preset_id}/remove",
    status_code=204,
    summary="Remove a preset",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def remove(preset_id: str, presets: TheReferralPresets, actor: Editor) -> None:
    """Remove a preset."""
    presets.remove(actor, preset_id)


def _answer(row: ReferralPreset, response: Response) -> PresetOut:
    response.headers["ETag"] = etag(row.version)
    return PresetOut.of(row)
