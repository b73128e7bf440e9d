"""Exports: an agency's own list out, as an import takes it in."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from api import problems
from api.dependencies import Allowed, TheExports
from api.queries import QueryModel
from api.routing import StrictRoute
from casework.imports.exports import ExportForm
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission

router: Final = APIRouter(prefix="/v1/watchlists", tags=["watchlists"], route_class=StrictRoute)

Exporter = Annotated[Actor, Depends(Allowed(Permission.EXPORT_WATCHLIST))]

_ZIP: Final = "application/zip"
_KINDS: Final = {
    ExportForm.CSV: "text/csv; charset=utf-8",
    ExportForm.JSONL: "application/x-ndjson",
}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/x-ndjson": {"schema": {"type": "string"}},
            _ZIP: {"schema": {"type": "string", "format": "binary"}},
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
            errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid, errors.NotFound
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
    form, photos = query.format, query.photos
    export = exports.export(actor, watchlist_id, form, photos=photos)
    suffix = "zip" if photos else form.value
    return StreamingResponse(
        export.content,
        media_type=_ZIP if photos else _KINDS[form],
        headers={
            "Content-Disposition": f'attachment; filename="{watchlist_id}.{suffix}"',
        },
    )
