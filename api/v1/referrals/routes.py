"""Referrals: what one agency hands to another, and what the two say about it."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response

from api import problems
from api.dependencies import (
    Allowed,
    ReadVersion,
    ThePhotos,
    TheReferrals,
    TheReferralSteps,
    TheZone,
    etag,
)
from api.pages import Page, page_of
from api.photos import PHOTO_CONTENT
from api.routing import StrictRoute
from api.v1.encounters.routes import PHOTO_ERRORS
from api.v1.referrals.schemas import (
    AlertReferralIn,
    AnsweringIn,
    MayNote,
    MustNote,
    ReferralOut,
    ReferralQuery,
    ReferralSummary,
)
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.kernel.stored_photo import UncheckedPhoto
from casework.referrals.referrals import Referrals

router: Final = APIRouter(tags=["referrals"], route_class=StrictRoute)

Handler = Annotated[Actor, Depends(Allowed(Permission.HANDLE_REFERRAL))]
Referrer = Annotated[Actor, Depends(Allowed(Permission.REFER_ALERT))]

COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)
STEP: Final = (*COMMON, errors.NotFound, errors.IllegalTransition, errors.StaleVersion)
_STEP: Final = problems.responses(*STEP)


@router.post(
    "/v1/alerts/{alert_id}/refer",
    status_code=201,
    response_model=ReferralOut,
    response_model_exclude_unset=True,
    summary="Hand an alert to another agency",
    responses=problems.responses(*STEP, errors.InvalidReferral),
)
def refer_alert(
    alert_id: str,
    body: AlertReferralIn,
    response: Response,
    steps: TheReferralSteps,
    referrals: TheReferrals,
    actor: Referrer,
    version: ReadVersion,
    zone: TheZone,
) -> ReferralOut:
    """Hand an alert over, with the fields that are named: the receiver sees those and no others.

    `If-Match` takes the alert's ETag.
    """
    row = steps.refer_alert(actor, alert_id, body.handover(zone), body.fields, version)
    return sent(referrals, actor, row.id, response)


@router.get(
    "/v1/referrals",
    response_model=Page[ReferralSummary],
    summary="List referrals",
    responses=problems.responses(*COMMON),
)
def page(
    referrals: TheReferrals,
    actor: Handler,
    query: Annotated[ReferralQuery, Query()],
) -> Page[ReferralSummary]:
    """Return referrals that your agency received, or those that it sent, newest first."""
    rows, following = page_of(
        lambda most: referrals.page(actor, query.before, most, query.chosen),
        query.limit,
        lambda pair: pair[0].id,
    )
    items = [ReferralSummary.of(row, overdue=late) for row, late in rows]
    return Page[ReferralSummary](items=items, next=following)


@router.get(
    "/v1/referrals/{referral_id}",
    response_model=ReferralOut,
    response_model_exclude_unset=True,
    summary="Read a referral",
    responses=problems.responses(*COMMON, errors.NotFound),
)
def read(
    referral_id: str, response: Response, referrals: TheReferrals, actor: Handler
) -> ReferralOut:
    """Return one referral with what it carries, with its version as ETag."""
    return _answer(referrals, actor, referral_id, response)


@router.get(
    "/v1/referrals/{referral_id}/photos/{name}",
    summary="Read a photo that a referral carries",
    response_class=Response,
    responses={
        200: {"content": PHOTO_CONTENT},
        **problems.responses(*COMMON, errors.NotFound, *PHOTO_ERRORS),
    },
)
def photo(
    referral_id: str, name: str, referrals: TheReferrals, actor: Handler, photos: ThePhotos
) -> Response:
    """Return the photo as it was when the referral was sent.

    In a format that browsers show: as it was sent, or as a JPEG of it; of a tip always a JPEG.
    """
    stored = referrals.photo(actor, referral_id, name)
    if isinstance(stored, UncheckedPhoto):
        return photos.answer(stored)
    return photos.response(stored.content, stored.format)


@router.post(
    "/v1/referrals/{referral_id}/accept",
    response_model=ReferralOut,
    response_model_exclude_unset=True,
    summary="Take a referral in hand",
    responses=_STEP,
)
def accept(
    referral_id: str,
    body: MayNote,
    response: Response,
    steps: TheReferralSteps,
    referrals: TheReferrals,
    actor: Handler,
    version: ReadVersion,
) -> ReferralOut:
    """Accept, as the receiver."""
    steps.accept(actor, referral_id, body.note, version)
    return _answer(referrals, actor, referral_id, response)


@router.post(
    "/v1/referrals/{referral_id}/decline",
    response_model=ReferralOut,
    response_model_exclude_unset=True,
    summary="Hand a referral back",
    responses=_STEP,
)
def decline(
    referral_id: str,
    body: MustNote,
    response: Response,
    steps: TheReferralSteps,
    referrals: TheReferrals,
    actor: Handler,
    version: ReadVersion,
) -> ReferralOut:
    """Decline, as the receiver; the sender may then turn to another agency."""
    steps.decline(actor, referral_id, body.note, version)
    return _answer(referrals, actor, referral_id, response)


@router.post(
    "/v1/referrals/{referral_id}/ask",
    response_model=ReferralOut,
    response_model_exclude_unset=True,
    summary="Ask the sender",
    responses=_STEP,
)
def ask(
    referral_id: str,
    body: MustNote,
    response: Response,
    steps: TheReferralSteps,
    referrals: TheReferrals,
    actor: Handler,
    version: ReadVersion,
) -> ReferralOut:
    """Ask something back, as the receiver."""
    steps.ask(actor, referral_id, body.note, version)
    return _answer(referrals, actor, referral_id, response)


@router.post(
    "/v1/referrals/{referral_id}/answer",
    response_model=ReferralOut,
    response_model_exclude_unset=True,
    summary="Answer",
    responses=problems.responses(*STEP, errors.InvalidReferral),
)
def answer(
    referral_id: str,
    body: AnsweringIn,
    response: Response,
    steps: TheReferralSteps,
    referrals: TheReferrals,
    actor: Handler,
    version: ReadVersion,
) -> ReferralOut:
    """Answer the receiver's question, as the sender, or state the outcome, as the receiver."""
    steps.answer(actor, referral_id, body.note, body.outcome, version)
    return _answer(referrals, actor, referral_id, response)


@router.post(
    "/v1/referrals/{referral_id}/close",
    response_model=ReferralOut,
    response_model_exclude_unset=True,
    summary="End a referral",
    responses=_STEP,
)
def close(
    referral_id: str,
    body: MayNote,
    response: Response,
    steps: TheReferralSteps,
    referrals: TheReferrals,
    actor: Handler,
    version: ReadVersion,
) -> ReferralOut:
    """End what is answered, or, as the sender, what was declined or not accepted yet."""
    steps.close(actor, referral_id, body.note, version)
    return _answer(referrals, actor, referral_id, response)


def sent(referrals: Referrals, actor: Actor, referral_id: str, response: Response) -> ReferralOut:
    """Answer with a referral that was made just now."""
    response.headers["Location"] = f"/v1/referrals/{referral_id}"
    return _answer(referrals, actor, referral_id, response)


def _answer(
    referrals: Referrals, actor: Actor, referral_id: str, response: Response
) -> ReferralOut:
    view = referrals.get(actor, referral_id)
    response.headers["ETag"] = etag(view.referral.version)
    return ReferralOut.seen(view)
