"""Bulk imports: an agency's own list in, with an answer for every row."""

import asyncio
from contextlib import suppress
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from api import problems
from api.dependencies import Allowed, TheImports, TheImportWorker, TheSettings
from api.pages import NumberedPage, Page, page_of
from api.problems import FieldProblem, RequestInvalid
from api.routing import Before, StrictRoute
from api.uploads import receive_files
from api.v1.common import ReasonIn
from api.v1.imports.schemas import (
    ImportOut,
    ImportQuery,
    RowFaultOut,
    RowFaultQuery,
    TemplateQuery,
    faults_as_csv,
    faults_as_json,
)
from api.v1.imports.template import template_answer
from casework.imports.template import TemplateForm
from casework.imports.upload import FILE, PHOTOS
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.tables import ImportJob

router: Final = APIRouter(prefix="/v1/imports", tags=["imports"], route_class=StrictRoute)

Importer = Annotated[Actor, Depends(Allowed(Permission.IMPORT))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)
_FILE: Final = {"type": "string", "format": "binary"}
_FORM: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": [FILE],
                "additionalProperties": False,
                "properties": {
                    FILE: {
                        **_FILE,
                        "description": "CSV, an Excel workbook, JSON Lines, FollowTheMoney "
                        "entities, INTERPOL notices or an ANSI/NIST-ITL file, known by its "
                        "content; or a ZIP with such a list and photos.",
                    },
                    PHOTOS: {**_FILE, "description": "A ZIP with the photos that rows name."},
                },
            }
        }
    },
}
_REPORT: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "model": NumberedPage[RowFaultOut],
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "description": "A page; or the whole report, as CSV or as a JSON array.",
    }
}


@router.post(
    "",
    status_code=202,
    response_model=ImportOut,
    summary="Import subjects",
    openapi_extra={"requestBody": _FORM},
    responses=problems.responses(
        *_COMMON,
        errors.NotFound,
        errors.TooManyImports,
        errors.ImportRefused,
        problems.BodyTooLarge,
    ),
)
async def create(
    request: Request,
    response: Response,
    imports: TheImports,
    settings: TheSettings,
    actor: Importer,
    worker: TheImportWorker,
    query: Annotated[ImportQuery, Query()],
) -> ImportOut:
    """Take a file in; its rows are worked on when nobody waits for a screening."""
    receiving = await asyncio.to_thread(
        imports.receive,
        actor,
        query.watchlist_id,
        dry_run=query.dry_run,
        strict=query.strict,
    )
    job: ImportJob | None = None
    try:
        seen = await receive_files(request, (FILE, PHOTOS), receiving.write)
        if FILE not in seen:
            message = "A file with the subjects is required."
            raise RequestInvalid(message, [FieldProblem(field=FILE, message=message)])
        job = await asyncio.to_thread(imports.accept, actor, receiving, settings.import_limits)
    finally:
        if job is None:
            # Also where the client is gone; what cannot be erased now is at the next tidying up.
            with suppress(Exception):
                await asyncio.shield(asyncio.to_thread(imports.discard, receiving))
    worker.wake()
    response.headers["Location"] = f"/v1/imports/{job.id}"
    return ImportOut.of(job)


@router.get(
    "",
    response_model=Page[ImportOut],
    summary="List imports",
    responses=problems.responses(*_COMMON),
)
def page(
    imports: TheImports,
    actor: Importer,
    query: Before,
) -> Page[ImportOut]:
    """Return your agency's imports, newest first."""
    rows, following = page_of(lambda most: imports.page(actor, query.before, most), query.limit)
    items = [ImportOut.of(row) for row in rows]
    return Page[ImportOut](items=items, next=following)


@router.get(
    "/template",
    summary="Read an empty list to fill in",
    response_class=Response,
    responses={
        200: {"content": {each.media_type.partition(";")[0]: {} for each in TemplateForm}},
        **problems.responses(*_COMMON),
    },
)
def template(actor: Importer, query: Annotated[TemplateQuery, Query()]) -> Response:
    """Return a list with nothing but its headings, which an import takes in either language."""
    del actor
    return template_answer(query.format, query.language)


@router.get(
    "/{import_id}",
    response_model=ImportOut,
    summary="Read an import",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(import_id: str, imports: TheImports, actor: Importer) -> ImportOut:
    """Return how far an import is."""
    return ImportOut.of(imports.get(actor, import_id))


@router.get(
    "/{import_id}/errors",
    response_model=NumberedPage[RowFaultOut],
    summary="Read what was wrong with rows",
    responses={**_REPORT, **problems.responses(*_COMMON, errors.NotFound)},
)
def faults(
    import_id: Annotated[str, Path()],
    imports: TheImports,
    actor: Importer,
    query: Annotated[RowFaultQuery, Query()],
) -> Any:  # noqa: ANN401 - a page, or a stream
    """Return the faults of rows in their order."""
    imports.get(actor, import_id)
    form = query.format
    if form != "page":
        found = imports.all_faults(actor, import_id)
        lines = faults_as_csv(found) if form == "csv" else faults_as_json(found)
        kind = "text/csv; charset=utf-8" if form == "csv" else "application/json"
        name = f"{import_id}-errors.{form}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(lines, media_type=kind, headers=headers)
    rows, following = page_of(
        lambda most: imports.faults(actor, import_id, query.after, most),
        query.limit,
        lambda row: row.id,
    )
    items = [RowFaultOut.of(row) for row in rows]
    return NumberedPage[RowFaultOut](items=items, next=following)


@router.post(
    "/{import_id}/cancel",
    response_model=ImportOut,
    summary="Cancel an import",
    responses=problems.responses(*_COMMON, errors.NotFound, errors.IllegalTransition),
)
def cancel(import_id: str, body: ReasonIn, imports: TheImports, actor: Importer) -> ImportOut:
    """Stop an import before its next rows; what it has stored stays."""
    return ImportOut.of(imports.cancel(actor, import_id, body.reason))
