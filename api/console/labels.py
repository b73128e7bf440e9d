"""What the domain's words are called, and what errors and notices say."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

import babel
from babel.core import get_global

from api.console.i18n import Locale, msg
from api.problems import KINDS, Problem
from casework.kernel.vocabulary import (
    AlertState,
    Category,
    Direction,
    Disposal,
    ImportState,
    Opinion,
    OpinionReason,
    ReferralKind,
    ReferralState,
    Role,
    Sex,
    Stage,
    SubjectStatus,
    TipOrigin,
    TipState,
)
from casework.referrals.payload import AlertField, TipField
from detector.quality import Reason, Verdict

_OURS: Final = 500  # statuses from here on are the service's fault

_CALLED: Final[tuple[tuple[StrEnum, str], ...]] = (
    (Category.CEGAH, msg("Exit ban (cegah)")),
    (Category.TANGKAL, msg("Entry ban (tangkal)")),
    (Category.WANTED, msg("Wanted (DPO)")),
    (Category.INTERPOL, msg("INTERPOL notice")),
    (Category.OVERSTAY, msg("Overstay")),
    (Category.PERMIT_MISUSE, msg("Permit misuse")),
    (Category.OTHER, msg("Other")),
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
    (Disposal.ENTRY_REFUSED, msg("Entry refused")),
    (Disposal.EXIT_REFUSED, msg("Exit refused")),
    (Disposal.HANDED_OVER, msg("Handed over to the authority")),
    (Disposal.OBSERVED, msg("Let through and reported")),
    (Disposal.CLEARED, msg("Right person, nothing stands against them any more")),
    (Disposal.MISTAKEN_IDENTITY, msg("Mistaken identity")),
    (Disposal.NOT_FOUND, msg("Traveller had left")),
    (Disposal.OTHER, msg("Other (say it in the note)")),
    (Role.OFFICER, msg("Officer")),
    (Role.SUPERVISOR, msg("Supervisor")),
    (Role.ANALYST, msg("Analyst")),
    (Role.AUDITOR, msg("Auditor")),
    (Role.COORDINATOR, msg("Coordinator")),
    (Role.ADMIN, msg("Administrator")),
    (Role.PORT, msg("Port system")),
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
    (TipState.NEW, msg("New")),
    (TipState.SEARCHED, msg("Searched")),
    (TipState.REFERRED, msg("Referred")),
    (TipState.ENROLLED, msg("Enrolled")),
    (TipState.DISMISSED, msg("Dismissed")),
    (TipOrigin.PUBLIC, msg("The public")),
    (TipOrigin.AGENCY, msg("Another agency")),
    (AlertField.NAME, msg("Name")),
    (AlertField.ALIASES, msg("Also known as")),
    (AlertField.SEX, msg("Sex")),
    (AlertField.BIRTH, msg("Born")),
    (AlertField.NATIONALITY, msg("Nationality")),
    (AlertField.DOCUMENTS, msg("Documents")),
    (AlertField.REASON, msg("Reason")),
    (AlertField.DECISION_NUMBER, msg("Decision")),
    (AlertField.VALID_UNTIL, msg("Valid until")),
    (AlertField.WATCHLIST, msg("Watchlist")),
    (AlertField.CATEGORY, msg("Category")),
    (AlertField.LEGAL_BASIS, msg("Legal basis")),
    (AlertField.PORT, msg("Port")),
    (AlertField.DIRECTION, msg("Direction")),
    (AlertField.STAGE, msg("Stage")),
    (AlertField.CAPTURED_AT, msg("Photographed")),
    (AlertField.TRAVELLER_REF, msg("Port's reference")),
    (AlertField.SCORE, msg("Score")),
    (AlertField.ONE_IN, msg("By chance")),
    (AlertField.PROBE_PHOTO, msg("Photo of the traveller")),
    (AlertField.ENROLLED_PHOTO, msg("Photo on the list")),
    (TipField.REFERENCE, msg("Reference")),
    (TipField.ORIGIN, msg("From")),
    (TipField.TEXT, msg("What was reported")),
    (TipField.PLACE, msg("Where")),
    (TipField.HAPPENED_AT, msg("When it happened")),
    (TipField.PHOTO, msg("Photo")),
    (ImportState.RECEIVING, msg("Being received")),
    (ImportState.QUEUED, msg("Waiting")),
    (ImportState.RUNNING, msg("At work")),
    (ImportState.DONE, msg("Done")),
    (ImportState.FAILED, msg("Failed")),
    (ImportState.CANCELLED, msg("Cancelled")),
    (Verdict.USABLE, msg("Good")),
    (Verdict.MARGINAL, msg("Poor")),
    (Verdict.UNSEARCHABLE, msg("Unusable")),
)

# Members of two vocabularies may be spelt alike, and would then be one key.
LABELS: Final = {(type(member), member.value): called for member, called in _CALLED}
"""Every member of the vocabularies that pages show, in English."""

_VOCABULARIES: Final = {type(member).__name__: type(member) for member, _ in _CALLED}

EXPLAINED: Final[Mapping[StrEnum, str]] = {
    Reason.NO_FACE: msg("No face was found."),
    Reason.SEVERAL_FACES: msg("Another face in the photo is as large."),
    Reason.FACE_TOO_SMALL: msg("The face is small: few details can be told."),
    Reason.BLURRED: msg("The face is blurred."),
    Reason.TOO_DARK: msg("The face is too dark."),
    Reason.TOO_BRIGHT: msg("The face is over-exposed."),
    Reason.LOW_CONTRAST: msg("The face has hardly any contrast."),
    Reason.TURNED_AWAY: msg("The head is turned away."),
    Reason.UNCERTAIN_FACE: msg("The face is not clearly seen, or the photo is not upright."),
}
"""Why a photo is not simply good, for who compares it."""

ADVISED: Final[Mapping[StrEnum, str]] = {
    Reason.NO_FACE: msg("No face was found: the face has to look into the camera, uncovered."),
    Reason.SEVERAL_FACES: msg("Another face is as large: cut the photo so that one face is left."),
    Reason.FACE_TOO_SMALL: msg("The face is too small: move closer, or take a larger photo."),
    Reason.BLURRED: msg("The face is blurred: hold still and focus."),
    Reason.TOO_DARK: msg("The face is too dark: add light from the front."),
    Reason.TOO_BRIGHT: msg("The face is over-exposed: reduce the light or the exposure."),
    Reason.LOW_CONTRAST: msg("The face has hardly any contrast: look for haze, glass and lamps."),
    Reason.TURNED_AWAY: msg("The head is turned away: choose a photo that looks into the camera."),
    Reason.UNCERTAIN_FACE: msg(
        "The face is not clearly seen: is the photo upright? Choose another."
    ),
}
"""What can be done about it, for who chose or took the photo."""

# An act's own word, in the history of an alert or a referral.
ACTIONS: Final[Mapping[str, str]] = {
    "alert.acknowledge": msg("took the alert"),
    "alert.decide": msg("gave the first opinion"),
    "alert.confirm": msg("gave the second opinion"),
    "alert.refer": msg("referred the alert"),
    "alert.close": msg("closed the alert"),
    "referral.send": msg("sent the referral"),
    "referral.accept": msg("accepted it"),
    "referral.decline": msg("declined it"),
    "referral.ask": msg("asked"),
    "referral.reply": msg("replied"),
    "referral.answer": msg("answered"),
    "referral.close": msg("closed it"),
}

NOTICES: Final[Mapping[str, str]] = {
    "signed_out": msg("You are signed out."),
    "password_changed": msg("Your password is changed; your other sessions have ended."),
    "second_factor_set": msg("Your second factor is set up. It is asked for at every sign-in."),
    "taken": msg("You have taken the alert."),
    "decided": msg("Your opinion is recorded."),
    "confirmed": msg("Your second opinion is recorded."),
    "closed": msg("The alert is closed."),
    "referred": msg("The referral is sent."),
    "referral_moved": msg("It is recorded, and the other agency sees it."),
    "tip_recorded": msg("The tip is recorded. Give its reference to whoever reported it."),
    "tip_dismissed": msg("The tip is dismissed."),
    "tip_enrolled": msg("The subject is enrolled, with the photo of the tip."),
    "saved": msg("Saved."),
    "enrolled": msg("Enrolled. The entry counts from the next traveller on."),
    "removed": msg("Removed."),
    "sent": msg("Sent; it appears below in a moment."),
}
"""What a page says after a form was sent, by the code in its address."""

SENTENCES: Final[Mapping[str, str]] = {
    "request_invalid": msg("Some of what you entered is not valid. Go back and check the fields."),
    "body_too_large": msg("What you sent is too large: send fewer or smaller photos."),
    "overloaded": msg("The service is busy. Try again in a moment."),
    "not_ready": msg("The service is starting. Try again in a moment."),
    "not_authenticated": msg("Sign in first."),
    "too_many_attempts": msg(
        "Too many failed sign-ins: the account is locked for a while. Try again later, or ask your "
        "administrator to unlock it."
    ),
    "not_confirmed": msg("The password or code is wrong."),
    "sign_on_refused": msg(
        "Signing in with your agency's account was refused. Ask your administrator whether your "
        "account here belongs to it."
    ),
    "provider_unavailable": msg("Your agency's sign-in does not answer. Try again in a moment."),
    "too_many_streams": msg("Too many pages are open at once: close some."),
    "not_permitted": msg("Your roles do not allow this. Ask your administrator if they should."),
    "weak_password": msg("This password is too easy to guess."),
    "not_found": msg("There is nothing here, or it is not for your agency to see."),
    "target_refused": msg("This address cannot be used: https, and a host on the public internet."),
    "enrolment_refused": msg(
        "No photo can be enrolled: choose others. See the verdict beside each."
    ),
    "invalid_period": msg("The period is not possible: it ends before it begins, or has ended."),
    "impossible_birth": msg("The birth date and year do not fit each other, or are not possible."),
    "photo_empty": msg("The file is empty: choose another photo."),
    "photo_format_unsupported": msg(
        "This is not a photo that can be read: send JPEG, PNG or WebP."
    ),
    "photo_too_large": msg("The photo's file is too large: choose a smaller one."),
    "photo_too_many_pixels": msg("The photo has too many pixels: choose a smaller one."),
    "photo_unreadable": msg("The photo is damaged and cannot be read: choose another."),
    "invalid_referral": msg(
        "It cannot be handed over like this: look at the agency, the time and the fields."
    ),
    "import_refused": msg(
        "The file cannot be imported as it is: see the columns and the encoding that are wanted."
    ),
    "too_many_imports": msg("Your agency has several imports under way: wait for one to end."),
    "already_exists": msg("This name or reference is taken."),
    "still_in_use": msg("Others depend on it, so it cannot be removed."),
    "illegal_transition": msg("This cannot be done in the present state."),
    "stale_version": msg("It has changed since you read it, perhaps by another officer."),
    "form_refused": msg(
        "This form was not accepted because the page was too old or not ours. Open the page "
        "again; what you had typed is kept there."
    ),
    "method_not_allowed": msg("This address cannot be opened this way. Go back to the page."),
    "internal_error": msg("Something went wrong on our side. Quote the number below to support."),
}
"""What an error says to a person, by the problem's code."""

