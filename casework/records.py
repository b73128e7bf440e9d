"""What works on the database alone, opened and closed together: no faces, no networks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta, tzinfo
from typing import TYPE_CHECKING, Self

from casework.accounts.account import Account
from casework.accounts.agencies import Agencies
from casework.accounts.api_keys import KeyRules, Keys
from casework.accounts.lockout import SignInRules
from casework.accounts.officers import Officers
from casework.accounts.passwords import Passwords
from casework.accounts.pending_sign_in import TwoStepSignIn
from casework.accounts.sessions import Sessions
from casework.approvals.approvals import ApprovalRules, Approvals
from casework.approvals.commands import OwnerCommands
from casework.approvals.founding import Founding
from casework.areas.areas import Areas
from casework.areas.offices import Offices
from casework.areas.ports import PlacedPorts
from casework.areas.teams import Teams
from casework.cases.cases import Cases
from casework.cases.entries import CaseEntries
from casework.cases.steps import CaseSteps
from casework.codes.codes import CategoryCodes, CodeReader, OutcomeCodes
from casework.evidence.bundle import EvidenceBundles
from casework.imports.exports import Exports
from casework.imports.imports import Imports
from casework.kernel.audit.checkpoints import Checkpoints, Signers
from casework.kernel.audit.log import Audit
from casework.kernel.audit.reader import AuditReader
from casework.kernel.audit.takeover import take_over
from casework.kernel.clock import Clock, utc_now
from casework.kernel.data_key import DataKeys
from casework.kernel.database import ERASED, VAULT, Database
from casework.kernel.group_commit import GroupCommit
from casework.kernel.installation import require_kind
from casework.kernel.kernel import Kernel
from casework.kernel.key_ring import KeyRing
from casework.kernel.outbox import Outbox
from casework.kernel.sealing_upgrade import bring_up_to_date, leave_no_trace
from casework.kernel.vault import Vault
from casework.kernel.vocabulary import ReferralKind
from casework.oversight.audited_objects import AuditedObjects
from casework.oversight.data_subject_report import DataSubjectReports
from casework.oversight.looks import Looks
from casework.oversight.retention import RecordKind, Retention
from casework.overstay.listed import Overstays
from casework.overstay.timeline import Timelines
from casework.referrals.fields import AlertField
from casework.referrals.presets import ReferralPresets
from casework.referrals.referrals import Referrals
from casework.referrals.steps import ReferralSteps
from casework.reports.cases import CaseReports
from casework.reports.cuts import Cuts
from casework.reports.lanes import Lanes
from casework.reports.monthly import MonthlyReports
from casework.reports.performance import Performance
from casework.reports.places import PlacePublications, Places
from casework.reports.review import Reports
from casework.reports.totals import Publications
from casework.review.alerts import Alerts
from casework.review.decisions import Review
from casework.review.duty import DutyRoster
from casework.review.history import History
from casework.review.overdue import Overdue
from casework.review.queue import Queue
from casework.tips.nearby import Nearby
from casework.tips.payload import TipField
from casework.tips.reports import TipReports
from casework.tips.tips import Tips
from casework.tips.triage import Triage
from casework.watchlists.erasure import GRACE, Erasures
from casework.watchlists.merging import Merges
from casework.watchlists.objections import Objections
from casework.watchlists.residences import Residences
from casework.watchlists.subjects import Subjects
from casework.watchlists.watchlists import Watchlists
from casework.webhooks.addresses import PORTS
from casework.webhooks.delivery_log import Deliveries
from casework.webhooks.feed import Feed
from casework.webhooks.webhooks import Webhooks

if TYPE_CHECKING:
    from casework.accounts.oidc import Provider
    from casework.accounts.single_sign_on import SingleSignOn


@dataclass(frozen=True, slots=True)
class AccountUseCases:
    """Who may work with the service, and how they sign in."""

    agencies: Agencies
    officers: Officers
    keys: Keys
    account: Account
    sessions: Sessions
    two_step: TwoStepSignIn
    sign_on: "SingleSignOn | None"
    """None where no identity provider is set up."""


@dataclass(frozen=True, slots=True)
class ApprovalUseCases:
    """Acts that take a second person, and who acts without one."""

    requests: Approvals
    founding: Founding
    commands: OwnerCommands


@dataclass(frozen=True, slots=True)
class ListUseCases:
    """Whom agencies look for, and in what words."""

    categories: CategoryCodes
    outcomes: OutcomeCodes
    codes: CodeReader
    watchlists: Watchlists
    subjects: Subjects
    erasures: Erasures
    merges: Merges
    objections: Objections
    residences: Residences
    overstays: Overstays
    timelines: Timelines


@dataclass(frozen=True, slots=True)
class AreaUseCases:
    """Where things are."""

    areas: Areas
    ports: PlacedPorts
    offices: Offices
    teams: Teams


@dataclass(frozen=True, slots=True)
class ReviewUseCases:
    """The review of alerts."""

    alerts: Alerts
    queue: Queue
    decisions: Review
    history: History
    evidence: EvidenceBundles
    duty: DutyRoster
    overdue: Overdue


@dataclass(frozen=True, slots=True)
class ExchangeUseCases:
    """Exchange with other agencies and systems."""

    referrals: Referrals
    referral_steps: ReferralSteps
    referral_presets: ReferralPresets
    tips: Tips
    tip_reports: TipReports
    triage: Triage
    nearby: Nearby
    imports: Imports
    exports: Exports
    feed: Feed
    webhooks: Webhooks
    deliveries: Deliveries


@dataclass(frozen=True, slots=True)
class CaseUseCases:
    """What agencies work on together."""

    reading: Cases
    steps: CaseSteps
    entries: CaseEntries


@dataclass(frozen=True, slots=True)
class OversightUseCases:
    """What is kept, for how long, and who looked at it."""

    trail: AuditReader
    looks: Looks
    audited: AuditedObjects
    checkpoints: Checkpoints
    retention: Retention
    data_subject_reports: DataSubjectReports


@dataclass(frozen=True, slots=True)
class ReportUseCases:
    """Counts, without identities."""

    counts: Reports
    places: Places
    cuts: Cuts
    cases: CaseReports
    performance: Performance
    monthly: MonthlyReports
    lanes: Lanes


@dataclass(frozen=True, slots=True)
class Periods:
    """How long records are kept, keys last, and acts wait that take a second person."""

    keep_days: Mapping[RecordKind, int] = field(default_factory=dict)
    approvals: ApprovalRules = field(default_factory=ApprovalRules)
    keys: KeyRules = field(default_factory=KeyRules)


@dataclass(frozen=True, slots=True)
class Records:
    """What works on the database alone: people, lists and alerts, but no faces."""

    kernel: Kernel
    commits: GroupCommit
    approvals: ApprovalUseCases
    accounts: AccountUseCases
    areas: AreaUseCases
    lists: ListUseCases
    review: ReviewUseCases
    exchange: ExchangeUseCases
    cases: CaseUseCases
    oversight: OversightUseCases
    reports: ReportUseCases
    zone: tzinfo

    @staticmethod
    def open(  # noqa: PLR0913 - each a part of the settings, by its name
        database_url: str,
        data_keys: DataKeys,
        clock: Clock = utc_now,
        rules: SignInRules | None = None,
        passwords: Passwords | None = None,
        periods: Periods | None = None,
        *,
        practice: bool = False,
        private_targets: bool = False,
        webhook_ports: frozenset[int] = PORTS,
        undo: timedelta = GRACE,
        provider: "Provider | None" = None,
        signers: Signers | None = None,
        zone: tzinfo = UTC,
    ) -> "Records":
        """Open the database, bring schema and audit trail up to date, and open its keys.

        Raises:
            AuditBroken: the trail cannot be taken over from an earlier format.
            SetUpError: the installation must be put right first.
        """
        database = Database(database_url)
        try:
            database.migrate()
            vault = Vault(KeyRing.open(database, data_keys, clock))
            database.info[VAULT] = vault
            database.after_commit(ERASED, database.empty_log)
            database.after_commit(ERASED, vault.own_keys.forget)
            # Behind the key ring, which makes no key for a database that has records.
            require_kind(database, practice=practice)
            bring_up_to_date(database, vault)
        except BaseException:
            database.close()
            raise
        commits = GroupCommit(database)
        passwords, rules = passwords or Passwords(), rules or SignInRules()
        audit = Audit(database, vault, commits, clock, signers)
        try:
            take_over(audit)
            leave_no_trace(database, vault)
        except BaseException:
            database.close()
            raise
        kernel = Kernel(database, vault, audit, Outbox(database, clock), clock, practice)
        periods = periods or Periods()
        approvals = Approvals(kernel, periods.approvals)
        sessions, decisions = Sessions(kernel, passwords, rules), Review(kernel)
        subjects = Subjects(kernel, approvals)
        erasures = Erasures(kernel, subjects, approvals, undo)
        alerts, trail = Alerts(kernel), AuditReader(kernel)
        publications = Publications(kernel, zone)
        counts, cuts = Reports(kernel, publications), Cuts(kernel, publications)
        performance = Performance(kernel, zone)
        overstays = Overstays(kernel, zone)
        sign_on = None
        if provider is not None:
            # What speaks to a provider is imported where there is one.
            from casework.accounts.single_sign_on import SingleSignOn  # noqa: PLC0415

            sign_on = SingleSignOn(kernel, provider, sessions)
        return Records(
            kernel=kernel,
            commits=commits,
            approvals=ApprovalUseCases(approvals, Founding(kernel), OwnerCommands(kernel)),
            accounts=AccountUseCases(
                agencies=Agencies(kernel),
                officers=Officers(kernel, passwords, approvals, rules),
                keys=Keys(kernel, periods.keys, undo),
                account=Account(kernel, passwords, rules),
                sessions=sessions,
                two_step=TwoStepSignIn(kernel),
                sign_on=sign_on,
            ),
            areas=AreaUseCases(Areas(kernel), PlacedPorts(kernel), Offices(kernel), Teams(kernel)),
            lists=ListUseCases(
                categories=CategoryCodes(kernel),
                outcomes=OutcomeCodes(kernel),
                codes=CodeReader(kernel),
                watchlists=Watchlists(kernel, approvals),
                subjects=subjects,
                erasures=erasures,
                merges=Merges(kernel, subjects, erasures, approvals),
                objections=Objections(kernel),
                residences=Residences(kernel),
                overstays=overstays,
                timelines=Timelines(kernel, overstays, zone),
            ),
            review=ReviewUseCases(
                alerts=alerts,
                queue=Queue(kernel),
                decisions=decisions,
                history=History(kernel),
                evidence=EvidenceBundles(kernel, alerts, trail),
                duty=DutyRoster(kernel),
                overdue=Overdue(kernel),
            ),
            exchange=ExchangeUseCases(
                referrals=Referrals(kernel),
                referral_steps=ReferralSteps(kernel, decisions),
                referral_presets=ReferralPresets(
                    kernel,
                    {
                        ReferralKind.ALERT: frozenset(AlertField),
                        ReferralKind.TIP: frozenset(TipField),
                    },
                ),
                tips=Tips(kernel),
                tip_reports=TipReports(kernel),
                triage=Triage(kernel),
                nearby=Nearby(kernel),
                imports=Imports(kernel),
                exports=Exports(kernel),
                feed=Feed(kernel),
                webhooks=Webhooks(kernel, private=private_targets, ports=webhook_ports),
                deliveries=Deliveries(kernel),
            ),
            cases=CaseUseCases(Cases(kernel), CaseSteps(kernel), CaseEntries(kernel)),
            oversight=OversightUseCases(
                trail=trail,
                looks=Looks(kernel, trail),
                audited=AuditedObjects(kernel, subjects),
                checkpoints=Checkpoints(audit),
                retention=Retention(kernel, dict(periods.keep_days)),
                data_subject_reports=DataSubjectReports(kernel),
            ),
            reports=ReportUseCases(
                counts=counts,
                places=Places(kernel, PlacePublications.beside(kernel, publications)),
                cases=CaseReports(kernel, publications),
                cuts=cuts,
                performance=performance,
                monthly=MonthlyReports(kernel, counts, cuts, performance),
                lanes=Lanes(kernel),
            ),
            zone=zone,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.kernel.database.close()
