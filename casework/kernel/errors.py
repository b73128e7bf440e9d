"""What can go wrong in casework. Errors know no HTTP; `api.problems` maps each to a status.

Each is raised with the code of its sentence in `casework.kernel.messages` and what fills it in:

    raise NotFound("alert_not_found", alert=alert_id)

CaseworkError
├── NotFound               nothing of that kind has that id
├── Conflict
│   ├── AlreadyExists      a name or reference is taken
│   ├── StaleVersion       somebody else changed it since it was read
│   ├── StillInUse         others depend on it
│   ├── IllegalTransition  the object's state does not allow this act
│   ├── IdempotencyClash   an idempotency key was used for a different request
│   ├── NoSecondPerson     nobody of the agency could accept what is asked for
│   ├── TooManyImports     an agency has as many unfinished imports as it may
│   ├── AuditCheckUnderWay the audit trail is being checked already
│   ├── StaysOff           the installation has named no legal basis for reports of stays
│   ├── OverstayOff        nor for permits of people on no list
│   └── TooFewScores       there is too little to calibrate from
├── AuditCheckUnfinished   a check of the audit trail took too long, or could not be carried out
├── InvalidPeriod          an entry would end before it begins, or has ended already
├── ImpossibleBirth        a date or year of birth that cannot be, or two that disagree
├── CaptureTimeRefused     a photo was taken, it says, more than a day before or after it came in
├── RecaptureRefused       a photo repeats, it says, a capture that it cannot repeat
├── ThresholdTooLow        a threshold set by hand would alarm on too many strangers
├── InvalidShift           nobody can be on duty like this
├── InvalidKey             a key would last too long, or speak for no port
├── TargetRefused          a webhook's address is not one that may be called
├── EnrolmentRefused       no photo of a person can be enrolled
├── AreaRefused            an area that there is not
├── AreasRefused           a file of areas has faults, so none of it was taken
├── CodeRefused            a member of a code list that cannot be chosen, or be like that
├── RequirementMissing     a list or an entry lacks what its category requires
├── InvalidReferral        what should be handed over, or to whom, does not fit
├── InvalidCase            what should be put into a case, or how it ends, does not fit
├── StayRefused            a report of a guest that cannot be taken
├── ReasonMissing          an act that waits for a second person takes a reason
├── ImportRefused          a file cannot be read as a list of subjects
├── WeakPassword           a new password is too easy to guess
├── NotAuthenticated       no key or session, or none that is known and in force
│   ├── KeyExpired         the key is right, and its time is over
│   ├── FirstPasswordExpired  the password is right, was given by somebody else, and is too old
│   ├── SecondFactorNeeded the password is right, a code is required too
│   └── SignOnRefused      the identity provider's answer signs nobody in
├── ProviderUnavailable    the identity provider cannot be reached
├── NotConfirmed           the password or code that was asked for again is wrong
├── TooManyAttempts        sign-in is locked for a while
├── NotPermitted           the caller may not do this
│   ├── NotSecondPerson    another person has to accept or refuse this
│   └── AccountIncomplete  a new password or a second factor must be set first
└── SetUpError             the installation must be put right by its operator
    ├── DatabaseTooNew     written by a later version of this software
    ├── WrongDataKey       stored photos and templates cannot be opened
    │   └── ErasedMeanwhile  its record was erased while it was read
    ├── AuditBroken        the audit trail's end is gone
    └── TemplatesMissing   enrolled photos have no template of the pack in use
"""

import math
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from casework.kernel.messages import Message

_MINUTE_S: Final = 60


class CaseworkError(Exception):
    """Base of this package's errors; the message says what to do.

    Args:
        code: of the sentence, a key of `casework.kernel.messages.ENGLISH`.
        field: the field of the request that is wrong, where it is one.
        params: what fills the sentence's gaps.
    """

    def __init__(self, code: str, /, *, field: str | None = None, **params: object) -> None:
        self.message = Message(code, params)
        self.field = field
        super().__init__(str(self.message))


class _FieldRefused(CaseworkError):
    """One field of the request is wrong; always names it."""

    field: str

    def __init__(self, code: str, /, *, field: str, **params: object) -> None:
        super().__init__(code, field=field, **params)


class NotFound(CaseworkError):
    """Nothing of that kind has that id."""


class Conflict(CaseworkError):
    """The request is sound but does not fit the state of things."""


class AlreadyExists(Conflict):
    """A name or reference is taken."""


class StaleVersion(Conflict):
    """The object changed since the caller read it."""


class StillInUse(Conflict):
    """Others depend on what is to be removed."""


class IllegalTransition(Conflict):
    """The object's state does not allow this act."""


class IdempotencyClash(Conflict):
    """An idempotency key comes again with a different request."""


class NoSecondPerson(Conflict):
    """An act takes a second person of the agency, and there is none."""


class TooManyImports(Conflict):
    """An agency has as many unfinished imports as it may."""


class AuditCheckUnderWay(Conflict):
    """The audit trail is being checked already, one check at a time."""


