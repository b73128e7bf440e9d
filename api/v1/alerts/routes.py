"""Alerts: the queue of the officers, and the steps of their review."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response

from api import problems
from api.console.printed.evidence import BUNDLE, bundle_answer, evidence_reports
from api.dependencies import (
    Allowed,
    ReadVersion,
    TheAlerts,
    TheDecisions,
    TheEvidence,
    TheNearby,
    ThePhotos,
    TheState,
    TheZone,
    etag,
)
from api.pages import Page, page_of
from api.photos import PHOTO_CONTENT
from api.routing import StrictRoute
from api.v1.alerts.schemas import (
    AlertOut,
    AlertQuery,
    AlertSummary,
    ClosingIn,
    CorrectionIn,
    EvidenceQuery,
    FindingIn,
)
from api.v1.tips.schemas import NearbyTipOut, NearbyTipsOut
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.review.alerts import PORTRAIT_FORMAT, Alerts
from detector.containers.base import PhotoFormat

router: Final = APIRouter(prefix="/v1/alerts", tags=["alerts"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_ALERT))]
Taker = Annotated[Actor, Depends(Allowed(Permission.ACKNOWLEDGE_ALERT))]
Decider = Annotated[Actor, Depends(Allowed(Permission.DECIDE_ALERT))]
Confirmer = Annotated[Actor, Depends(Allowed(Permission.CONFIRM_ALERT))]
Withdrawer = Annotated[Actor, Depends(Allowed(Permission.WITHDRAW_OPINION))]
Closer = Annotated[Actor, Depends(Allowed(Permission.CLOSE_ALERT))]
Corrector = Annotated[Actor, Depends(Allowed(Permission.CORRECT_ALERT))]
Prover = Annotated[Actor, Depends(Allowed(Permission.EXPORT_EVIDENCE))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)
_STEP: Final = problems.responses(
    *_COMMON, errors.NotFound, errors.IllegalTransition, errors.StaleVersion
)


@router.get(
    "",
    response_model=Page[AlertSummary],
    summary="List alerts",
    responses=problems.responses(*_COMMON),
)
def page(
    alerts: TheAlerts,
    actor: Reader,
    query: Annotated[AlertQuery, Query()],
    zone: TheZone,
) -> Page[AlertSummary]:
    """Return the alerts of your agency's watchlists and of those shared with it, newest first."""
    chosen = query.chosen(actor, zone)
    rows, following = page_of(
        lambda most: alerts.page(actor, query.before, most, chosen), query.limit
    )
    items = [AlertSummary.of(row, actor) for row in rows]
    return Page[AlertSummary](items=items, next=following)


