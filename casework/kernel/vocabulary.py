"""The words of the domain that have a fixed set of values."""

from enum import StrEnum


class Category(StrEnum):
    """Why a watchlist exists: the built-in members of that code list.

    An installation has others beside them (`casework.codes`): a stored code may be none of these.
    """

    CEGAH = "cegah"
    """Barred from leaving the country (Indonesian immigration law)."""
    TANGKAL = "tangkal"
    """Barred from entering the country."""
    WANTED = "wanted"
    """Wanted by the police or a prosecutor (DPO)."""
    INTERPOL = "interpol"
    """Subject of an INTERPOL notice."""
    OVERSTAY = "overstay"
    PERMIT_MISUSE = "permit_misuse"
    ILLEGAL_WORK = "illegal_work"
    """Works without a permit to."""
    NARCOTICS = "narcotics"
    TRAFFICKING = "trafficking"
    """Trafficking in persons (TPPO): who traffics, and who may be a victim of it."""
    TERRORISM = "terrorism"
    OTHER = "other"


class Requirement(StrEnum):
    """What a category can require of its lists and their entries."""

    LEGAL_BASIS = "legal_basis"
    """Of the list: the law that it rests on."""
    DECISION_NUMBER = "decision_number"
    """Of each entry: the number of the decision that put the person on the list."""
    VALID_UNTIL = "valid_until"
    """Of each entry: an end."""


class Direction(StrEnum):
    """Which way a traveller goes, or a watchlist looks."""

    ENTRY = "entry"
    EXIT = "exit"
    BOTH = "both"

    def covers(self, travelled: "Direction") -> bool:
        """Whether a watchlist of this direction concerns a traveller going that way."""
        return self in (Direction.BOTH, travelled)


class Stage(StrEnum):
    """Where in a journey an encounter happens."""

    VISA = "visa"
    ARRIVAL = "arrival"
    STAY = "stay"
    DEPARTURE = "departure"


class Outcome(StrEnum):
    """What a screening answers."""

    CLEAR = "clear"
    ALERT = "alert"
    UNSEARCHABLE = "unsearchable"
    """The word of `detector.quality.Verdict`, too."""


class AlertState(StrEnum):
    """How far the review of an alert has come; see `casework.review.states`."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    """An officer has taken it."""
    POTENTIAL_CANDIDATE = "potential_candidate"
    """The first officer thinks it may be the same person."""
    NOT_CANDIDATE = "not_candidate"
    INCONCLUSIVE = "inconclusive"
    CONFIRMED = "confirmed"
    """A second officer, too, says that it is the same person."""
    REJECTED = "rejected"
    REFERRED = "referred"
    """Another agency has it in hand."""
    CLOSED = "closed"
    UNDER_REVIEW = "under_review"
    """Only shown, never stored: there is a first opinion, which the reader must not see yet."""


class Escalation(StrEnum):
    """Who else is called for an alert that nobody has taken by its deadline; in this order."""

    SUPERVISOR = "supervisor"
    """The supervisors of the port."""
    NEXT_PORT = "next_port"
    """Those on duty at the next port too."""


class Weekday(StrEnum):
    """A day of the week, Monday first."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


class Opinion(StrEnum):
    """What an officer says after comparing two faces by eye."""

    POTENTIAL_CANDIDATE = "potential_candidate"
    NOT_CANDIDATE = "not_candidate"
    INCONCLUSIVE = "inconclusive"


class OpinionReason(StrEnum):
    """Why an officer came to an opinion."""

    FACIAL_FEATURES_AGREE = "facial_features_agree"
    FACIAL_FEATURES_DIFFER = "facial_features_differ"
    PERMANENT_MARKS_AGREE = "permanent_marks_agree"
    PERMANENT_MARKS_DIFFER = "permanent_marks_differ"
    AGE_IMPLAUSIBLE = "age_implausible"
    SEX_DIFFERS = "sex_differs"
    DOCUMENTS_AGREE = "documents_agree"
    DOCUMENTS_DIFFER = "documents_differ"
    POOR_PROBE = "poor_probe"
    """The traveller's photo is too poor to compare."""
    POOR_ENROLMENT = "poor_enrolment"
    OTHER = "other"


class ComparisonResult(StrEnum):
    """The result of comparing a traveller with the person on a list."""

    SAME_PERSON = "same_person"
    UNDECIDED = "undecided"
    OTHER_PERSON = "other_person"


