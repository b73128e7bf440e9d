"""The records. Times are UTC; blobs named `sealed_*` are encrypted by `casework.kernel.vault`.

One module a subject; importing the package declares every table, as migrations need.
"""

from casework.tables.access import ApiKey
from casework.tables.approvals import Approval
from casework.tables.areas import AreaRow, PortArea
from casework.tables.audit import (
    AuditActor,
    AuditCheckpoint,
    AuditHead,
    AuditRecord,
    AuditText,
    EarlierAuditHead,
    EarlierAuditRecord,
)
from casework.tables.base import Protected, Serial, Table, UtcDateTime
from casework.tables.calibration import CalibrationRecord, ChanceScore, MeasuredPrior, ReferenceSet
from casework.tables.cases import (
    Case,
    CaseEntry,
    CaseKey,
    CaseMember,
    CaseOutcomeRow,
    CasePhoto,
    CaseReader,
    CaseStep,
    JointCaseCounter,
)
from casework.tables.codes import CategoryRow, OutcomeRow
from casework.tables.duty import DutyShift
from casework.tables.encounters import (
    Alert,
    AlertEvent,
    CaseCounter,
    ChangedDay,
    Encounter,
    IdempotencyRecord,
    PendingRelease,
    ProbeSearch,
)
from casework.tables.exchange import Delivery, OutboxEvent, Webhook
from casework.tables.imports import ImportFault, ImportJob, ImportPart
from casework.tables.installation import Installation
from casework.tables.keys import (
    AlertKey,
    ApprovalKey,
    EncounterKey,
    HeldPermitKey,
    ImportKey,
    KeyHolder,
    OwnKey,
    ReferralKey,
    SearchKey,
    StayKey,
    StayPhotoKey,
    StoredKey,
    SubjectKey,
    TipKey,
)
from casework.tables.lists import (
    EnrolledPhoto,
    GalleryChange,
    Subject,
    SubjectDocument,
    Template,
    Watchlist,
    WatchlistEntry,
    WatchlistShare,
)
from casework.tables.lookalikes import KnownLookalike, KnownLookalikeKey
from casework.tables.objections import Objection
from casework.tables.offices import Office, Team, TeamMember
from casework.tables.overstays import (
    AnnouncedOverstay,
    EncounterPermit,
    HeldPermit,
    Residence,
)
from casework.tables.people import Agency, Officer, OfficerSession, RecoveryCode
from casework.tables.referrals import (
    Referral,
    ReferralMessage,
    ReferralPhoto,
    ReferralPreset,
    Tip,
    TipSubject,
)
from casework.tables.sign_in import SignInCount
from casework.tables.stays import Stay, StayPhoto
from casework.tables.unsealed import Unsealed

__all__ = [
    "Agency",
    "Alert",
    "AlertEvent",
    "AlertKey",
    "AnnouncedOverstay",
    "ApiKey",
    "Approval",
    "ApprovalKey",
    "AreaRow",
    "AuditActor",
    "AuditCheckpoint",
    "AuditHead",
    "AuditRecord",
    "AuditText",
    "CalibrationRecord",
    "Case",
    "CaseCounter",
    "CaseEntry",
    "CaseKey",
    "CaseMember",
    "CaseOutcomeRow",
    "CasePhoto",
    "CaseReader",
    "CaseStep",
    "CategoryRow",
    "ChanceScore",
    "ChangedDay",
    "Delivery",
    "DutyShift",
    "EarlierAuditHead",
    "EarlierAuditRecord",
    "Encounter",
    "EncounterKey",
    "EncounterPermit",
    "EnrolledPhoto",
    "GalleryChange",
    "HeldPermit",
    "HeldPermitKey",
    "IdempotencyRecord",
    "ImportFault",
    "ImportJob",
    "ImportKey",
    "ImportPart",
    "Installation",
    "JointCaseCounter",
    "KeyHolder",
    "KnownLookalike",
    "KnownLookalikeKey",
    "MeasuredPrior",
    "Objection",
    "Office",
    "Officer",
    "OfficerSession",
    "OutboxEvent",
    "OutcomeRow",
    "OwnKey",
    "PendingRelease",
    "PortArea",
    "ProbeSearch",
    "Protected",
    "RecoveryCode",
    "ReferenceSet",
    "Referral",
    "ReferralKey",
    "ReferralMessage",
    "ReferralPhoto",
    "ReferralPreset",
    "Residence",
    "SearchKey",
    "Serial",
    "SignInCount",
    "Stay",
    "StayKey",
    "StayPhoto",
    "StayPhotoKey",
    "StoredKey",
    "Subject",
    "SubjectDocument",
    "SubjectKey",
    "Table",
    "Team",
    "TeamMember",
    "Template",
    "Tip",
    "TipKey",
    "TipSubject",
    "Unsealed",
    "UtcDateTime",
    "Watchlist",
    "WatchlistEntry",
    "WatchlistShare",
    "Webhook",
]