@router.get(
    "/{alert_id}",
    response_model=AlertOut,
    summary="Read an alert",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(alert_id: str, response: Response, alerts: TheAlerts, actor: Reader) -> AlertOut:
    """Return one alert, with its version as ETag."""
    return _answer(alerts, actor, alert_id, response)


@router.get(
    "/{alert_id}/tips",
    response_model=NearbyTipsOut,
    summary="List tips near the listed guest of an alert",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def nearby_tips(alert_id: str, near: TheNearby, actor: Reader) -> NearbyTipsOut:
    """Return your agency's tips from the area of the stay, or that name the lodging or the person.

    From two weeks before the stay to two weeks after it; none of an alert at another stage, and
    none to who may not work on tips.
    """
    return NearbyTipsOut(items=[NearbyTipOut.of(each) for each in near.tips(actor, alert_id)])


@router.get(
    "/{alert_id}/probe",
    summary="Read the traveller's photo",
    response_class=Response,
    responses={
        200: {"content": {PhotoFormat(PORTRAIT_FORMAT).media_type: {}}},
        **problems.responses(*_COMMON, errors.NotFound),
    },
)
def probe(alert_id: str, alerts: TheAlerts, actor: Reader, photos: ThePhotos) -> Response:
    """Return the traveller's face, cut out of the arrival photo."""
    content = alerts.probe(actor, alert_id)
    return photos.response(content, PORTRAIT_FORMAT)


@router.get(
    "/{alert_id}/reference",
    summary="Read the reference photo",
    response_class=Response,
    responses={
        200: {"content": {PhotoFormat(PORTRAIT_FORMAT).media_type: {}}},
        **problems.responses(*_COMMON, errors.NotFound),
    },
)
def reference(alert_id: str, alerts: TheAlerts, actor: Reader, photos: ThePhotos) -> Response:
    """Return the face of the reference that the gate sent, such as the photo of a chip."""
    content = alerts.reference(actor, alert_id)
    return photos.response(content, PORTRAIT_FORMAT)


@router.get(
    "/{alert_id}/enrolled",
    summary="Read the enrolled photo",
    response_class=Response,
    responses={
        200: {"content": PHOTO_CONTENT},
        **problems.responses(*_COMMON, errors.NotFound),
    },
)
def enrolled(alert_id: str, alerts: TheAlerts, actor: Reader, photos: ThePhotos) -> Response:
    """Return the photo that the subject was found by.

    In a format that browsers show: as it was sent, or as a JPEG of it.
    """
    stored = alerts.enrolled(actor, alert_id)
    return photos.response(stored.content, stored.format)


@router.get(
    "/{alert_id}/evidence",
    summary="Make an evidence bundle",
    response_class=Response,
    responses={
        200: {"content": {BUNDLE: {}}},
        **problems.responses(*_COMMON, errors.NotFound, errors.IllegalTransition),
    },
)
def evidence(
    alert_id: str,
    bundles: TheEvidence,
    actor: Prover,
    state: TheState,
    query: Annotated[EvidenceQuery, Query()],
) -> Response:
    """Return all that is kept of an alert as a ZIP, which `siaga evidence verify` checks offline.

    The photos, the records, the report in both languages, and the audit trail's records about it.
    """
    reports = evidence_reports(state, actor, alert_id)
    return bundle_answer(bundles.make(actor, alert_id, query.purpose, reports))


@router.post(
    "/{alert_id}/acknowledge", response_model=AlertOut, summary="Take an alert", responses=_STEP
)
def acknowledge(
    alert_id: str,
    response: Response,
    decisions: TheDecisions,
    alerts: TheAlerts,
    actor: Taker,
    version: ReadVersion,
) -> AlertOut:
    """Take an alert, so that every other officer sees it is in hand; a supervisor can take over."""
    decisions.acknowledge(actor, alert_id, version)
    return _answer(alerts, actor, alert_id, response)


@router.post(
    "/{alert_id}/decide", response_model=AlertOut, summary="Give an opinion", responses=_STEP
)
def decide(
    alert_id: str,
    body: FindingIn,
    response: Response,
    decisions: TheDecisions,
    alerts: TheAlerts,
    actor: Decider,
    version: ReadVersion,
) -> AlertOut:
    """Say what you found by comparing the two faces by eye."""
    decisions.decide(actor, alert_id, body.finding, version)
    return _answer(alerts, actor, alert_id, response)


@router.post(
    "/{alert_id}/confirm",
    response_model=AlertOut,
    summary="Give the second opinion",
    responses=_STEP,
)
def confirm(
    alert_id: str,
    body: FindingIn,
    response: Response,
    decisions: TheDecisions,
    alerts: TheAlerts,
    actor: Confirmer,
    version: ReadVersion,
) -> AlertOut:
    """Say what you found, as another officer than the first; what that one said is not shown."""
    decisions.confirm(actor, alert_id, body.finding, version)
    return _answer(alerts, actor, alert_id, response)


@router.post(
    "/{alert_id}/withdraw",
    response_model=AlertOut,
    summary="Take an opinion back",
    responses=_STEP,
)
def withdraw(
    alert_id: str,
    response: Response,
    decisions: TheDecisions,
    alerts: TheAlerts,
    actor: Withdrawer,
    version: ReadVersion,
) -> AlertOut:
    """Take your opinion back, within ten seconds and before any other step.

    It stays in the alert's history and counts no more; the alert is in your hands again. Until the
    ten seconds are over, a port does not let the traveller go on for it.
    """
    decisions.withdraw(actor, alert_id, version)
    return _answer(alerts, actor, alert_id, response)


@router.post("/{alert_id}/close", response_model=AlertOut, summary="End an alert", responses=_STEP)
def close(
    alert_id: str,
    body: ClosingIn,
    response: Response,
    decisions: TheDecisions,
    alerts: TheAlerts,
    actor: Closer,
    version: ReadVersion,
) -> AlertOut:
    """End an alert with what became of the traveller."""
    decisions.close(actor, alert_id, body.disposal, body.note, version)
    return _answer(alerts, actor, alert_id, response)


@router.post(
    "/{alert_id}/correct",
    response_model=AlertOut,
    summary="Correct how an alert was closed",
    responses=_STEP,
)
def correct(
    alert_id: str,
    body: CorrectionIn,
    response: Response,
    decisions: TheDecisions,
    alerts: TheAlerts,
    actor: Corrector,
    version: ReadVersion,
) -> AlertOut:
    """Give another outcome to a closed alert, or have it reviewed again.

    What it was closed with stays among its steps; reports count the outcome that it has now.
    """
    decisions.correct(actor, alert_id, body.reason, body.disposal, version)
    return _answer(alerts, actor, alert_id, response)


def _answer(alerts: Alerts, actor: Actor, alert_id: str, response: Response) -> AlertOut:
    view = alerts.get(actor, alert_id)
    response.headers["ETag"] = etag(view.alert.version)
    return AlertOut.seen(view, actor)