SAID_BY_CASEWORK: Final = (
    msg("Acknowledge the alert first: its list requires that."),
    msg("Another officer has taken this alert; a supervisor can take over."),
    msg("You have already taken this alert."),
    msg("The second opinion takes another officer than the first."),
    msg("A second officer has to look first: the alert's list requires it."),
    msg("The alert has changed since you read it, perhaps by another officer: read it again."),
    msg("The present password is wrong."),
    msg("Choose a password that you have not now."),
    msg("Choose a password that does not repeat so few characters."),
    msg("Choose a password that is not a number alone."),
    msg("Choose a password that does not contain your name or login."),
    msg("Choose a password of at least 12 characters."),
    msg("Choose a password of at most 256 characters."),
    msg("Choose a new password first: the present one was given to you by somebody else."),
    msg("Set up a second factor first: this installation requires one."),
    msg("A second factor is in use: ask your administrator to reset it first."),
    msg("Ask for a new shared secret first."),
    msg("The code is wrong: check the clock of your telephone, and try the next code."),
    msg("Login, password or code is wrong, or the account is not active."),
    msg("It took too long: sign in again from the beginning."),
    msg("The traveller's photo has been erased."),
    msg("The enrolled photo has been erased."),
    msg("Another agency has this tip in hand: wait for its answer, or take the referral back."),
)
"""Sentences of the use cases that pages repeat word for word."""