class Disposal(StrEnum):
    """How an alert ended: the built-in members of that code list.

    An installation has others beside them (`casework.codes`): a stored code may be none of these.
    """

    ENTRY_REFUSED = "entry_refused"
    EXIT_REFUSED = "exit_refused"
    DETAINED = "detained"
    """Placed in immigration detention (deteni)."""
    PROSECUTED = "prosecuted"
    """Handed to investigators for a criminal case (pro justitia)."""
    HANDED_OVER = "handed_over"
    LISTED = "listed"
    """Put on the cegah or tangkal list; this and the next five are the administrative acts of
    UU 6/2011, article 75(2)."""
    PERMIT_CHANGED = "permit_changed"
    """The permit to stay limited, changed or cancelled."""
    PLACES_BARRED = "places_barred"
    """Barred from certain places."""
    RESIDENCE_ASSIGNED = "residence_assigned"
    """Made to live at a certain place."""
    CHARGED = "charged"
    """Charged the costs of the overstay (biaya beban)."""
    DEPORTED = "deported"
    OBSERVED = "observed"
    """Let through and reported, as the list orders."""
    CLEARED = "cleared"
    """The right person, but nothing stands against them any more."""
    MISTAKEN_IDENTITY = "mistaken_identity"
    NOT_FOUND = "not_found"
    """The traveller had left before anybody came."""
    OTHER = "other"


class Disposition(StrEnum):
    """What becomes of a traveller; see `casework.review.disposition`."""

    PENDING = "pending"
    """Officers have still to decide."""
    RELEASED = "released"
    """May go on."""
    HELD = "held"
    """May not."""
    REFERRED = "referred"
    """Another agency has it in hand."""


class ReferralWarning(StrEnum):
    """What the sender of a referral should look at again."""

    NOBODY_NAMED = "nobody_named"
    """Neither a photo nor a name goes along."""


class ReferralState(StrEnum):
    """How far a referral has come; see `casework.referrals.states`."""

    SENT = "sent"
    ACCEPTED = "accepted"
    """The receiving agency has it in hand."""
    QUESTIONED = "questioned"
    """The receiving agency asked something and waits for the sender's answer."""
    ANSWERED = "answered"
    """The receiving agency has stated the outcome."""
    DECLINED = "declined"
    CLOSED = "closed"


class ReferralKind(StrEnum):
    """What a referral hands over."""

    ALERT = "alert"
    TIP = "tip"


class TipState(StrEnum):
    """How far a tip has come; see `casework.tips.states`."""

    NEW = "new"
    SEARCHED = "searched"
    REFERRED = "referred"
    ENROLLED = "enrolled"
    """A subject was made of it."""
    DISMISSED = "dismissed"


class TipOrigin(StrEnum):
    """Whom a tip comes from."""

    PUBLIC = "public"
    AGENCY = "agency"


class TipPriority(StrEnum):
    """How soon somebody should work on a tip."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class ReceiptState(StrEnum):
    """How far a report is, for who made it: the same whatever was found."""

    RECEIVED = "received"
    IN_HAND = "in_hand"
    ENDED = "ended"


class StaySource(StrEnum):
    """How a report of a stay came in."""

    KEY = "key"
    FILE = "file"
    """One row of many."""
    FORM = "form"
    """Of the console, typed by an officer."""


class StayState(StrEnum):
    """Where a guest is, as far as was reported."""

    PRESENT = "present"
    OVERDUE = "overdue"
    """Should have left by what was expected, and nobody has reported it."""
    LEFT = "left"


class PermitKind(StrEnum):
    """What a permit to stay is (UU 6/2011, article 48)."""

    VISIT = "visit"
    """Izin tinggal kunjungan."""
    LIMITED = "limited"
    """Izin tinggal terbatas."""
    PERMANENT = "permanent"
    """Izin tinggal tetap."""
    OTHER = "other"


class PermitStep(StrEnum):
    """What a port sends for a traveller's reference."""

    VISA = "visa"
    ARRIVAL = "arrival"
    EXTENSION = "extension"


class PermitState(StrEnum):
    """Where the permit of a traveller's reference is."""

    VISA = "visa"
    """Nobody has come in by it yet."""
    PERMITTED = "permitted"
    OVERSTAY = "overstay"


class TimelineKind(StrEnum):
    """What a step of a person's timeline is."""

    VISA = "visa"
    ARRIVAL = "arrival"
    STAY = "stay"
    CHECK_OUT = "check_out"
    """Of a lodging, as it was reported to the reader's agency."""
    DEPARTURE = "departure"
    PERMIT_BEGINS = "permit_begins"
    PERMIT_ENDS = "permit_ends"
    DEPARTED = "departed"
    """As the list's owner recorded it."""
    OVERSTAY = "overstay"
    """From then on, as far as is known."""


