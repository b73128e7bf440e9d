"""The code list of categories: read by everybody, kept by who runs the installation."""

from typing import Final

from fastapi import APIRouter, Response

from api.dependencies import RequiredVersion, TheCategories, etag
from api.routing import StrictRoute
from api.v1.codes.keeping import EDITS, LISTS, MAKES, READS, REMOVES, Keeper, Reader
from api.v1.codes.schemas import CategoriesOut, CategoryIn, CategoryOut, CategoryPatch
from api.v1.common import ReasonIn
from casework.codes.coded import CodedCategory

router: Final = APIRouter(prefix="/v1/categories", tags=["categories"], route_class=StrictRoute)


@router.get(
    "",
    response_model=CategoriesOut,
    summary="List categories",
    responses=LISTS,
)
def page(codes: TheCategories, actor: Reader) -> CategoriesOut:
    """Return every category of watchlists, also those that are switched off."""
    return CategoriesOut(items=[CategoryOut.of(each) for each in codes.members(actor)])


@router.get("/{code}", response_model=CategoryOut, summary="Read a category", responses=READS)
def read(code: str, response: Response, codes: TheCategories, actor: Reader) -> CategoryOut:
    """Return one category, with its version as ETag."""
    return _answer(codes.get(actor, code), response)


@router.post(
    "", status_code=201, response_model=CategoryOut, summary="Add a category", responses=MAKES
)
def create(
    body: CategoryIn, response: Response, codes: TheCategories, actor: Keeper
) -> CategoryOut:
    """Add a category of the installation's own; its code begins with `x-`."""
    made = codes.create(actor, body.new())
    response.headers["Location"] = f"/v1/categories/{made.code}"
    return _answer(made, response)


@router.patch("/{code}", response_model=CategoryOut, summary="Change a category", responses=EDITS)
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


@router.post("/{code}/remove", status_code=204, summary="Remove a category", responses=REMOVES)
def remove(code: str, body: ReasonIn, codes: TheCategories, actor: Keeper) -> None:
    """Remove an own category that no watchlist and no alert has; others are switched off."""
    codes.remove(actor, code, body.reason)


def _answer(member: CodedCategory, response: Response) -> CategoryOut:
    response.headers["ETag"] = etag(member.version)
    return CategoryOut.of(member)
