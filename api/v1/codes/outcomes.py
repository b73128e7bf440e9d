"""The code list of outcomes: read by everybody, kept by who runs the installation."""

from typing import Final

from fastapi import APIRouter, Response

from api.dependencies import RequiredVersion, TheOutcomes, etag
from api.routing import StrictRoute
from api.v1.codes.keeping import EDITS, LISTS, MAKES, READS, REMOVES, Keeper, Reader
from api.v1.codes.schemas import OutcomeIn, OutcomeOut, OutcomePatch, OutcomesOut
from api.v1.common import ReasonIn
from casework.codes.coded import CodedOutcome

router: Final = APIRouter(prefix="/v1/outcomes", tags=["outcomes"], route_class=StrictRoute)


@router.get("", response_model=OutcomesOut, summary="List outcomes", responses=LISTS)
def page(codes: TheOutcomes, actor: Reader) -> OutcomesOut:
    """Return every outcome of alerts, also those that are switched off."""
    return OutcomesOut(items=[OutcomeOut.of(each) for each in codes.members(actor)])


@router.get("/{code}", response_model=OutcomeOut, summary="Read an outcome", responses=READS)
def read(code: str, response: Response, codes: TheOutcomes, actor: Reader) -> OutcomeOut:
    """Return one outcome, with its version as ETag."""
    return _answer(codes.get(actor, code), response)


@router.post(
    "", status_code=201, response_model=OutcomeOut, summary="Add an outcome", responses=MAKES
)
def create(body: OutcomeIn, response: Response, codes: TheOutcomes, actor: Keeper) -> OutcomeOut:
    """Add an outcome of the installation's own; its code begins with `x-`."""
    made = codes.create(actor, body.new())
    response.headers["Location"] = f"/v1/outcomes/{made.code}"
    return _answer(made, response)


@router.patch("/{code}", response_model=OutcomeOut, summary="Change an outcome", responses=EDITS)
def edit(
    code: str,
    body: OutcomePatch,
    response: Response,
    codes: TheOutcomes,
    actor: Keeper,
    version: RequiredVersion,
) -> OutcomeOut:
    """Change the fields that are sent; what a built-in outcome means stays.

    Alerts that have ended keep what the outcome meant for the traveller then.
    """
    return _answer(codes.edit(actor, code, body.changes(), version, body.why), response)


@router.post("/{code}/remove", status_code=204, summary="Remove an outcome", responses=REMOVES)
def remove(code: str, body: ReasonIn, codes: TheOutcomes, actor: Keeper) -> None:
    """Remove an own outcome that no alert and no referral ended with; others are switched off."""
    codes.remove(actor, code, body.reason)


def _answer(member: CodedOutcome, response: Response) -> OutcomeOut:
    response.headers["ETag"] = etag(member.version)
    return OutcomeOut.of(member)
