"""Processing: what is done with people on no list, and by what right."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console.page import OfficerRequest, RequirePermission
from casework.kernel.permissions import Permission
from casework.kernel.processing import Processing

router: Final = APIRouter(include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_AGENCY))]


@router.get("/processing")
def show(visit: Reader) -> Response:
    """State what is on, and on what grounds."""
    named = visit.service.grounds.named
    return visit.page("processing.html", kinds=[(kind, named.get(kind)) for kind in Processing])
