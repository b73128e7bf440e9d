"""The assembly: everything that answers a request, born together and closed together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from casework.accounts.account import Account
from casework.accounts.agencies import Agencies
from casework.accounts.api_keys import Keys
from casework.accounts.lockout import SignInRules
from casework.accounts.officers import Officers
from casework.accounts.oidc import Provider
from casework.accounts.passwords import Passwords
from casework.accounts.pending_sign_in import TwoStepSignIn
from casework.accounts.sessions import Sessions
from casework.accounts.single_sign_on import SingleSignOn
from casework.calibration.calibrations import Calibrations
from casework.calibration.monitoring import Monitoring
from casework.gallery.model_key import ModelKey
from casework.gallery.reembedding import ReEmbedding
from casework.gallery.replica import GalleryReplica
from casework.gallery.templates import TemplateMaker
from casework.imports.exports import Exports
from casework.imports.imports import Imports
from casework.imports.queue import ImportQueue
from casework.imports.run import ImportRunner
from casework.imports.store import ImportStore
from casework.kernel.audit.log import Audit
from casework.kernel.audit.reader import AuditReader
from casework.kernel.clock import Clock, utc_now
from casework.kernel.database import Database
from casework.kernel.errors import SetUpError, TemplatesMissing
from casework.kernel.group_commit import GroupCommit
from casework.kernel.kernel import Kernel
from casework.kernel.outbox import Outbox
from casework.kernel.vault import Vault
from casework.oversight.data_subject_report import DataSubjectReports
from casework.oversight.reports import Reports
from casework.oversight.retention import RecordKind, Retention
from casework.referrals.referrals import Referrals
from casework.referrals.steps import ReferralSteps
from casework.review.alerts import Alerts
from casework.review.comparison import Comparison
from casework.review.decisions import Review
from casework.review.history import History
from casework.review.queue import Queue
from casework.screening.duplicates import Lookalikes
from casework.screening.matching import Matching
from casework.screening.screening import Screening
from casework.screening.searches import Searches
from casework.tips.steps import TipSteps
from casework.tips.tips import Tips
from casework.watchlists.enrolment import Enrolment
from casework.watchlists.subjects import Subjects
from casework.watchlists.watchlists import Watchlists
from casework.webhooks.delivery_log import Deliveries
from casework.webhooks.feed import Feed
from casework.webhooks.webhooks import Webhooks
from detector.align import CHIP_SIZE
from detector.pipeline import Pipeline
from index import ENGINES, EngineName, FalseMatchCurve, Gallery
from models.manifest import Pack


@dataclass(frozen=True, slots=True)
class Records:
    """What works on the database alone: people, lists and alerts, but no faces."""

    kernel: Kernel
    commits: GroupCommit
    trail: AuditReader
    agencies: Agencies
    officers: Officers
    sessions: Sessions
    pending: TwoStepSignIn
    account: Account
    keys: Keys
    watchlists: Watchlists
    subjects: Subjects
    alerts: Alerts
    queue: Queue
    review: Review
    history: History
    referrals: Referrals
    correspondence: ReferralSteps
    tips: Tips
    reports: Reports
    retention: Retention
    held: DataSubjectReports
    imports: Imports
    exports: Exports
    feed: Feed
    webhooks: Webhooks
    deliveries: Deliveries
    sign_on: SingleSignOn | None
    """None where no identity provider is set up."""

    @classmethod
    def open(
        cls,
        database_url: str,
        data_key: bytes,
        clock: Clock = utc_now,
        rules: SignInRules | None = None,
        passwords: Passwords | None = None,
        keep_days: Mapping[RecordKind, int] | None = None,
        *,
        private_targets: bool = False,
        provider: Provider | None = None,
    ) -> Self:
        """Open the database and bring its schema up to date.

        Raises:
            SetUpError: the installation must be put right first.
        """
        database = Database(database_url)
        try:
            database.migrate()
        except BaseException:
            database.close()
            raise
        vault, commits = Vault(data_key), GroupCommit(database)
        passwords, rules = passwords or Passwords(), rules or SignInRules()
        audit = Audit(database, data_key, commits, clock)
        kernel = Kernel(database, vault, audit, Outbox(database, clock), clock)
        review = Review(kernel)
        sessions = Sessions(kernel, passwords, rules)
        sign_on = None
        if provider is not None:
            sign_on = SingleSignOn(kernel, provider, sessions)
        return cls(
            kernel,
            commits,
            AuditReader(kernel),
            Agencies(kernel),
            Officers(kernel, passwords),
            sessions,
            TwoStepSignIn(kernel),
            Account(kernel, passwords, rules),
            Keys(kernel),
            Watchlists(kernel),
            Subjects(kernel),
            Alerts(kernel),
            Queue(kernel),
            review,
            History(kernel),
            Referrals(kernel),
            ReferralSteps(kernel, review),
            Tips(kernel),
            Reports(kernel),
            Retention(kernel, dict(keep_days or {})),
            DataSubjectReports(kernel),
            Imports(kernel),
            Exports(kernel),
            Feed(kernel),
            Webhooks(kernel, private=private_targets),
            Deliveries(kernel),
            sign_on,
        )

    def close(self) -> None:
        """Close the database."""
        self.kernel.database.close()


@dataclass(frozen=True, slots=True)
class Service:
    """What screens and enrols: the records, one pack's networks, and the gallery."""

    records: Records
    pack: Pack
    model: ModelKey
    pipeline: Pipeline
    enrolment: Enrolment
    import_runner: ImportRunner
    tip_desk: TipSteps
    re_embedding: ReEmbedding
    mirror: GalleryReplica
    matching: Matching
    screening: Screening
    searches: Searches
    lookalikes: Lookalikes
    calibrations: Calibrations
    monitoring: Monitoring
    comparison: Comparison
    curve: FalseMatchCurve

    @classmethod
    def over(
        cls,
        records: Records,
        pack: Pack,
        pipeline: Pipeline,
        engine: EngineName = "flat",
    ) -> Self:
        """Put the parts together; the gallery is empty until `start`.

        Raises:
            SetUpError: the pack's manifest says nothing about false matches.
        """
        if pack.prior is None:
            raise SetUpError("prior_missing", pack=pack.name)
        curve = FalseMatchCurve(pack.prior.fmr, pack.prior.score)
        model = ModelKey.of(pack)
        kernel, dim = records.kernel, pipeline.embedder.dim
        mirror = GalleryReplica(kernel, Gallery(dim, ENGINES[engine](dim)), model)
        templates = TemplateMaker(kernel, model)
        calibrations = Calibrations(kernel, mirror, model, curve)
        matching = Matching(kernel, mirror, calibrations)
        enrolment = Enrolment(kernel, pipeline, templates)
        searches = Searches(kernel, pipeline, matching, model)
        return cls(
            records,
            pack,
            model,
            pipeline,
            enrolment,
            ImportRunner(kernel, ImportQueue(kernel), enrolment, ImportStore(kernel, enrolment)),
            TipSteps(kernel, pipeline, enrolment, searches, records.correspondence),
            ReEmbedding(kernel, pipeline, templates),
            mirror,
            matching,
            Screening(kernel, records.commits, pipeline, matching),
            searches,
            Lookalikes(kernel, matching),
            calibrations,
            Monitoring(kernel),
            Comparison(records.alerts, pipeline),
            curve,
        )

    def start(self) -> None:
        """Load the gallery and run the networks once, so that the first traveller need not wait.

        Raises:
            TemplatesMissing: photos were enrolled with another pack and not embedded with this one.
        """
        self.mirror.load()
        self.mirror.follow()
        missing = self.re_embedding.waiting()
        if missing:
            raise TemplatesMissing("templates_missing", photos=missing, pack=self.pack.name)
        blank = np.zeros((CHIP_SIZE, CHIP_SIZE, 3), np.uint8)
        self.pipeline.embedder.embed([blank])
        for size in self.pipeline.detection_sizes:
            self.pipeline.detector.detect(np.zeros((480, 640, 3), np.uint8), size)