class Role(StrEnum):
    """What a person or a system is in its agency."""

    OFFICER = "officer"
    """Acknowledges alerts and gives the first opinion."""
    SUPERVISOR = "supervisor"
    """Gives the second opinion, refers and closes."""
    ANALYST = "analyst"
    """Keeps the agency's watchlists and subjects."""
    AUDITOR = "auditor"
    """Reads the audit trail and reports."""
    COORDINATOR = "coordinator"
    """Reads totals of all agencies, without identities."""
    ADMIN = "admin"
    """Keeps officers and keys."""
    PORT = "port"
    """A port system: submits photos."""


class CalibrationSource(StrEnum):
    """Whose scores a calibration was made from."""

    REFERENCE = "reference"
    """Photos of people who are known to be on no list."""
    ENCOUNTERS = "encounters"
    """The service's own searches."""


class Scope(StrEnum):
    """What an API key may do."""

    SCREEN = "screen"
    """Submit encounters and read those it submitted; compare two photos."""
    ENROL = "enrol"
    """Keep subjects and their photos, one by one or by import."""
    EXPORT = "export"
    """Read watchlists whole, with photos."""
    SEARCH = "search"
    """Search watchlists with a photo; compare two photos."""
    READ_ALERTS = "alerts:read"
    """Follow alerts, and where and when a subject was met."""
    TIPS = "tips"
    """Record tips and read their receipts."""
    STAYS = "stays"
    """Report where foreign guests stay, and see its own receipts: never what becomes of them."""
    READ_REPORTS = "reports:read"
    """Read counts of alerts and alarms."""


class AgencyKind(StrEnum):
    """What an agency is in the installation."""

    OPERATOR = "operator"
    """Runs the installation for everybody: agencies, port systems, calibration."""
    MEMBER = "member"


class ApprovalState(StrEnum):
    """How far an act that takes a second person has come; see `casework.approvals.states`."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    """It takes effect once the cooling time is over."""
    IN_EFFECT = "in_effect"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    """Nobody accepted it in time, or it no longer fitted when its time had come."""


class SessionKind(StrEnum):
    """What an officer signed in with."""

    CONSOLE = "console"
    PROGRAM = "program"


class PadResult(StrEnum):
    """What a gate's presentation attack detection found (ISO/IEC 30107)."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    """An attack: a mask, a print, a screen."""
    UNDETERMINED = "undetermined"


class Recapture(StrEnum):
    """What a gate does about a capture: see `casework.screening.recapture`."""

    NOT_NEEDED = "not_needed"
    ADVISED = "advised"
    """The traveller is captured once more."""
    PERSON = "person"
    """They were, to no avail: an officer sees them."""


class PersonReason(StrEnum):
    """Why an officer has to see a traveller, whatever the outcome."""

    FAILED_PAD = "failed_pad"
    """The gate found an attack, and a list asks for a person then."""
    SECOND_CAPTURE = "second_capture"
    """Another capture was no better than the first."""


class VerificationResult(StrEnum):
    """The result of comparing a traveller with the reference, such as a chip's photo."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNUSABLE = "unusable"
    """Either photo could not be used."""


class MatchedBy(StrEnum):
    """What raised an alert."""

    FACE = "face"
    DOCUMENT = "document"
    """The number of the traveller's document alone: such an alert has no score."""
    BOTH = "both"


class DocumentCheck(StrEnum):
    """How the check digits of a document's machine-readable zone came out."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    """One at least: misread, or forged."""
    UNREADABLE = "unreadable"
    """What was sent is no machine-readable zone of a known kind."""
    ABSENT = "absent"
    """No zone was sent, so that nothing could be checked."""


class MrzItem(StrEnum):
    """What has a check digit of its own in a machine-readable zone (ICAO Doc 9303)."""

    NUMBER = "number"
    BIRTH_DATE = "birth_date"
    EXPIRY_DATE = "expiry_date"
    PERSONAL_NUMBER = "personal_number"
    COMPOSITE = "composite"
    """Over all of these, and what has none."""


class IdentityField(StrEnum):
    """What a document and a list both say of a person."""

    NAME = "name"
    BIRTH = "birth"
    SEX = "sex"
    NATIONALITY = "nationality"
    DOCUMENT = "document"


class Agreement(StrEnum):
    """How what a document says compares with what a list says."""

    AGREES = "agrees"
    PARTLY = "partly"
    """Of a name, some words stand in one alone; of a document, another state issued it."""
    DIFFERS = "differs"
    UNKNOWN = "unknown"
    """One of them says nothing, or says it in another script."""


class SubjectStatus(StrEnum):
    """Whether a subject is looked for."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Kept, but never alerts: an objection is being looked into."""


