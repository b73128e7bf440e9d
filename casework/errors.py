"""What can go wrong in casework. Errors know no HTTP; `api.problems` maps each to a status.

CaseworkError
├── NotFound               nothing of that kind has that id
├── Conflict
│   ├── AlreadyExists      a name or reference is taken
│   ├── StaleVersion       somebody else changed it since it was read
│   ├── StillInUse         others depend on it
│   ├── IllegalTransition  the object's state does not allow this act
│   ├── IdempotencyClash   an idempotency key was used for a different request
│   └── TooFewScores       there is too little to calibrate from
├── InvalidPeriod          an entry would end before it begins
├── EnrolmentRefused       no photo of a person can be enrolled
├── WeakPassword           a new password is too easy to guess
├── NotAuthenticated       no key or session, or none that is known and in force
│   └── SecondFactorNeeded the password is right, a code is wanted besides
├── TooManyAttempts        sign-in is locked for a while
├── NotPermitted           the caller may not do this
│   └── AccountIncomplete  a new password or a second factor must be set first
└── SetUpError             the installation must be put right by its operator
    ├── DatabaseTooNew     written by a later version of this software
    ├── WrongDataKey       stored photos and templates cannot be opened
    ├── AuditBroken        the audit trail's end is gone
    └── TemplatesMissing   enrolled photos have no template of the pack in use
"""

from collections.abc import Iterable


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


class TooFewScores(Conflict):
    """There are too few non-mated searches, or nobody to search for, to calibrate from."""


class InvalidPeriod(CaseworkError):
    """An entry would end before it begins."""


class EnrolmentRefused(CaseworkError):
    """No photo of a person can be enrolled, so the person is not created."""

    def __init__(self, refusals: Iterable[str]) -> None:
        super().__init__("No photo can be enrolled: " + "; ".join(refusals))


class NotAuthenticated(CaseworkError):
    """The caller has not shown a key or session that is known and in force."""


class SecondFactorNeeded(NotAuthenticated):
    """The password is right; a code of the second factor is wanted besides."""


class TooManyAttempts(CaseworkError):
    """Sign-in failed too often and is locked for a while."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"Too many failed sign-ins: try again in {max(1, round(seconds / 60))} minutes, or ask "
            "your administrator to unlock the account."
        )
        self.seconds = seconds


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
