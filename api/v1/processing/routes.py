"""Processing: what is done with people on no list, and by what right."""

from typing import Annotated, Final, Self

from fastapi import APIRouter, Depends
from pydantic import Field

from api import problems
from api.dependencies import Allowed, TheGrounds
from api.routing import StrictRoute
from api.v1.common import Answer
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.kernel.processing import Grounds, Processing

router: Final = APIRouter(prefix="/v1/processing", tags=["processing"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_AGENCY))]


class ProcessingOut(Answer):
    """One kind, on or off."""

    kind: Processing
    on: bool = Field(description="Off until the operator names the next three.")
    legal_basis: str | None
    purpose: str | None
    keep_days: int | None = Field(description="Days for which its records are kept.")

    @classmethod
    def stated(cls, kind: Processing, grounds: Grounds) -> Self:
        """Make the answer from the grounds."""
        ground = grounds.named.get(kind)
        if ground is None:
            return cls(kind=kind, on=False, legal_basis=None, purpose=None, keep_days=None)
        return cls.of_row(ground, kind=kind, on=True)


class ProcessingListOut(Answer):
    """All of it."""

    items: list[ProcessingOut]


@router.get(
    "",
    response_model=ProcessingListOut,
    summary="Read what is done with people on no list",
    responses=problems.responses(errors.NotAuthenticated, errors.NotPermitted),
)
def stated(grounds: TheGrounds, actor: Reader) -> ProcessingListOut:
    """Return what screens or follows people on no list, whether it is on, and by what right."""
    del actor  # everybody who works here may know
    return ProcessingListOut(items=[ProcessingOut.stated(kind, grounds) for kind in Processing])
