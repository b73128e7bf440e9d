"""Printed reports: of an alert, a subject, a referral, a tip; as a page to print, and as PDF."""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console.forms import Form
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.console.printed.document import PrintedReport
from api.console.printed.evidence import bundle_answer, evidence_reports
from api.console.printed.gather import ReportReader
from api.console.printed.pdf import MEDIA_TYPE, as_pdf
from api.problems import RequestInvalid
from api.v1.alerts.schemas import EvidenceQuery
from casework.kernel.errors import IllegalTransition
from casework.kernel.permissions import Permission
from casework.screening.searches import LEAST_PURPOSE

router: Final = APIRouter(include_in_schema=False)

Prover = Annotated[OfficerRequest, Depends(RequirePermission(Permission.EXPORT_EVIDENCE))]
Make = Callable[[ReportReader, str], PrintedReport]


def _printed(path: str, permission: Permission, make: Make) -> None:
    """Put the two forms of a report at its addresses: as a page to print, and as PDF."""
    reader = Depends(RequirePermission(permission))

    @router.get(f"{path}/report")
    def page(object_id: str, visit: Annotated[OfficerRequest, reader]) -> Response:
        made = make(ReportReader(visit.state, visit.actor, visit.speech, drawn=False), object_id)
        return visit.page("report.html", report=made)

    @router.get(f"{path}/report.pdf")
    def pdf(object_id: str, visit: Annotated[OfficerRequest, reader]) -> Response:
        made = make(ReportReader(visit.state, visit.actor, visit.speech, drawn=True), object_id)
        name = "".join(each if each.isascii() and each.isalnum() else "-" for each in made.number)
        headers = {"Content-Disposition": f'inline; filename="siaga-{name}.pdf"'}
        return Response(as_pdf(made, visit.speech), media_type=MEDIA_TYPE, headers=headers)


_printed("/alerts/{object_id}", Permission.READ_ALERT, ReportReader.alert)
_printed("/subjects/{object_id}", Permission.READ_SUBJECT, ReportReader.subject)
_printed("/referrals/{object_id}", Permission.HANDLE_REFERRAL, ReportReader.referral)
_printed("/tips/{object_id}", Permission.HANDLE_TIP, ReportReader.tip)


@router.get("/alerts/{alert_id}/evidence")
def ask_evidence(alert_id: str, visit: Prover) -> Response:
    """Ask for what purpose an evidence bundle is made."""
    return _evidence_page(visit, alert_id, Form(EvidenceQuery))


@router.post("/alerts/{alert_id}/evidence")
def evidence(alert_id: str, visit: Prover) -> Response:
    """Make an evidence bundle, and send it as a file to keep."""
    sentences = {"purpose": msg("Say what the bundle is for: at least %(count)s letters.")}
    form = Form(EvidenceQuery, visit.posted, sentences=sentences, gaps={"count": LEAST_PURPOSE})
    reports = evidence_reports(visit.state, visit.actor, alert_id)
    try:
        purpose = form.parse().purpose
        made = visit.service.review.evidence.make(visit.actor, alert_id, purpose, reports)
    except (RequestInvalid, IllegalTransition) as error:
        return _evidence_page(visit, alert_id, form.refused(error, visit.speech))
    return bundle_answer(made)


def _evidence_page(visit: OfficerRequest, alert_id: str, form: Form[EvidenceQuery]) -> Response:
    alert = visit.service.review.alerts.get(visit.actor, alert_id).alert
    signs = visit.service.kernel.audit.signers.private is not None
    return visit.page("evidence.html", status=form.status, alert=alert, form=form, signs=signs)
