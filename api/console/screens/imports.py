"""Bulk imports: a file for one of the agency's lists, tried first or stored at once; exports."""

import asyncio
from contextlib import suppress
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.responses import Response

from api.console import danger
from api.console.danger import Question
from api.console.forms import Form, FormData
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.problems import RequestInvalid
from api.v1.imports.schemas import ImportOut, RowFaultOut, faults_as_csv
from api.v1.imports.template import template_answer
from casework.imports.exports import ExportForm
from casework.imports.template import TemplateForm
from casework.imports.upload import FILE, PHOTOS
from casework.kernel.errors import CaseworkError
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import ImportState
from casework.tables import ImportJob
from casework.watchlists.enrolment import PhotoFile

router: Final = APIRouter(include_in_schema=False)

Importer = Annotated[OfficerRequest, Depends(RequirePermission(Permission.IMPORT))]
Exporter = Annotated[OfficerRequest, Depends(RequirePermission(Permission.EXPORT_WATCHLIST))]

_PAGE_SIZE: Final = 50
_MOST_FAULTS: Final = 200
_PIECE: Final = 256 * 1024
_SENTENCES: Final = {FILE: msg("Choose a file.")}
_AT_WORK: Final = frozenset({ImportState.QUEUED, ImportState.RUNNING})


class UploadForm(BaseModel):
    """What the form of an import sends."""

    file: PhotoFile
    photos: PhotoFile | None = None
    dry_run: bool
    strict: bool


@router.get("/imports")
def page(visit: Importer) -> Response:
    """List the agency's imports, newest first."""
    rows = visit.service.exchange.imports.page(visit.actor, None, _PAGE_SIZE)
    lists = {each.id: each for each in visit.service.lists.watchlists.page(visit.actor, None, 500)}
    return visit.page("imports.html", jobs=[ImportOut.of(row) for row in rows], lists=lists)


@router.get("/watchlists/{watchlist_id}/import")
def blank(watchlist_id: str, visit: Importer) -> Response:
    """Show the form of an import into one list."""
    return _form(visit, watchlist_id, Form(UploadForm))


@router.post("/watchlists/{watchlist_id}/import")
async def create(watchlist_id: str, visit: Importer) -> Response:
    """Take a file in, and go to where its progress is shown."""
    form = Form(UploadForm, visit.posted, _read, _SENTENCES)
    try:
        job = await asyncio.to_thread(_receive, visit, watchlist_id, form.parse())
    except (RequestInvalid, CaseworkError) as error:
        refused = form.refused(error, visit.speech)
        return await asyncio.to_thread(_form, visit, watchlist_id, refused)
    visit.state.importing.wake()
    return visit.go(f"/imports/{job.id}")


@router.get("/imports/template")
def template(visit: Importer) -> Response:
    """Send an empty list to fill in, with the headings of the reader's language."""
    form = visit.request.query_params.get("form", "")
    chosen = TemplateForm(form) if form in set(TemplateForm) else TemplateForm.XLSX
    return template_answer(chosen, visit.speech.language)


@router.get("/imports/{import_id}")
def show(import_id: str, visit: Importer) -> Response:
    """Show how far an import is; the page asks again by itself until it is done."""
    imports, actor = visit.service.exchange.imports, visit.actor
    job = imports.get(actor, import_id)
    faults = imports.faults(actor, import_id, None, _MOST_FAULTS)
    return visit.page(
        "import.html",
        job=ImportOut.of(job),
        failure_sentence=job.failure_sentence,
        at_work=job.state in _AT_WORK,
        faults=[(each, RowFaultOut.of(each).warning) for each in faults],
    )


@router.get("/imports/{import_id}/faults.csv")
def report(import_id: str, visit: Importer) -> Response:
    """Send every fault as CSV."""
    faults = visit.service.exchange.imports.all_faults(visit.actor, import_id)
    headers = {"Content-Disposition": f'attachment; filename="{import_id}.csv"'}
    return StreamingResponse(faults_as_csv(faults), media_type="text/csv", headers=headers)


@router.get("/imports/{import_id}/cancel")
def ask_cancel(import_id: str, visit: Importer) -> Response:
    """Ask before an import is stopped."""
    return danger.ask(visit, _cancelling(visit, import_id))


@router.post("/imports/{import_id}/cancel")
def cancel(import_id: str, visit: Importer) -> Response:
    """Stop an import; what it has stored stays."""

    def cancel(reason: str) -> Response:
        visit.service.exchange.imports.cancel(visit.actor, import_id, reason)
        return visit.go(f"/imports/{import_id}", done="saved")

    return danger.answered(visit, lambda: _cancelling(visit, import_id), cancel)


def _cancelling(visit: OfficerRequest, import_id: str) -> Question:
    """Return what stopping an import is asked about."""
    speech, actor = visit.speech, visit.actor
    job = visit.service.exchange.imports.get(actor, import_id)
    says = (
        speech(
            "Dealt with so far: %(done)s of %(rows)s rows. What is stored stays.",
            done=speech.number(job.done),
            rows=speech.number(job.rows),
        ),
        speech("Nobody of the other rows gets onto the watchlist."),
        speech("It cannot go on: import the same file again."),
    )
    back = f"/imports/{import_id}"
    name = visit.service.lists.watchlists.get(actor, job.watchlist_id).name
    return Question(speech("Cancel this import?"), name, says, speech("Cancel the import"), back)


@router.get("/watchlists/{watchlist_id}/export")
def export(watchlist_id: str, visit: Exporter) -> Response:
    """Send the list in a form that an import takes as it is, CSV if none is chosen."""
    query = visit.request.query_params
    form = next((each for each in ExportForm if each == query.get("form")), ExportForm.CSV)
    photos = query.get("photos") == "yes"
    found = visit.service.exchange.exports.export(visit.actor, watchlist_id, form, photos=photos)
    headers = {"Content-Disposition": f'attachment; filename="{found.file_name}"'}
    return StreamingResponse(found.content, media_type=found.media_type, headers=headers)


def _read(typed: FormData, model: type[UploadForm]) -> dict[str, object]:
    """Return the files, and how they are taken in."""
    del model
    chosen = {name: typed.text(name) == "yes" for name in ("dry_run", "strict")}
    files = {name: typed.files[name][0] for name in (FILE, PHOTOS) if name in typed.files}
    return {**files, **chosen}


def _receive(visit: OfficerRequest, watchlist_id: str, upload: UploadForm) -> ImportJob:
    imports = visit.service.exchange.imports
    receiving = imports.receive(
        visit.actor, watchlist_id, dry_run=upload.dry_run, strict=upload.strict
    )
    job: ImportJob | None = None
    try:
        for name, file in ((FILE, upload.file), (PHOTOS, upload.photos)):
            content = file.content if file is not None else b""
            for start in range(0, len(content), _PIECE):
                receiving.write(name, content[start : start + _PIECE])
        limits = visit.state.settings.import_limits
        job = imports.accept(visit.actor, receiving, limits)
        return job
    finally:
        if job is None:
            with suppress(Exception):  # what cannot be erased now is at the next tidying up
                imports.discard(receiving)


def _form(visit: OfficerRequest, watchlist_id: str, form: Form[UploadForm]) -> Response:
    row = visit.service.lists.watchlists.get(visit.actor, watchlist_id)
    return visit.page("import_form.html", status=form.status, watchlist=row, form=form)
