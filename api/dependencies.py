"""What a route can ask for in its signature: the service, the actor, a place among the workers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Annotated, Any, Final, cast

from fastapi import Depends, Header, Request
from fastapi.params import Depends as DependsParameter
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.background.imports import ImportWorker
from api.background.stays import StayWorker
from api.callers import CALLER, recognise
from api.devices import device_of
from api.forms import receive_body
from api.limits import Cost
from api.metrics import Metrics
from api.photos import PhotoAnswers
from api.problems import FieldProblem, RequestInvalid, VersionRequired
from api.state import State, state_of
from api.streams import Streams
from api.workers import PLACE, Overloaded, WorkPool
from casework.accounts.account import Account
from casework.accounts.agencies import Agencies
from casework.accounts.api_keys import Keys
from casework.accounts.officers import Officers
from casework.accounts.sessions import Sessions, is_session
from casework.approvals.approvals import Approvals
from casework.approvals.founding import Founding
from casework.areas.areas import Areas
from casework.areas.offices import Offices
from casework.areas.ports import PlacedPorts
from casework.areas.teams import Teams
from casework.calibration.breaker import Breaker
from casework.calibration.calibrations import Calibrations
from casework.calibration.monitoring import Monitoring
from casework.cases.cases import Cases
from casework.cases.entries import CaseEntries
from casework.cases.steps import CaseSteps
from casework.codes.codes import CategoryCodes, CodeReader, OutcomeCodes
from casework.evidence.bundle import EvidenceBundles
from casework.imports.exports import Exports
from casework.imports.imports import Imports
from casework.kernel.actor import Actor
from casework.kernel.audit.log import REFUSED, Audit, AuditEntry
from casework.kernel.audit.reader import AuditReader
from casework.kernel.errors import NotAuthenticated, NotPermitted
from casework.kernel.outbox import Outbox
from casework.kernel.permissions import Permission, require
from casework.kernel.processing import Grounds
from casework.oversight.data_subject_report import DataSubjectReports
from casework.oversight.looks import Looks
from casework.overstay.listed import Overstays
from casework.overstay.permits import Permits
from casework.overstay.timeline import Timelines
from casework.referrals.presets import ReferralPresets
from casework.referrals.referrals import Referrals
from casework.referrals.steps import ReferralSteps
from casework.reports.cases import CaseReports
from casework.reports.cuts import Cuts
from casework.reports.lanes import Lanes
from casework.reports.monthly import MonthlyReports
from casework.reports.performance import Performance
from casework.reports.places import Places
from casework.reports.review import Reports
from casework.review.alerts import Alerts
from casework.review.decisions import Review
from casework.review.duty import DutyRoster
from casework.review.history import History
from casework.review.known_lookalikes import KnownLookalikes
from casework.screening.duplicates import Lookalikes
from casework.screening.matching import Matching
from casework.screening.screening import Screening
from casework.screening.searches import Searches
from casework.service import Service
from casework.stays.reports import StayReports
from casework.stays.stays import Stays
from casework.tips.nearby import Nearby
from casework.tips.reports import TipReports
from casework.tips.steps import TipSteps
from casework.tips.tips import Tips
from casework.tips.triage import Triage
from casework.watchlists.enrolment import Enrolment
from casework.watchlists.erasure import Erasures
from casework.watchlists.merging import Merges
from casework.watchlists.objections import Objections
from casework.watchlists.residences import Residences
from casework.watchlists.subjects import Subjects
from casework.watchlists.watchlists import Watchlists
from casework.webhooks.delivery_log import Deliveries
from casework.webhooks.feed import Feed
from casework.webhooks.webhooks import Webhooks
from config.audit_check import AuditCheck
from config.settings import Settings
from detector.pipeline import Pipeline
from index.threshold import FalseMatchCurve

_MOST_DIGITS: Final = 18  # as many as every database's integers hold

# What a provider hands to one line (RFC 6177).
_IPV6_LINE: Final = 64

_BEARER: Final = HTTPBearer(
    scheme_name="bearer",
    description="An API key (`siaga keys create`) or an officer's session (`POST /v1/sessions`), "
    "sent as `Authorization: Bearer siaga....`",
    auto_error=False,
)


# These are `async` although they wait for nothing: a plain function would be sent to a thread.


async def plain_address(request: Request) -> None:
    """Refuse an address with a NUL in it: no id has one, and PostgreSQL takes none in a text."""
    query = request.scope["query_string"]
    if "\0" in request.scope["path"] or b"%00" in query or b"\0" in query:
        raise RequestInvalid(
            "The address contains a NUL character (%00): no id and no word has one.",
            [FieldProblem(field="address", message="contains a NUL character")],
        )


async def _state(request: Request) -> State:
    return state_of(request.app)


TheState = Annotated[State, Depends(_state)]


async def _settings(state: TheState) -> Settings:
    return state.settings


async def _practice(state: TheState) -> bool:
    return state.settings.practice


async def _zone(state: TheState) -> tzinfo:
    return state.settings.zone


async def _service(state: TheState) -> Service:
    return state.opened


async def _pool(state: TheState) -> WorkPool:
    return state.workers


async def _metrics(state: TheState) -> Metrics:
    return state.metrics


async def _streams(state: TheState) -> Streams:
    return state.streams


async def _photos(state: TheState) -> PhotoAnswers:
    return state.photos


async def _audit_check(state: TheState) -> AuditCheck:
    return state.audit_check


async def _import_worker(state: TheState) -> ImportWorker:
    return state.importing


async def _stay_worker(state: TheState) -> StayWorker:
    return state.screening_guests


ThePhotos = Annotated[PhotoAnswers, Depends(_photos)]
TheStreams = Annotated[Streams, Depends(_streams)]
TheMetrics = Annotated[Metrics, Depends(_metrics)]
TheSettings = Annotated[Settings, Depends(_settings)]
Practice = Annotated[bool, Depends(_practice)]
"""Whether people practise on this installation; what it opens was begun so."""
TheZone = Annotated[tzinfo, Depends(_zone)]
"""The place's, whose days are meant where a day is given."""
TheService = Annotated[Service, Depends(_service)]
TheAuditCheck = Annotated[AuditCheck, Depends(_audit_check)]
TheImportWorker = Annotated[ImportWorker, Depends(_import_worker)]
TheStayWorker = Annotated[StayWorker, Depends(_stay_worker)]
Workers = Annotated[WorkPool, Depends(_pool)]


