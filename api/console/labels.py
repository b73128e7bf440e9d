"""Labels: what the console calls the members of the domain's vocabularies."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

import babel
from babel.core import get_global
from babel.dates import format_date

from api.console.i18n import Locale, msg
from casework.approvals.states import ApprovalStep
from casework.cases.payload import ReferralItemField, SubjectField
from casework.kernel.officer_names import OfficerName
from casework.kernel.period import written_day
from casework.kernel.processing import Processing
from casework.kernel.vocabulary import (
    Agreement,
    AlertState,
    ApprovalState,
    AreaLevel,
    CaseEntryKind,
    CaseItemKind,
    CaseOutcome,
    CaseState,
    ComparisonResult,
    Direction,
    Disposition,
    DocumentCheck,
    Escalation,
    IdentityField,
    ImportState,
    MatchedBy,
    MemberState,
    MrzItem,
    ObjectionOutcome,
    Opinion,
    OpinionReason,
    PadResult,
    PermitKind,
    PermitState,
    PermitStep,
    ReferralKind,
    ReferralState,
    Requirement,
    Role,
    Sex,
    Stage,
    StaySource,
    StayState,
    SubjectStatus,
    TimelineKind,
    TipOrigin,
    TipPriority,
    TipState,
    VerificationResult,
    Weekday,
)
from casework.referrals.fields import AlertField, FieldGroup
from casework.referrals.states import Move, Side
from casework.reports.calendar import CalendarPeriod
from casework.reports.dimensions import AlertOutcome, Dimension
from casework.reports.places import PlaceMeasure
from casework.tables import Officer
from casework.tips.nearby import NearbyReason
from casework.tips.payload import TipField
from casework.tips.triage import DuplicateReason
from detector.quality import Reason, Verdict

_QUARTER: Final = 3
_CALLED: Final[tuple[tuple[StrEnum, str], ...]] = (
    (AlertOutcome.CONFIRMED, msg("Held to be the person")),
    (AlertOutcome.FALSE_ALARM, msg("False alarms")),
    (AlertOutcome.WAITING, msg("Undecided, within their time")),
    (AlertOutcome.OVERDUE, msg("Undecided, overdue")),
    (AlertOutcome.OTHER, msg("People could not tell")),
    (Dimension.AREA, msg("Province")),
    (Dimension.REGENCY, msg("Regency or city")),
    (Dimension.PORT, msg("Port")),
    (Dimension.WATCHLIST, msg("Watchlist")),
    (Dimension.CATEGORY, msg("Category")),
    (Dimension.AGENCY, msg("Agency")),
    (Dimension.DIRECTION, msg("Direction")),
    (Dimension.STAGE, msg("Stage")),
    (Dimension.NATIONALITY, msg("Nationality")),
    (Dimension.MATCHED_BY, msg("Found by")),
    (Dimension.OUTCOME, msg("Outcome")),
    (Dimension.CLOSED, msg("Closed")),
    (Dimension.HOUR, msg("Hour")),
    (Dimension.DAY, msg("Day")),
    (Dimension.MONTH, msg("Month")),
    (ComparisonResult.SAME_PERSON, msg("It is the person on the list")),
    (ComparisonResult.UNDECIDED, msg("Undecided")),
    (ComparisonResult.OTHER_PERSON, msg("It is somebody else")),
    (Disposition.PENDING, msg("Officers have still to decide")),
    (Disposition.RELEASED, msg("May go on")),
    (Disposition.HELD, msg("Is held")),
    (Disposition.REFERRED, msg("Another agency has it in hand")),
    (Requirement.LEGAL_BASIS, msg("Legal basis of the list")),
    (Requirement.DECISION_NUMBER, msg("Decision number")),
    (Requirement.VALID_UNTIL, msg("End of validity")),
    (PlaceMeasure.ALERTS, msg("Alerts")),
    (PlaceMeasure.CONFIRMED, msg("Held to be the person")),
    (PlaceMeasure.FALSE_ALARMS, msg("False alarms")),
    (PlaceMeasure.OVERDUE, msg("Undecided, overdue")),
    (PlaceMeasure.TIPS, msg("Tips")),
    (PlaceMeasure.CASES, msg("Joint cases opened")),
    (PlaceMeasure.STAYS, msg("Stays reported")),
    (PlaceMeasure.CHECK_OUTS, msg("Check-outs overdue")),
    (Direction.ENTRY, msg("Entry")),
    (Direction.EXIT, msg("Exit")),
    (Direction.BOTH, msg("Entry and exit")),
    (Stage.VISA, msg("Visa application")),
    (Stage.ARRIVAL, msg("Arrival")),
    (Stage.STAY, msg("Stay")),
    (Stage.DEPARTURE, msg("Departure")),
    (AlertState.NEW, msg("New")),
    (AlertState.ACKNOWLEDGED, msg("Taken")),
    (AlertState.POTENTIAL_CANDIDATE, msg("May be the person")),
    (AlertState.NOT_CANDIDATE, msg("Not the person")),
    (AlertState.INCONCLUSIVE, msg("Undecided")),
    (AlertState.CONFIRMED, msg("Confirmed")),
    (AlertState.REJECTED, msg("Rejected")),
    (AlertState.REFERRED, msg("Referred")),
    (AlertState.CLOSED, msg("Closed")),
    (AlertState.UNDER_REVIEW, msg("Waits for a second opinion")),
    (Opinion.POTENTIAL_CANDIDATE, msg("May be the person")),
    (Opinion.NOT_CANDIDATE, msg("Not the person")),
    (Opinion.INCONCLUSIVE, msg("Cannot tell")),
    (OpinionReason.FACIAL_FEATURES_AGREE, msg("Facial features agree")),
    (OpinionReason.FACIAL_FEATURES_DIFFER, msg("Facial features differ")),
    (OpinionReason.PERMANENT_MARKS_AGREE, msg("Scars, moles or marks agree")),
    (OpinionReason.PERMANENT_MARKS_DIFFER, msg("Scars, moles or marks differ")),
    (OpinionReason.AGE_IMPLAUSIBLE, msg("Age does not fit")),
    (OpinionReason.SEX_DIFFERS, msg("Sex differs")),
    (OpinionReason.DOCUMENTS_AGREE, msg("Documents agree")),
    (OpinionReason.DOCUMENTS_DIFFER, msg("Documents differ")),
    (OpinionReason.POOR_PROBE, msg("Traveller's photo too poor")),
    (OpinionReason.POOR_ENROLMENT, msg("Photo on the list too poor")),
    (OpinionReason.OTHER, msg("Other (say it in the note)")),
    (Escalation.SUPERVISOR, msg("supervisors called")),
    (Escalation.NEXT_PORT, msg("next port called")),
    (Weekday.MONDAY, msg("Mon")),
    (Weekday.TUESDAY, msg("Tue")),
    (Weekday.WEDNESDAY, msg("Wed")),
    (Weekday.THURSDAY, msg("Thu")),
    (Weekday.FRIDAY, msg("Fri")),
    (Weekday.SATURDAY, msg("Sat")),
    (Weekday.SUNDAY, msg("Sun")),
    (AreaLevel.COUNTRY, msg("Country")),
    (AreaLevel.PROVINCE, msg("Province")),
    (AreaLevel.REGENCY, msg("Regency or city")),
    (AreaLevel.DISTRICT, msg("District")),
    (Role.OFFICER, msg("Officer")),
    (Role.SUPERVISOR, msg("Supervisor")),
    (Role.ANALYST, msg("Analyst")),
    (Role.AUDITOR, msg("Auditor")),
    (Role.COORDINATOR, msg("Coordinator")),
    (Role.ADMIN, msg("Administrator")),
    (Role.PORT, msg("Port system")),
    (ObjectionOutcome.UPHELD, msg("Upheld: the person is right")),
    (ObjectionOutcome.PARTLY, msg("Upheld in part")),
    (ObjectionOutcome.REJECTED, msg("Objection rejected")),
    (ObjectionOutcome.WITHDRAWN, msg("Withdrawn by the person")),
    (Sex.FEMALE, msg("Female")),
    (Sex.MALE, msg("Male")),
    (Sex.UNSPECIFIED, msg("Unspecified")),
    (SubjectStatus.ACTIVE, msg("Active")),
    (SubjectStatus.SUSPENDED, msg("Suspended")),
    (ReferralKind.ALERT, msg("Alert")),
    (ReferralKind.TIP, msg("Tip")),
    (ReferralState.SENT, msg("Sent")),
    (ReferralState.ACCEPTED, msg("Accepted")),
    (ReferralState.QUESTIONED, msg("Question asked")),
    (ReferralState.ANSWERED, msg("Answered")),
    (ReferralState.DECLINED, msg("Declined")),
    (ReferralState.CLOSED, msg("Closed")),
    (Side.SENDER, msg("sender")),
    (Side.RECEIVER, msg("receiver")),
    (Move.ACCEPT, msg("accept")),
    (Move.DECLINE, msg("decline")),
    (Move.ASK, msg("ask")),
    (Move.REPLY, msg("reply")),
    (Move.ANSWER, msg("answer")),
    (Move.CLOSE, msg("close")),
    (CaseState.PLANNED, msg("Planned")),
    (CaseState.RUNNING, msg("Running")),
    (CaseState.CLOSED, msg("Closed")),
    (MemberState.INVITED, msg("Invited")),
    (MemberState.JOINED, msg("Takes part")),
    (MemberState.DECLINED, msg("Declined")),
    (MemberState.LEFT, msg("Left")),
    (MemberState.REMOVED, msg("Removed")),
    (CaseItemKind.ALERT, msg("Alert")),
    (CaseItemKind.TIP, msg("Tip")),
    (CaseItemKind.REFERRAL, msg("Referral")),
    (CaseItemKind.SUBJECT, msg("Subject")),
    (CaseEntryKind.ITEM, msg("Item")),
    (CaseEntryKind.TASK, msg("Task")),
    (CaseEntryKind.COMMENT, msg("Comment")),
    (CaseEntryKind.ATTACHMENT, msg("Attachment")),
    (CaseOutcome.PERMIT_MISUSE, msg("Permit misuse")),
    (CaseOutcome.WORK_WITHOUT_PERMIT, msg("Work without a permit")),
    (CaseOutcome.OVERSTAY, msg("Overstay")),
    (CaseOutcome.FALSE_DOCUMENT, msg("False document")),
    (CaseOutcome.OTHER_VIOLATION, msg("Another violation")),
    (CaseOutcome.NO_VIOLATION, msg("No violation found")),
    (CaseOutcome.DEPORTED, msg("Deported")),
    (CaseOutcome.DETAINED, msg("Detained")),
    (CaseOutcome.HANDED_OVER, msg("Handed over to another authority")),
    (CaseOutcome.ENTRY_BANNED, msg("Banned from entry")),
    (CaseOutcome.WARNED, msg("Warned")),
    (TipState.NEW, msg("New")),
    (TipState.SEARCHED, msg("Searched")),
    (TipState.REFERRED, msg("Referred")),
    (TipState.ENROLLED, msg("Enrolled")),
    (TipState.DISMISSED, msg("Dismissed")),
    (Processing.STAYS, msg("Reports of stays")),
    (Processing.OVERSTAY, msg("Permits of travellers")),
    (Processing.PUBLIC, msg("Reports from the public")),
    (PermitKind.VISIT, msg("Visit stay permit")),
    (PermitKind.LIMITED, msg("Limited stay permit")),
    (PermitKind.PERMANENT, msg("Permanent stay permit")),
    (PermitKind.OTHER, msg("Another permit")),
    (PermitStep.VISA, msg("Visa")),
    (PermitStep.ARRIVAL, msg("Arrival")),
    (PermitStep.EXTENSION, msg("Extension")),
    (PermitState.VISA, msg("Visa")),
    (PermitState.PERMITTED, msg("Permitted")),
    (PermitState.OVERSTAY, msg("Overstay")),
    (TimelineKind.VISA, msg("Visa")),
    (TimelineKind.ARRIVAL, msg("Arrival")),
    (TimelineKind.STAY, msg("Stay")),
    (TimelineKind.CHECK_OUT, msg("Check-out")),
    (TimelineKind.DEPARTURE, msg("Departure")),
    (TimelineKind.PERMIT_BEGINS, msg("Permit begins")),
    (TimelineKind.PERMIT_ENDS, msg("Permit ends")),
    (TimelineKind.DEPARTED, msg("Departure, as recorded")),
    (TimelineKind.OVERSTAY, msg("Overstay begins")),
    (StayState.PRESENT, msg("Staying")),
    (StayState.OVERDUE, msg("Check-out overdue")),
    (StayState.LEFT, msg("Checked out")),
    (StaySource.KEY, msg("The lodging's system")),
    (StaySource.FILE, msg("A file")),
    (StaySource.FORM, msg("This console")),
    (TipPriority.URGENT, msg("Urgent")),
    (TipPriority.HIGH, msg("High")),
    (TipPriority.NORMAL, msg("Usual")),
    (TipPriority.LOW, msg("Low")),
    (DuplicateReason.PHOTO, msg("the same photo")),
    (DuplicateReason.TEXT, msg("much the same words, place and time")),
    (NearbyReason.SUBJECT, msg("it is about this person")),
    (NearbyReason.LODGING, msg("it names the lodging")),
    (NearbyReason.AREA, msg("the same area, within two weeks")),
    (TipOrigin.PUBLIC, msg("The public")),
    (TipOrigin.AGENCY, msg("Another agency")),
    (ImportState.RECEIVING, msg("Being received")),
    (ImportState.QUEUED, msg("Waiting")),
    (ImportState.RUNNING, msg("At work")),
    (ImportState.DONE, msg("Done")),
    (ImportState.FAILED, msg("Failed")),
    (ImportState.CANCELLED, msg("Cancelled")),
    (ApprovalState.WAITING, msg("Waits for a second person")),
    (ApprovalState.ACCEPTED, msg("Accepted")),
    (ApprovalState.IN_EFFECT, msg("In effect")),
    (ApprovalState.REFUSED, msg("Refused")),
    (ApprovalState.WITHDRAWN, msg("Withdrawn")),
    (ApprovalState.LAPSED, msg("Lapsed")),
    (ApprovalStep.ACCEPT, msg("accept")),
    (ApprovalStep.REFUSE, msg("refuse")),
    (ApprovalStep.WITHDRAW, msg("withdraw")),
    (ApprovalStep.TAKE_EFFECT, msg("put into effect")),
    (ApprovalStep.LAPSE, msg("let lapse")),
    (Verdict.USABLE, msg("Good")),
    (Verdict.MARGINAL, msg("Poor")),
    (Verdict.UNSEARCHABLE, msg("Unusable")),
    (PadResult.PASS, msg("No attack found")),
    (PadResult.FAIL, msg("Attack found (mask, print or screen)")),
    (PadResult.UNDETERMINED, msg("Could not tell")),
    (VerificationResult.MATCH, msg("Same person")),
    (VerificationResult.MISMATCH, msg("Not alike enough")),
    (VerificationResult.UNUSABLE, msg("Could not be compared")),
    (MatchedBy.FACE, msg("Face")),
    (MatchedBy.DOCUMENT, msg("Document")),
    (MatchedBy.BOTH, msg("Face and document")),
    (DocumentCheck.AGREES, msg("The check digits agree.")),
    (
        DocumentCheck.DISAGREES,
        msg("Check digits disagree: the document was misread, or is forged."),
    ),
    (DocumentCheck.UNREADABLE, msg("Its machine-readable zone could not be read.")),
    (DocumentCheck.ABSENT, msg("Without a machine-readable zone nothing could be checked.")),
    (MrzItem.NUMBER, msg("number")),
    (MrzItem.BIRTH_DATE, msg("date of birth")),
    (MrzItem.EXPIRY_DATE, msg("date of expiry")),
    (MrzItem.PERSONAL_NUMBER, msg("personal number")),
    (MrzItem.COMPOSITE, msg("all together")),
    (IdentityField.NAME, msg("Name")),
    (IdentityField.BIRTH, msg("Born")),
    (IdentityField.SEX, msg("Sex")),
    (IdentityField.NATIONALITY, msg("Nationality")),
    (IdentityField.DOCUMENT, msg("Document")),
    (Agreement.AGREES, msg("Agrees")),
    (Agreement.PARTLY, msg("Agrees in part")),
    (Agreement.DIFFERS, msg("Differs")),
    (Agreement.UNKNOWN, msg("Cannot be compared")),
    *(
        (each, each.field.label)
        for each in (*AlertField, *TipField, *SubjectField, *ReferralItemField)
    ),
)

# Members of two vocabularies may have the same value, and would then be one key.
LABELS: Final = {(type(member), member.value): called for member, called in _CALLED}
"""Every member of the vocabularies that pages show, in English."""

_VOCABULARIES: Final = {type(member).__name__: type(member) for member, _ in _CALLED}

EXPLAINED: Final[Mapping[StrEnum, str]] = {
    Reason.NO_FACE: msg("No face was found."),
    Reason.SEVERAL_FACES: msg("Another face in the photo is as large."),
    Reason.FACE_TOO_SMALL: msg("The face is small: it shows few details."),
    Reason.BLURRED: msg("The face is blurred."),
    Reason.TOO_DARK: msg("The face is too dark."),
    Reason.TOO_BRIGHT: msg("The face is over-exposed."),
    Reason.LOW_CONTRAST: msg("The face has hardly any contrast."),
    Reason.TURNED_AWAY: msg("The head is turned away."),
    Reason.CUT_OFF: msg("The frame cuts off part of the face."),
    Reason.EYES_COVERED: msg("The eyes hardly show: dark glasses, hair or a hand may cover them."),
    Reason.MOUTH_COVERED: msg("The mouth hardly shows: a mask, veil or hand may cover it."),
    Reason.NOISY: msg("The photo is grainy."),
    Reason.COMPRESSED: msg("The photo is compressed too much."),
    Reason.UNCERTAIN_FACE: msg("The face is not clearly seen, or the photo is not upright."),
    Reason.HARD_TO_RECOGNISE: msg("The face shows little to recognise it by."),
    Reason.TURNED: msg("The photo was not upright."),
    Reason.NEGATIVE: msg("The photo is a negative."),
}
"""Why a photo is less than good, for the officer who compares it."""

GROUPS: Final[Mapping[FieldGroup, str]] = {
    FieldGroup.TRAVELLER: msg("The traveller"),
    FieldGroup.PERSON: msg("The person on the list"),
    FieldGroup.LIST: msg("The list and the score"),
    FieldGroup.REPORT: msg("What was reported"),
}
"""What the fields of a referral tell something of."""

# An act's own word, in the history of an alert or a referral.
ACTIONS: Final[Mapping[str, str]] = {
    "alert.acknowledge": msg("took the alert"),
    "alert.decide": msg("gave the first opinion"),
    "alert.confirm": msg("gave the second opinion"),
    "alert.withdraw": msg("took the opinion back"),
    "alert.refer": msg("referred the alert"),
    "alert.close": msg("closed the alert"),
    "alert.correct": msg("corrected how the alert was closed"),
    "case.open": msg("opened the joint case"),
    "case.edit": msg("changed what it is about"),
    "case.start": msg("started it"),
    "case.close": msg("closed it"),
    "case.invite": msg("invited"),
    "case.join": msg("joined"),
    "case.decline": msg("declined the invitation"),
    "case.leave": msg("left"),
    "case.remove": msg("removed"),
    "referral.send": msg("sent the referral"),
    "referral.accept": msg("accepted it"),
    "referral.decline": msg("declined it"),
    "referral.ask": msg("asked"),
    "referral.reply": msg("replied"),
    "referral.answer": msg("answered"),
    "referral.close": msg("closed it"),
}


def of(value: str, vocabulary: str | None = None) -> str:
    """Return the label of a vocabulary's member, in English; translate it before showing.

    Args:
        value: the member, or its text as it is stored.
        vocabulary: the name of the vocabulary that a stored text is of.
    """
    member = _VOCABULARIES[vocabulary](value) if vocabulary is not None else value
    return LABELS[type(member), member]  # type: ignore[index]


def is_labelled(member: StrEnum) -> bool:
    """Whether a member of a vocabulary has a label."""
    return (type(member), member.value) in LABELS


def explained(reason: str) -> str:
    """Return what a quality reason means, in English; translate it before showing."""
    return EXPLAINED[Reason(reason)]


def country(code: str | None, language: str) -> str:
    """Return a country's name by its ISO 3166-1 alpha-3 code, or the code where none is known."""
    if not code:
        return ""
    alpha2 = (get_global("territory_aliases").get(code) or [code])[0]
    return str(babel.Locale(language).territories.get(alpha2, code))


