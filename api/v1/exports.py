"""Exports: an agency's own list out, as an import takes it in."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from api import problems
from api.dependencies import Allowed, TheExports
from api.queries import QueryModel
from api.routing import StrictRoute
from casework.imports.exports import ZIP_TYPE, ExportForm
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission

router: Final = APIRouter(prefix="/v1/watchlists", tags=["watchlists"], route_class=StrictRoute)

Exporter = Annotated[Actor, Depends(Allowed(Permission.EXPORT_WATCHLIST))]

_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            **{
                form.media_type.partition(";")[0]: {"schema": {"type": "string"}}
                for form in ExportForm
                if form.media_type != ZIP_TYPE
            },
            ZIP_TYPE: {"schema": {"type": "string", "format": "binary"}},
        },
        "description": "The list; with photos, a ZIP of the list and every photo.",
    }
}


class ExportQuery(QueryModel):
    """How a list is exported."""

    format: ExportForm = Field(default=ExportForm.CSV, description="How the subjects are written.")
    photos: bool = Field(default=False, description="Send a ZIP with the photos.")


@router.get(
    "/{watchlist_id}/export",
    response_class=StreamingResponse,
    summary="Export a watchlist",
    responses={
        **_ANSWERS,
        **problems.responses(
            errors.NotAuthenticated,
            errors.NotPermitted,
            problems.RequestInvalid,
            errors.NotFound,
            errors.IllegalTransition,
        ),
    },
)
def export(
    watchlist_id: str,
    exports: TheExports,
    actor: Exporter,
    query: Annotated[ExportQuery, Query()],
) -> StreamingResponse:
    """Return the subjects of one list of your own agency; `POST /v1/imports` takes it as it is."""
    export = exports.export(actor, watchlist_id, query.format, photos=query.photos)
    headers = {"Content-Disposition": f'attachment; filename="{export.file_name}"'}
    return StreamingResponse(export.content, media_type=export.media_type, headers=headers)
