"""Every router of /v1, in the order in which addresses are tried."""

from typing import Final

from fastapi import APIRouter

from api.v1 import account, exports, sign_on, stream
from api.v1.agencies import routes as agencies
from api.v1.alerts import routes as alerts
from api.v1.approvals import routes as approvals
from api.v1.areas import ports as port_areas
from api.v1.areas import routes as areas
from api.v1.audit import routes as audit
from api.v1.calibrations import routes as calibrations
from api.v1.cases import figures as case_figures
from api.v1.cases import routes as cases
from api.v1.codes import categories, outcomes
from api.v1.compare import routes as compare
from api.v1.data_subject_report import routes as data_subject_report
from api.v1.duty import routes as duty
from api.v1.encounters import routes as encounters
from api.v1.health import routes as health
from api.v1.imports import routes as imports
from api.v1.keys import routes as keys
from api.v1.known_lookalikes import routes as known_lookalikes
from api.v1.objections import routes as objections
from api.v1.officers import routes as officers
from api.v1.offices import routes as offices
from api.v1.overstays import routes as overstays
from api.v1.permits import routes as permits
from api.v1.presets import routes as presets
from api.v1.processing import routes as processing
from api.v1.referrals import routes as referrals
from api.v1.reports import routes as reports
from api.v1.residences import routes as residences
from api.v1.searches import routes as searches
from api.v1.sessions import routes as sessions
from api.v1.stays import routes as stays
from api.v1.subjects import routes as subjects
from api.v1.teams import routes as teams
from api.v1.tips import routes as tips
from api.v1.watchlists import routes as watchlists
from api.v1.webhooks import routes as webhooks

ROUTERS: Final[tuple[APIRouter, ...]] = (
    encounters.router,
    health.router,  # asked every second or two
    stream.router,  # before `alerts`, whose `/{alert_id}` would take its address for an alert
    alerts.router,
    duty.router,
    searches.router,
    presets.router,
    referrals.router,
    tips.router,
    stays.router,
    cases.router,
    case_figures.router,
    compare.router,
    watchlists.router,
    categories.router,
    outcomes.router,
    areas.router,
    port_areas.router,
    offices.router,
    teams.router,
    exports.router,
    objections.router,
    residences.router,
    overstays.router,
    permits.router,
    known_lookalikes.router,
    subjects.router,
    imports.router,
    data_subject_report.router,
    calibrations.router,
    reports.router,
    webhooks.router,
    sessions.router,
    sign_on.router,
    account.router,
    agencies.router,
    officers.router,
    keys.router,
    approvals.router,
    audit.router,
    processing.router,
)