def _part(read: Callable[[Service], object]) -> DependsParameter:
    """Return a dependency for one of the service's use cases."""

    async def part(service: TheService) -> object:
        return read(service)

    return cast("DependsParameter", Depends(part))


# What a view needs stands in its signature: `alerts: TheAlerts`.
TheAccount = Annotated[Account, _part(lambda service: service.accounts.account)]
TheAgencies = Annotated[Agencies, _part(lambda service: service.accounts.agencies)]
TheAlerts = Annotated[Alerts, _part(lambda service: service.review.alerts)]
TheApprovals = Annotated[Approvals, _part(lambda service: service.approvals.requests)]
TheAreas = Annotated[Areas, _part(lambda service: service.areas.areas)]
TheAudit = Annotated[Audit, _part(lambda service: service.kernel.audit)]
TheBreaker = Annotated[Breaker, _part(lambda service: service.calibration.breaker)]
TheCalibrations = Annotated[Calibrations, _part(lambda service: service.calibration.calibrations)]
TheCaseEntries = Annotated[CaseEntries, _part(lambda service: service.cases.entries)]
TheCaseReports = Annotated[CaseReports, _part(lambda service: service.reports.cases)]
TheCaseSteps = Annotated[CaseSteps, _part(lambda service: service.cases.steps)]
TheCases = Annotated[Cases, _part(lambda service: service.cases.reading)]
TheCategories = Annotated[CategoryCodes, _part(lambda service: service.lists.categories)]
TheCodes = Annotated[CodeReader, _part(lambda service: service.lists.codes)]
TheDataSubjectReports = Annotated[
    DataSubjectReports, _part(lambda service: service.oversight.data_subject_reports)
]
TheDecisions = Annotated[Review, _part(lambda service: service.review.decisions)]
TheDeliveries = Annotated[Deliveries, _part(lambda service: service.exchange.deliveries)]
TheReferralPresets = Annotated[
    ReferralPresets, _part(lambda service: service.exchange.referral_presets)
]
TheDuty = Annotated[DutyRoster, _part(lambda service: service.review.duty)]
TheEnrolment = Annotated[Enrolment, _part(lambda service: service.enrolment)]
TheErasures = Annotated[Erasures, _part(lambda service: service.lists.erasures)]
TheEvidence = Annotated[EvidenceBundles, _part(lambda service: service.review.evidence)]
TheExports = Annotated[Exports, _part(lambda service: service.exchange.exports)]
TheFalseMatchCurve = Annotated[
    FalseMatchCurve, _part(lambda service: service.calibration.prior.curve)
]
TheFeed = Annotated[Feed, _part(lambda service: service.exchange.feed)]
TheFounding = Annotated[Founding, _part(lambda service: service.approvals.founding)]
TheGrounds = Annotated[Grounds, _part(lambda service: service.grounds)]
TheHistory = Annotated[History, _part(lambda service: service.review.history)]
TheImports = Annotated[Imports, _part(lambda service: service.exchange.imports)]
TheKeys = Annotated[Keys, _part(lambda service: service.accounts.keys)]
TheKnownLookalikes = Annotated[KnownLookalikes, _part(lambda service: service.screening.known)]
TheCuts = Annotated[Cuts, _part(lambda service: service.reports.cuts)]
TheMonthlyReports = Annotated[MonthlyReports, _part(lambda service: service.reports.monthly)]
ThePerformance = Annotated[Performance, _part(lambda service: service.reports.performance)]
ThePlaces = Annotated[Places, _part(lambda service: service.reports.places)]
TheLanes = Annotated[Lanes, _part(lambda service: service.reports.lanes)]
TheLookalikes = Annotated[Lookalikes, _part(lambda service: service.screening.lookalikes)]
TheMerges = Annotated[Merges, _part(lambda service: service.lists.merges)]
TheMatching = Annotated[Matching, _part(lambda service: service.screening.matching)]
TheMonitoring = Annotated[Monitoring, _part(lambda service: service.calibration.monitoring)]
TheObjections = Annotated[Objections, _part(lambda service: service.lists.objections)]
TheOfficers = Annotated[Officers, _part(lambda service: service.accounts.officers)]
TheOffices = Annotated[Offices, _part(lambda service: service.areas.offices)]
TheOverstays = Annotated[Overstays, _part(lambda service: service.lists.overstays)]
TheOutcomes = Annotated[OutcomeCodes, _part(lambda service: service.lists.outcomes)]
TheOutbox = Annotated[Outbox, _part(lambda service: service.kernel.outbox)]
ThePermits = Annotated[Permits, _part(lambda service: service.permits)]
ThePlacedPorts = Annotated[PlacedPorts, _part(lambda service: service.areas.ports)]
ThePipeline = Annotated[Pipeline, _part(lambda service: service.pipeline)]
TheReferralSteps = Annotated[ReferralSteps, _part(lambda service: service.exchange.referral_steps)]
TheReferrals = Annotated[Referrals, _part(lambda service: service.exchange.referrals)]
TheResidences = Annotated[Residences, _part(lambda service: service.lists.residences)]
TheReports = Annotated[Reports, _part(lambda service: service.reports.counts)]
TheScreening = Annotated[Screening, _part(lambda service: service.screening.encounters)]
TheSearches = Annotated[Searches, _part(lambda service: service.screening.searches)]
TheSessions = Annotated[Sessions, _part(lambda service: service.accounts.sessions)]
TheStayReports = Annotated[StayReports, _part(lambda service: service.stays.reports)]
TheStays = Annotated[Stays, _part(lambda service: service.stays.stays)]
TheSubjects = Annotated[Subjects, _part(lambda service: service.lists.subjects)]
TheTeams = Annotated[Teams, _part(lambda service: service.areas.teams)]
TheTipSteps = Annotated[TipSteps, _part(lambda service: service.tip_steps)]
TheTipReports = Annotated[TipReports, _part(lambda service: service.exchange.tip_reports)]
TheNearby = Annotated[Nearby, _part(lambda service: service.exchange.nearby)]
TheTriage = Annotated[Triage, _part(lambda service: service.exchange.triage)]
TheTimelines = Annotated[Timelines, _part(lambda service: service.lists.timelines)]
TheTips = Annotated[Tips, _part(lambda service: service.exchange.tips)]
TheLooks = Annotated[Looks, _part(lambda service: service.oversight.looks)]
TheTrail = Annotated[AuditReader, _part(lambda service: service.oversight.trail)]
TheWatchlists = Annotated[Watchlists, _part(lambda service: service.lists.watchlists)]
TheWebhooks = Annotated[Webhooks, _part(lambda service: service.exchange.webhooks)]