def born(value: date | str | int | None, speech: Locale) -> str:
    """Return a date of birth, or the year alone, as people read it; empty where it is not known.

    Args:
        value: the date, or as it is stored or carried: `1980-02-28`, `1980`.
        speech: the reader's language.
    """
    text = str(value or "")
    try:
        day = value if isinstance(value, date) else written_day(text)
    except ValueError:  # a document may say 1980-00-00 of a day that nobody knows
        return text
    return speech.day(day) if day is not None else text


def service_number(by: OfficerName | Officer, speech: Locale) -> str:
    """Return an officer's service number, with what it is called."""
    return speech("NIP/NRP %(number)s", number=by.service_number)


def officer(by: OfficerName, speech: Locale) -> str:
    """Return somebody who acted, on one line: name, agency, service number."""
    number = service_number(by, speech) if by.service_number else None
    return ", ".join(filter(None, (by.name, by.agency_code, number)))


def span(length: timedelta) -> str:
    """Return a length of time as a clock shows it: `1:05`, or `2:01:05` from an hour on."""
    seconds = max(0, int(length.total_seconds()))
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def period(found: CalendarPeriod, speech: Locale) -> str:
    """Return what a calendar period is called, such as `October 2026`."""
    year = f"{found.year}"
    if found.months == 1:
        day = date(found.year, found.month, 1)
        return format_date(day, "MMMM y", locale=speech.language)
    if found.months == _QUARTER:
        return speech(
            "Quarter %(number)s of %(year)s", number=found.month // _QUARTER + 1, year=year
        )
    return speech("Year %(year)s", year=year)
