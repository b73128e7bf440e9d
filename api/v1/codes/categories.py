"""The code list of categories: read by everybody, kept by who runs the installation."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from api import problems
from api.dependencies import Allowed, RequiredVersion, TheCategories, etag
from api.routing import StrictRoute
from api.v1.codes.schemas import CategoriesOut, CategoryIn, CategoryOut, CategoryPatch
from api.v1.common import ReasonIn
from casework.codes.coded import CodedCategory
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission

router: Final = APIRouter(prefix="/v1/categories", tags=["categories"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_CODE))]
Keeper = Annotated[Actor, Depends(Allowed(Permission.EDIT_CODE))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)
_MAKES: Final = problems.responses(*_COMMON, errors.AlreadyExists, errors.CodeRefused)
_READS: Final = problems.responses(*_COMMON, errors.NotFound)
_EDITS: Final = problems.responses(
    *_COMMON,
    errors.NotFound,
    errors.StaleVersion,
    problems.VersionRequired,
    errors.CodeRefused,
    errors.ReasonMissing,
)
_REMOVES: Final = problems.responses(*_COMMON, errors.NotFound, errors.StillInUse)


@router.get(
    "",
    response_model=CategoriesOut,
    summary="List categories",
    responses=problems.responses(*_COMMON),
)
def page(codes: TheCategories, actor: Reader) -> CategoriesOut:
    """Return every category of watchlists, also those that are switched off."""
    return CategoriesOut(items=[CategoryOut.of(each) for each in codes.members(actor)])


@router.get("/{code}", response_model=CategoryOut, summary="Read a category", responses=_READS)
def read(code: str, response: Response, codes: TheCategories, actor: Reader) -> CategoryOut:
    """Return one category, with its version as ETag."""
    return _answer(codes.get(actor, code), response)


@router.post(
    "", status_code=201, response_model=CategoryOut, summary="Add a category", responses=_MAKES
)
def create(
    body: CategoryIn, response: Response, codes: TheCategories, actor: Keeper
) -> CategoryOut:
    """Add a category of the installation's own; its code begins with `x-`."""
    made = codes.create(actor, body.new())
    response.headers["Location"] = f"/v1/categories/{made.code}"
    return _answer(made, response)


@router.patch("/{code}", response_model=CategoryOut, summary="Change a category", responses=_EDITS)
def edit(
    code: str,
    body: CategoryPatch,
    response: Response,
    codes: TheCategories,
    actor: Keeper,
    version: RequiredVersion,
) -> CategoryOut:
    """Change the fields that are sent, of a built-in category or an own one.

    They count from the next screening on, for every list of the category whose owner has written
    nothing else.
    """
    return _answer(codes.edit(actor, code, body.changes(), version, body.why), response)


@router.post("/{code}/remove", status_code=204, summary="Remove a category", responses=_REMOVES)
def remove(code: str, body: ReasonIn, codes: TheCategories, actor: Keeper) -> None:
    """Remove an own category that no watchlist and no alert has; others are switched off."""
    codes.remove(actor, code, body.reason)


def _answer(member: CodedCategory, response: Response) -> CategoryOut:
    response.headers["ETag"] = etag(member.version)
    return CategoryOut.of(member)
