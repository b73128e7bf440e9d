"""Two photos side by side: nothing of them is kept; that they were compared is recorded."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import messages
from api.console.forms import Form
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.dependencies import Workers, work_place
from api.v1.common import Strict
from api.v1.compare.routes import compared
from api.v1.compare.schemas import CompareOut
from casework.calibration.thresholds import RAREST
from casework.kernel.audit.log import AuditEntry
from casework.kernel.permissions import Permission
from detector.errors import PhotoError
from detector.pipeline import Analysis

router: Final = APIRouter(include_in_schema=False)

Comparer = Annotated[OfficerRequest, Depends(RequirePermission(Permission.COMPARE))]

PHOTOS: Final = ("first", "second")
_NOTHING_COMPARED: Final = msg("Nothing was compared. Look at the photos that are marked.")


@router.get("/compare")
def ask(visit: Comparer) -> Response:
    """Show the form."""
    return _page(visit, _form(visit))


@router.post("/compare", dependencies=[work_place(RequirePermission(Permission.COMPARE))])
async def compare(visit: Comparer, pool: Workers) -> Response:
    """Tell how alike the faces of two photos are."""
    service, files, form = visit.service, visit.posted.files, _form(visit)
    choose = visit.speech("Choose one photo.")
    missing = {name: choose for name in PHOTOS if len(files.get(name, ())) != 1}
    if missing:
        return await asyncio.to_thread(_page, visit, form.with_errors(missing, visit.speech))
    faces: dict[str, Analysis] = {}

    def work() -> None:
        for name in PHOTOS:
            faces[name] = service.pipeline.analyse(files[name][0].content)

    try:
        await pool.run(visit.request, work)
    except PhotoError as error:
        # The first that is missing is the one that was refused.
        refused = {PHOTOS[len(faces)]: messages.translated_error(error, visit.speech)}
        return await asyncio.to_thread(_page, visit, form.with_errors(refused, visit.speech))
    entry = AuditEntry(visit.actor, Permission.COMPARE)
    await asyncio.to_thread(service.kernel.audit.note, entry)
    return await asyncio.to_thread(
        _page,
        visit,
        form,
        compared(service.calibration.prior.curve, faces["first"], faces["second"]),
    )


def _form(visit: OfficerRequest) -> Form[Strict]:
    """Return the form, of which there is nothing but photos."""
    return Form(Strict, visit.posted, refusal=_NOTHING_COMPARED)


def _page(visit: OfficerRequest, form: Form[Strict], result: CompareOut | None = None) -> Response:
    one_in = None
    if result is not None and result.false_match_rate is not None:
        one_in = min(float(f"{1 / max(result.false_match_rate, 1 / RAREST):.2g}"), RAREST)
    return visit.page(
        "compare.html",
        status=form.status,
        form=form,
        result=result,
        one_in=one_in,
        rarest=RAREST,
    )
