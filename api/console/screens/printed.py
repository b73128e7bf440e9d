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

AlertReader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_ALERT))]
Prover = Annotated[OfficerRequest, Depends(RequirePermission(Permission.EXPORT_EVIDENCE))]
SubjectReader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_SUBJECT))]
ReferralHandler = Annotated[OfficerRequest, Depends(RequirePermission(Permission.HANDLE_REFERRAL))]
TipHandler = Annotated[OfficerRequest, Depends(RequirePermission(Permission.HANDLE_TIP))]

Make = Callable[[ReportReader], PrintedReport]


@router.get("/alerts/{alert_id}/report")
def alert(alert_id: str, visit: AlertReader) -> Response:
    """Show the report of an alert, to print."""
    return _page(visit, lambda reader: reader.alert(alert_id))


@router.get("/alerts/{alert_id}/report.pdf")
def alert_pdf(alert_id: str, visit: AlertReader) -> Response:
    """Return the report of an alert as PDF."""
    return _pdf(visit, lambda reader: reader.alert(alert_id))


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


@router.get("/subjects/{subject_id}/report")
def subject(subject_id: str, visit: SubjectReader) -> Response:
    """Show the report of a subject, to print."""
    return _page(visit, lambda reader: reader.subject(subject_id))


@router.get("/subjects/{subject_id}/report.pdf")
def subject_pdf(subject_id: str, visit: SubjectReader) -> Response:
    """Return the report of a subject as PDF."""
    return _pdf(visit, lambda reader: reader.subject(subject_id))


@router.get("/referrals/{referral_id}/report")
def referral(referral_id: str, visit: ReferralHandler) -> Response:
    """Show the report of a referral, to print."""
    return _page(visit, lambda reader: reader.referral(referral_id))


@router.get("/referrals/{referral_id}/report.pdf")
def referral_pdf(referral_id: str, visit: ReferralHandler) -> Response:
    """Return the report of a referral as PDF."""
    return _pdf(visit, lambda reader: reader.referral(referral_id))


@router.get("/tips/{tip_id}/report")
def tip(tip_id: str, visit: TipHandler) -> Response:
    """Show the report of a tip, to print."""
    return _page(visit, lambda reader: reader.tip(tip_id))


@router.get("/tips/{tip_id}/report.pdf")
def tip_pdf(tip_id: str, visit: TipHandler) -> Response:
    """Return the report of a tip as PDF."""
    return _pdf(visit, lambda reader: reader.tip(tip_id))


def _evidence_page(visit: OfficerRequest, alert_id: str, form: Form[EvidenceQuery]) -> Response:
    alert = visit.service.review.alerts.get(visit.actor, alert_id).alert
    signs = visit.service.kernel.audit.signers.private is not None
    return visit.page("evidence.html", status=form.status, alert=alert, form=form, signs=signs)


def _page(visit: OfficerRequest, make: Make) -> Response:
    made = make(ReportReader(visit.state, visit.actor, visit.speech, drawn=False))
    return visit.page("report.html", report=made)


def _pdf(visit: OfficerRequest, make: Make) -> Response:
    made = make(ReportReader(visit.state, visit.actor, visit.speech, drawn=True))
    name = "".join(each if each.isascii() and each.isalnum() else "-" for each in made.number)
    headers = {"Content-Disposition": f'inline; filename="siaga-{name}.pdf"'}
    return Response(as_pdf(made, visit.speech), media_type=MEDIA_TYPE, headers=headers)