async def _actor(
    request: Request,
    service: TheService,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Actor:
    """Return the actor; `Allowed` decides what they may do."""
    if credentials is None:
        raise NotAuthenticated("credentials_missing")
    found = await recognise(service, credentials.credentials)
    request.scope[CALLER] = found.id
    return found.asking(request.scope["siaga.request_id"])


async def some_actor(request: Request, service: Service) -> Actor:
    """Return the actor who sends a request, as `SomeActor` does; raises NotAuthenticated."""
    return await _actor(request, service, await _BEARER(request))


SomeActor = Annotated[Actor, Depends(_actor)]


async def _recognise(
    service: TheService,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Callable[[], Actor]:
    """Return a function that identifies the caller, to call again while a stream lasts."""
    text = credentials.credentials if credentials is not None else ""

    def recognise() -> Actor:
        if is_session(text):
            return service.accounts.sessions.recognise(text, used=False)
        return service.accounts.keys.recognise(text)

    return recognise


Recognise = Annotated[Callable[[], Actor], Depends(_recognise)]


@dataclass(frozen=True, slots=True)
class Allowed:
    """A dependency that admits actors with a permission, visible in the route's signature.

    It is the first of two checks: the use case behind the route checks the object.
    """

    act: Permission

    async def __call__(self, service: TheService, actor: SomeActor) -> Actor:
        """Return the actor; a refusal goes into the audit trail."""
        try:
            require(actor, self.act)
        except NotPermitted:
            entry = AuditEntry(actor, self.act, outcome=REFUSED)
            await asyncio.to_thread(service.kernel.audit.note, entry)
            raise
        return actor


@contextmanager
def _counted(metrics: Metrics) -> Iterator[None]:
    try:
        yield
    except Overloaded:
        metrics.refused()
        raise


async def _cost(request: Request, state: TheState) -> Cost:
    return state.limits.of(request.scope["route"]).cost


async def room(
    pool: Workers, metrics: TheMetrics, cost: Annotated[Cost, Depends(_cost)]
) -> WorkPool:
    """Refuse at once when the service is full, before anything is read or looked up."""
    with _counted(metrics):
        pool.check(cost)
    return pool


@asynccontextmanager
async def admitted(
    request: Request, pool: WorkPool, metrics: Metrics, cost: Cost
) -> AsyncIterator[None]:
    """Hold a place among the workers, once a request's whole body is there.

    Raises:
        Overloaded, BodyTooLarge, ClientGone: there is no place, or the body cannot be received.
    """
    with _counted(metrics):
        await receive_body(request)
        taken = pool.acquire(request.scope.get(CALLER, ""), cost)
    with taken as request.scope[PLACE]:
        yield


def work_place(admission: Callable[..., Any]) -> DependsParameter:
    """Return a dependency for a route's decorator: a place among the workers while the route runs.

    A full service refuses before it looks at the caller. Otherwise the place is taken last, when
    the caller is admitted and the whole body is there: a slow sender keeps nobody out.

    Args:
        admission: the dependency that lets callers in, as it stands in the route's signature.
    """

    async def place(
        pool: Annotated[WorkPool, Depends(room)],
        metrics: TheMetrics,
        cost: Annotated[Cost, Depends(_cost)],
        caller: Annotated[object, Depends(admission)],
        request: Request,
    ) -> AsyncIterator[None]:
        del caller  # only that they may
        async with admitted(request, pool, metrics, cost):
            yield

    # Given back before the answer is sent: a slow reader keeps nobody out either.
    return cast("DependsParameter", Depends(place, scope="function"))


def hashing_place(admission: Callable[..., Any] = _state) -> DependsParameter:
    """Return a dependency for a route's decorator: a place where a password is hashed or checked.

    Args:
        admission: the dependency that lets callers in, as it stands in the route's signature, so
            that strangers wait for nobody's place; unset where anybody may call.
    """

    async def place(
        request: Request, state: TheState, admitted: Annotated[object, Depends(admission)]
    ) -> AsyncIterator[None]:
        del admitted  # only that it was
        known = CALLER in request.scope or await asyncio.to_thread(
            state.opened.accounts.sessions.is_known, origin(request)
        )
        async with state.password_hashing.acquire(known=known):
            yield

    return cast("DependsParameter", Depends(place, scope="function"))


async def _request_id(request: Request) -> str:
    request_id: str = request.scope["siaga.request_id"]
    return request_id


async def _origin(request: Request) -> str:
    return origin(request)


async def _device(request: Request) -> str | None:
    return device_of(request.headers.get("user-agent"))


RequestId = Annotated[str, Depends(_request_id)]
Device = Annotated[str | None, Depends(_device)]
"""What the caller uses, for an officer to recognise."""
Origin = Annotated[str, Depends(_origin)]


def origin(request: Request) -> str:
    """Return where a request comes from, for counting failures; proxies are the server's matter.

    Of an IPv6 address, the network counts: one line may use any address of it.
    """
    host = request.client.host if request.client is not None else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address.packed, _IPV6_LINE), strict=False))


async def _version(
    if_match: Annotated[
        str | None,
        Header(description="The ETag that was read; the change is refused if it is outdated."),
    ] = None,
) -> int | None:
    """Return the version a caller read, None if it does not say."""
    if if_match is None or if_match.strip() == "*":
        return None
    tag = if_match.strip().removeprefix("W/").strip('"')
    if not tag.isdecimal() or len(tag) > _MOST_DIGITS:
        raise RequestInvalid(
            "If-Match must be an ETag that this service gave.",
            [FieldProblem(field="If-Match", message="not an ETag of this service")],
        )
    return int(tag)


ReadVersion = Annotated[int | None, Depends(_version)]


async def _required_version(
    version: ReadVersion,
    if_match: Annotated[str | None, Header()] = None,
) -> int | None:
    """Return the version a caller read; None where they say `*`: whichever there is."""
    if if_match is None:
        raise VersionRequired
    return version


RequiredVersion = Annotated[int | None, Depends(_required_version)]
"""Of what only those may change who have read it: what a list does on an alert, say."""


def etag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'