class ObjectionOutcome(StrEnum):
    """How the objection of a person against an entry was answered."""

    UPHELD = "upheld"
    """The person is right (dikabulkan)."""
    PARTLY = "partly"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    """By the person."""


class AreaLevel(StrEnum):
    """How large an area is."""

    COUNTRY = "country"
    PROVINCE = "province"
    REGENCY = "regency"
    """A regency (kabupaten) or a city (kota)."""
    DISTRICT = "district"
    """Kecamatan."""


class CaseState(StrEnum):
    """How far a case has come; see `casework.cases.states`."""

    PLANNED = "planned"
    RUNNING = "running"
    CLOSED = "closed"


class MemberState(StrEnum):
    """Whether an agency takes part in a case; see `casework.cases.states`."""

    INVITED = "invited"
    JOINED = "joined"
    DECLINED = "declined"
    LEFT = "left"
    REMOVED = "removed"
    """By the agency that leads the case."""


class CaseEntryKind(StrEnum):
    """What an agency puts into a case."""

    ITEM = "item"
    """A copy of something of its own."""
    TASK = "task"
    COMMENT = "comment"
    ATTACHMENT = "attachment"


class CaseItemKind(StrEnum):
    """What an item of a case is a copy of."""

    ALERT = "alert"
    TIP = "tip"
    REFERRAL = "referral"
    SUBJECT = "subject"


class CaseOutcome(StrEnum):
    """What a case ended with: what was found of people, and what was done to them."""

    PERMIT_MISUSE = "permit_misuse"
    WORK_WITHOUT_PERMIT = "work_without_permit"
    OVERSTAY = "overstay"
    FALSE_DOCUMENT = "false_document"
    """Forged, or another person's."""
    OTHER_VIOLATION = "other_violation"
    NO_VIOLATION = "no_violation"
    DEPORTED = "deported"
    DETAINED = "detained"
    HANDED_OVER = "handed_over"
    """To another authority."""
    ENTRY_BANNED = "entry_banned"
    WARNED = "warned"


class Sex(StrEnum):
    """As travel documents have it (ICAO Doc 9303)."""

    FEMALE = "F"
    MALE = "M"
    UNSPECIFIED = "X"


class Change(StrEnum):
    """An entry of the gallery's change log."""

    ADD = "add"
    REMOVE = "remove"
    STANDING = "standing"
    """The template's subject is on other watchlists than before."""
    POLICY = "policy"
    """Watchlists changed: thresholds must be read again."""


class EventKind(StrEnum):
    """Events that agencies and port systems can follow."""

    ALERT_RAISED = "alert.raised"
    ALERT_CHANGED = "alert.changed"
    """Its review went a step further."""
    ALERT_OVERDUE = "alert.overdue"
    """Nobody has taken it by its deadline: others are called; once for each step of that."""
    ENCOUNTER_DISPOSITION = "encounter.disposition"
    """What becomes of the traveller has changed: for the port system that sent the photo."""
    REFERRAL_SENT = "referral.sent"
    REFERRAL_CHANGED = "referral.changed"
    """One of the two agencies did something with it."""
    BREAKER_TRIPPED = "watchlist.tripped"
    """A list alarmed on too many travellers, and is kept to its calibrated threshold."""
    BREAKER_RESET = "watchlist.reset"
    KEY_EXPIRING = "key.expiring"
    """An API key will expire soon."""
    APPROVAL_ASKED = "approval.asked"
    """An act of the agency waits for a second person."""
    APPROVAL_CHANGED = "approval.changed"
    """It was accepted, refused or withdrawn, has taken effect, or lapsed."""
    OVERSTAY_BEGAN = "overstay.began"
    """The permit of somebody on the agency's lists has ended, and no departure is known."""
    COMMAND_RUN = "command.run"
    """The machine's owner acted on the agency's work or people by the command line."""


class DeliveryState(StrEnum):
    """How far an event is on its way to a webhook."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up after too many failures."""
    EXPIRED = "expired"
    """Too old when its turn came."""
    GONE = "gone"
    """What it is about was erased, or the receiver may no longer see it."""


class ImportState(StrEnum):
    """How far a bulk import has come."""

    RECEIVING = "receiving"
    """Never shown: the upload is still on its way, or was cut off."""
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It ended before its last row; what is stored stays."""
    CANCELLED = "cancelled"
