"""What works on the database alone, born together and closed together: no faces, no networks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from casework.accounts.account import Account
from casework.accounts.agencies import Agencies
from casework.accounts.api_keys import Keys
from casework.accounts.lockout import SignInRules
from casework.accounts.officers import Officers
from casework.accounts.passwords import Passwords
from casework.accounts.pending_sign_in import TwoStepSignIn
from casework.accounts.sessions import Sessions
from casework.imports.exports import Exports
from casework.imports.imports import Imports
from casework.kernel.audit.log import Audit
from casework.kernel.audit.reader import AuditReader
from casework.kernel.clock import Clock, utc_now
from casework.kernel.database import Database
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
from casework.review.decisions import Review
from casework.review.history import History
from casework.review.queue import Queue
from casework.tips.tips import Tips
from casework.watchlists.subjects import Subjects
from casework.watchlists.watchlists import Watchlists
from casework.webhooks.delivery_log import Deliveries
from casework.webhooks.feed import Feed
from casework.webhooks.webhooks import Webhooks

if TYPE_CHECKING:
    from casework.accounts.oidc import Provider
    from casework.accounts.single_sign_on import SingleSignOn


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
    sign_on: "SingleSignOn | None"
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
        provider: "Provider | None" = None,
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
            # What speaks to a provider is imported where there is one.
            from casework.accounts.single_sign_on import SingleSignOn  # noqa: PLC0415

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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.kernel.database.close()
