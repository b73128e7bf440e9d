"""What errors, notices and other sentences of the domain say, in the reader's language."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Final

from api.console import labels
from api.console.i18n import SOURCE_LANGUAGE, Locale, msg
from api.problems import KINDS, message_of
from casework.calibration.thresholds import read_basis
from casework.kernel.messages import ENGLISH, Labelled, Message, filled
from casework.tables import Alert
from detector.quality import Reason

_OURS: Final = 500  # statuses from here on are the service's fault

NOTICES: Final[Mapping[str, str]] = {
    "signed_out": msg("You are signed out."),
    "password_changed": msg("Your password is changed; your other sessions have ended."),
    "sessions_ended": msg("The sessions are ended."),
    "taken": msg("You have taken the alert."),
    "decided": msg("Your opinion is recorded."),
    "taken_back": msg("Your opinion is taken back. The alert is in your hands."),
    "confirmed": msg("Your second opinion is recorded."),
    "closed": msg("The alert is closed."),
    "corrected": msg("The outcome is corrected. What was there stays in the history."),
    "referred": msg("The referral is sent."),
    "referral_moved": msg("It is recorded, and the other agency sees it."),
    "tip_recorded": msg("The tip is recorded. Give its reference to the person who reported it."),
    "tip_dismissed": msg("The tip is dismissed."),
    "tip_enrolled": msg("The subject is enrolled, with the photo of the tip."),
    "stay_reported": msg("The guest is reported. The receipt stands below."),
    "checked_out": msg("The check-out is recorded."),
    "case_opened": msg("The joint case is open. Invite the other agencies."),
    "case_saved": msg("Recorded."),
    "case_given": msg("It is given; you can withdraw it."),
    "case_left": msg("Your agency takes no part in it any more."),
    "saved": msg("Saved."),
    "enrolled": msg("Enrolled. The entry counts from the next traveller on."),
    "removed": msg("Removed."),
    "accepted": msg("Accepted. It takes effect by itself once the waiting time is over."),
    "accepted_now": msg("Accepted. What became of it stands below."),
    "refused": msg("Refused. Nothing was changed."),
    "withdrawn": msg("Withdrawn. Nothing was changed."),
    "founded": msg("The founding period has ended."),
    "erasing": msg("It counts no more, and is erased in time. Until then it can be kept."),
    "unlocked": msg("The account is unlocked."),
    "merged": msg("Merged. Until it is gone, the other entry's page takes that back."),
    "unmerged": msg("The merge is taken back: both entries alert again."),
    "restored": msg("Taken back: it counts again."),
    "sent": msg("Sent; it appears below in a moment."),
}
"""What a page says after a form was sent, by the code in its address."""

OPINIONS: Final = frozenset({"decided", "confirmed"})
"""The notices of opinions, which can be taken back for some seconds."""

SENTENCES: Final[Mapping[str, str]] = {
    "request_invalid": msg("Some of what you entered is not valid. Go back and check the fields."),
    "body_too_slow": msg("What you sent arrived too slowly. Send it again, or smaller photos."),
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
    "invalid_referral": msg(
        "It cannot be handed over like this: look at the agency, the time and the fields."
    ),
    "invalid_case": msg("This cannot be done in the joint case like this: look at the fields."),
    "import_refused": msg(
        "The file cannot be imported as it is: check its columns and its encoding."
    ),
    "too_many_imports": msg("Your agency has several imports under way: wait for one to end."),
    "audit_check_under_way": msg(
        "The audit trail is being checked already. Ask again when that check is done."
    ),
    "audit_check_unfinished": msg(
        "The audit trail could not be checked. The service's log says why; on the machine itself "
        "`siaga audit verify` checks it too."
    ),
    "not_second_person": msg("Another person has to accept or refuse this."),
    "no_second_person": msg("This takes a second person, and your agency has none."),
    "reason_missing": msg("Give a reason: a second person has to accept this, and reads it."),
    "code_refused": msg("This code cannot be chosen, or cannot be like this."),
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
"""What an error says where it has no sentence of its own for people, by the problem's code."""