def of(value: str, vocabulary: str | None = None) -> str:
    """Return what a word of the domain is called, in English; translate it before showing.

    Args:
        value: the member, or its text as it is stored.
        vocabulary: the name of the vocabulary that a stored text is of.
    """
    member = _VOCABULARIES[vocabulary](value) if vocabulary is not None else value
    return LABELS[type(member), member]  # type: ignore[index]


def explained(reason: str) -> str:
    """Return what a quality reason means, in English; translate it before showing."""
    return EXPLAINED[Reason(reason)]


def advised(reason: str) -> str:
    """Return what can be done about a quality reason, in English; translate it before showing."""
    return ADVISED[Reason(reason)]


def sentence(problem: Problem, speech: Locale) -> str:
    """Return what an error says to a person, in their language."""
    general = "internal_error" if problem.status >= _OURS else "request_invalid"
    code = problem.code if problem.code in SENTENCES else general
    return told(problem.detail, speech) or by_code(code, speech)


def by_code(code: str, speech: Locale) -> str:
    """Return the sentence of a code in `SENTENCES`, in a language."""
    text = SENTENCES[code]
    return speech(text)


def told(text: str, speech: Locale) -> str | None:
    """Return a sentence of the use cases in a language, None if it is not one of the known."""
    return speech(text) if text in SAID_BY_CASEWORK else None


def fault(error: Exception, speech: Locale) -> str:
    """Return what an error of the use cases says to a person, for a form that is shown again."""
    kind = KINDS.get(type(error))
    code = kind.code if kind is not None and kind.code in SENTENCES else "request_invalid"
    said = told(str(error), speech) or by_code(code, speech)
    fields = ", ".join(each.field for each in getattr(error, "errors", ()))
    return f"{said} ({fields})" if fields else said


def country(code: str | None, language: str) -> str:
    """Return a country's name by its ISO 3166-1 alpha-3 code, or the code where none is known."""
    if not code:
        return ""
    alpha2 = (get_global("territory_aliases").get(code) or [code])[0]
    return str(babel.Locale(language).territories.get(alpha2, code))


def span(length: timedelta) -> str:
    """Return a length of time as a clock shows it: `1:05`, or `2:01:05` from an hour on."""
    seconds = max(0, int(length.total_seconds()))
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