class AuditCheckUnfinished(CaseworkError):
    """A check of the audit trail took too long, or could not be carried out."""


class StaysOff(Conflict):
    """The operator has to name a legal basis, a purpose and a period first."""


class OverstayOff(Conflict):
    """The operator has to name a legal basis, a purpose and a period first."""


class TooFewScores(Conflict):
    """There are too few non-mated searches, or nobody to search for, to calibrate from."""


class InvalidPeriod(CaseworkError):
    """An entry would end before it begins, or a new one has ended already; may name the field."""


class ImpossibleBirth(_FieldRefused):
    """Nobody can be born then, or the date and the year disagree; names the field."""


class CaptureTimeRefused(_FieldRefused):
    """A photo's capture time is more than a day from its receipt; names the field."""


class RecaptureRefused(_FieldRefused):
    """A photo names a capture that it cannot repeat: another's, or too old; names the field."""


class ThresholdTooLow(_FieldRefused):
    """A threshold set by hand would alarm on too many strangers; names the field."""


class InvalidKey(_FieldRefused):
    """A key would last too long, or speak for what is no port; names the field."""


class InvalidShift(_FieldRefused):
    """Nobody can be on duty like this; names the field."""


class TargetRefused(CaseworkError):
    """A webhook's address is not one that this service may call."""


class EnrolmentRefused(CaseworkError):
    """No photo of a person can be enrolled, so the person is not created."""

    def __init__(self, refusals: Iterable[Message]) -> None:
        super().__init__("enrolment_refused", photos=tuple(refusals))


class CodeRefused(_FieldRefused):
    """A code cannot be chosen, or a member of a code list cannot be like that; names the field."""


class AreaRefused(_FieldRefused):
    """There is no such area; names the field."""


class AreasRefused(CaseworkError):
    """A file of areas has faults, so none of it was taken.

    Args:
        faults: what is wrong, each with the number of its line.
    """

    def __init__(self, faults: Iterable[tuple[int, Message]]) -> None:
        self.faults = tuple(faults)
        number, first = self.faults[0]
        super().__init__("area_file_refused", faults=len(self.faults), number=number, first=first)


class RequirementMissing(_FieldRefused):
    """A list, or an entry, lacks what the list's category requires; names the field."""


class StayRefused(CaseworkError):
    """A report of a guest cannot be taken; may name the field."""


class InvalidReferral(_FieldRefused):
    """What should be handed over, to whom or until when does not fit; names the field."""


class InvalidCase(_FieldRefused):
    """What is put into a case, for whom, or how it ends does not fit; names the field."""


class ReasonMissing(_FieldRefused):
    """What waits for a second person says why; names the field."""


class ImportRefused(_FieldRefused):
    """A file cannot be read as a list of subjects, so none of it was taken.

    Names what is wrong as the field: `file`, `photos`, or the column.
    """


class NotAuthenticated(CaseworkError):
    """The caller has not shown a key or session that is known and in force."""


class KeyExpired(NotAuthenticated):
    """The key is right, and its time is over."""


class FirstPasswordExpired(NotAuthenticated):
    """The password is right, but it is a first one whose time is over."""


class SecondFactorNeeded(NotAuthenticated):
    """The password is right; a code of the second factor is required too."""


class SignOnRefused(NotAuthenticated):
    """A sign-in through the identity provider failed; `why` is one word for the trail."""

    def __init__(self, why: str) -> None:
        super().__init__(f"sign_on_{why}")
        self.why = why


class ProviderUnavailable(CaseworkError):
    """The identity provider cannot be reached, or does not answer as one does."""

    def __init__(self) -> None:
        super().__init__("provider_unavailable")


class NotConfirmed(CaseworkError):
    """Somebody who is signed in was asked for the password or a code again, and it is wrong."""


class TooManyAttempts(CaseworkError):
    """Sign-in failed too often and is locked for a while."""

    def __init__(self, lock: timedelta) -> None:
        self.seconds = max(1, math.ceil(lock.total_seconds()))
        minutes = math.ceil(self.seconds / _MINUTE_S)
        code = "sign_in_locked_minutes" if minutes > 1 else "sign_in_locked_minute"
        super().__init__(code, minutes=minutes)


class WeakPassword(CaseworkError):
    """A new password is too easy to guess."""


class NotPermitted(CaseworkError):
    """The caller is known but may not do this."""


class NotSecondPerson(NotPermitted):
    """Somebody else accepts or refuses this."""


class AccountIncomplete(NotPermitted):
    """A new password or a second factor must be set before anything else."""


class SetUpError(CaseworkError):
    """The installation must be put right by its operator before it can work."""


class DatabaseTooNew(SetUpError):
    """The database was written by a later version of this software."""


class WrongDataKey(SetUpError):
    """What is stored cannot be opened with the data key given."""


class ErasedMeanwhile(WrongDataKey):
    """What was read belongs to a record that was erased meanwhile, and its key with it."""


class AuditBroken(SetUpError):
    """The audit trail has records but no end: the database was altered."""


class TemplatesMissing(SetUpError):
    """Enrolled photos have no template of the pack in use."""
