"""What can go wrong in casework. Errors know no HTTP; `api.problems` maps each to a status.

CaseworkError
├── NotFound               nothing of that kind has that id
├── Conflict
│   ├── AlreadyExists      a name or reference is taken
│   ├── StaleVersion       somebody else changed it since it was read
│   ├── StillInUse         others depend on it
│   ├── IllegalTransition  the object's state does not allow this act
│   ├── IdempotencyClash   an idempotency key was used for a different request
│   ├── TooManyImports     an agency has as many unfinished imports as it may
│   └── TooFewScores       there is too little to calibrate from
├── InvalidPeriod          an entry would end before it begins, or has ended already
├── ImpossibleBirth        a date or year of birth that cannot be, or two that disagree
├── TargetRefused          a webhook's address is not one that may be called
├── EnrolmentRefused       no photo of a person can be enrolled
├── InvalidReferral        what should be handed over, or to whom, does not fit
├── ImportRefused          a file cannot be read as a list of subjects
├── WeakPassword           a new password is too easy to guess
├── NotAuthenticated       no key or session, or none that is known and in force
│   ├── SecondFactorNeeded the password is right, a code is wanted besides
│   └── SignOnRefused      what an identity provider says lets nobody in
├── ProviderUnavailable    the identity provider cannot be asked
├── NotConfirmed           the password or code that was asked for again is wrong
├── TooManyAttempts        sign-in is locked for a while
├── NotPermitted           the caller may not do this
│   └── AccountIncomplete  a new password or a second factor must be set first
└── SetUpError             the installation must be put right by its operator
    ├── DatabaseTooNew     written by a later version of this software
    ├── WrongDataKey       stored photos and templates cannot be opened
    ├── AuditBroken        the audit trail's end is gone
    └── TemplatesMissing   enrolled photos have no template of the pack in use
"""

import math
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

_MINUTE_S: Final = 60

_SIGN_ON: Final = {
    "begun_elsewhere": "This sign-in was not begun in this browser, was answered before or took "
    "too long: sign in again from the beginning.",
    "provider_refused": "The identity provider has not signed you in: try again there.",
    "code_refused": "The identity provider takes back its answer: sign in again from the "
    "beginning.",
    "token_unsound": "The identity provider's answer is not sound: sign in again, and tell your "
    "operator if it stays so.",
    "unknown": "The identity provider knows you, but no account here is tied to yours: ask your "
    "administrator.",
    "inactive": "Your account or your agency is not active: ask your administrator.",
    "passwords_off": "Passwords are not used here: sign in through the identity provider.",
}


class CaseworkError(Exception):
    """Base of this package's errors; the message says what to do."""


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


class TooManyImports(Conflict):
    """An agency has as many unfinished imports as it may."""


class TooFewScores(Conflict):
    """There are too few non-mated searches, or nobody to search for, to calibrate from."""


class InvalidPeriod(CaseworkError):
    """An entry would end before it begins, or a new one has ended already; may name the field."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class ImpossibleBirth(CaseworkError):
    """Nobody can be born then, or the date and the year disagree; names the field."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class TargetRefused(CaseworkError):
    """A webhook's address is not one that this service may call."""


class EnrolmentRefused(CaseworkError):
    """No photo of a person can be enrolled, so the person is not created."""

    def __init__(self, refusals: Iterable[str]) -> None:
        super().__init__("No photo can be enrolled: " + "; ".join(refusals))


class InvalidReferral(CaseworkError):
    """What should be handed over, to whom or until when does not fit; names the field."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class ImportRefused(CaseworkError):
    """A file cannot be read as a list of subjects, so none of it was taken; names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        """`file`, `photos`, or the column."""


class NotAuthenticated(CaseworkError):
    """The caller has not shown a key or session that is known and in force."""


class SecondFactorNeeded(NotAuthenticated):
    """The password is right; a code of the second factor is wanted besides."""


class SignOnRefused(NotAuthenticated):
    """A sign-in through the identity provider lets nobody in; `why` is one word for the trail."""

    def __init__(self, why: str) -> None:
        super().__init__(_SIGN_ON[why])
        self.why = why


class ProviderUnavailable(CaseworkError):
    """The identity provider cannot be asked, or does not answer as one does."""

    def __init__(self) -> None:
        super().__init__(
            "The identity provider does not answer as it should: try again in a moment, and tell "
            "your operator if it stays so."
        )


class NotConfirmed(CaseworkError):
    """Somebody who is signed in was asked for the password or a code again, and it is wrong."""


class TooManyAttempts(CaseworkError):
    """Sign-in failed too often and is locked for a while."""

    def __init__(self, lock: timedelta) -> None:
        self.seconds = max(1, math.ceil(lock.total_seconds()))
        minutes = math.ceil(self.seconds / _MINUTE_S)
        super().__init__(
            f"Too many failed sign-ins: try again in {minutes} minute{'s' if minutes > 1 else ''}. "
            "An administrator can unlock an account sooner, by giving it a new password."
        )


class WeakPassword(CaseworkError):
    """A new password is too easy to guess."""


class NotPermitted(CaseworkError):
    """The caller is known but may not do this."""


class AccountIncomplete(NotPermitted):
    """A new password or a second factor must be set before anything else."""


class SetUpError(CaseworkError):
    """The installation must be put right by its operator before it can work."""


class DatabaseTooNew(SetUpError):
    """The database was written by a later version of this software."""


class WrongDataKey(SetUpError):
    """What is stored cannot be opened with the data key given."""


class AuditBroken(SetUpError):
    """The audit trail has records but no end: the database was altered."""


class TemplatesMissing(SetUpError):
    """Enrolled photos have no template of the pack in use."""