FOR_PROGRAMS: Final = frozenset(
    {
        "agency_code_unknown",
        "agency_not_found",
        "approval_not_found",
        "alert_not_found",
        "asset_not_found",
        "calibration_not_found",
        "candidate_not_found",
        "credentials_missing",
        "encounter_not_found",
        "import_not_found",
        "key_not_found",
        "key_unknown",
        "officer_login_unknown",
        "officer_not_found",
        "period_lapsed",
        "period_reversed",
        "permission_missing",
        "referral_lacks_photo",
        "referral_not_found",
        "report_period_reversed",
        "search_not_found",
        "session_unknown",
        "subject_not_found",
        "subject_photo_not_found",
        "tip_lacks_photo",
        "tip_lacks_source",
        "tip_not_found",
        "watchlist_not_found",
        "watchlist_not_of_owner",
        "webhook_key_not_found",
        "webhook_not_found",
    }
)
"""Messages of ids, keys, and names of fields and rights: pages say what the problem's code says."""


def translated(message: Message, locale: Locale) -> str:
    """Return a sentence of the domain in a language."""

    def word(value: Any) -> str:  # noqa: ANN401 - whatever fills a gap
        if isinstance(value, Message):
            return translated(value, locale)
        if isinstance(value, Labelled):
            return value.label.get(locale.language) or str(value)
        if isinstance(value, StrEnum) and labels.is_labelled(value):
            return locale(labels.of(value))
        if isinstance(value, date):
            return locale.day(value)
        return locale.number(value) if isinstance(value, int | float) else str(value)

    return filled(locale(ENGLISH[message.code]), message.params, word)


def translated_error(error: Exception, locale: Locale) -> str:
    """Return what an error says to a person: for a form that is shown again, or its own page."""
    message = message_of(error)
    kind = KINDS.get(type(error))
    sentence = translated_problem(kind.code if kind is not None else "", message, locale)
    fields = ", ".join(each.field for each in getattr(error, "errors", ()))
    return f"{sentence} ({fields})" if fields else sentence


def translated_problem(
    code: str, message: Message | None, locale: Locale, *, status: int = 422
) -> str:
    """Return what a problem says to a person: its own message, or else what its code says."""
    if message is not None and message.code not in FOR_PROGRAMS:
        return translated(message, locale)
    general = "internal_error" if status >= _OURS else "request_invalid"
    return by_code(code if code in SENTENCES else general, locale)


def by_code(code: str, locale: Locale) -> str:
    """Return the sentence of a code in `SENTENCES`, in a language."""
    text = SENTENCES[code]
    return locale(text)


def advised(reason: str, locale: Locale) -> str:
    """Return advice on a quality reason, for the person who chose or took the photo."""
    return translated(Message(f"advice_{Reason(reason)}"), locale)


def kept(text: str, sentence: Mapping[str, Any] | None, general: str, locale: Locale) -> str:
    """Return a sentence that a record keeps.

    Args:
        text: the sentence in English.
        sentence: its code and parameters; records of earlier versions have none.
        general: what to say then, in the language.
        locale: the language.
    """
    if locale.language == SOURCE_LANGUAGE:
        return text
    return translated(Message.from_json(sentence), locale) if sentence is not None else general


def basis(text: str, locale: Locale) -> str:
    """Return where an alert's threshold comes from, as a sentence; any other text as it is."""
    message = read_basis(text)
    if message is None:
        return text
    gaps = dict(message.params)
    if "fpir" in gaps:
        gaps["travellers"] = round(1 / float(gaps.pop("fpir")))
    return translated(Message(f"threshold_{message.code}", gaps), locale)


def odds_basis(alert: Alert, speech: Locale) -> str:
    """Return what the odds of an alert rest on, as a sentence."""
    read = read_basis(alert.threshold_basis or "")
    if read is not None and read.code == "basis_generic":
        return speech(
            "Nothing is measured of this network yet: the odds rest on what was measured of others."
        )
    if alert.calibration_id is None:
        return speech(
            "Not calibrated here: the odds rest on what was measured for the network when it was "
            "published, not on travellers of this installation."
        )
    if read is not None and read.code == "basis_extrapolated":
        return speech(
            "Calibration %(id)s of this installation, by how high strangers score; the list was "
            "of another size then.",
            id=alert.calibration_id,
        )
    return speech(
        "Calibration %(id)s of this installation, by how high strangers score.",
        id=alert.calibration_id,
    )
