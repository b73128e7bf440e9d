"""Sign-in: an officer's credentials are checked, and wrong guesses are counted.

Nobody learns here which accounts exist. An unknown login takes as long as a known one, is answered
in the same words, and is locked after as many failures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.accounts import recovery_codes
from casework.accounts.lockout import SignInRules
from casework.accounts.passwords import Passwords
from casework.accounts.throttle import Throttle
from casework.accounts.totp import accepted_step
from casework.kernel import rows
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit.log import REFUSED, AuditEntry
from casework.kernel.errors import (
    FirstPasswordExpired,
    NotAuthenticated,
    SecondFactorNeeded,
    SignOnRefused,
)
from casework.kernel.kernel import Kernel
from casework.kernel.sealed_fields import digest_of
from casework.tables import Agency, Officer

T = TypeVar("T")

_NOBODY: Final = Actor(ActorKind.OFFICER, "unknown", "unknown")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an officer types."""

    login: str
    password: str
    code: str | None = None


class SignIn:
    """Checks credentials."""

    def __init__(self, kernel: Kernel, passwords: Passwords, rules: SignInRules) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._passwords = passwords
        self._rules = rules
        self._clock = kernel.clock
        self._origins = Throttle.of_addresses(kernel, rules)
        self._logins = Throttle.of_logins(kernel, rules)

    def is_known(self, origin: str) -> bool:
        """Whether somebody signed in from there of late: it may go before strangers."""
        return self._origins.is_known(origin)

    def check(
        self,
        credentials: Credentials,
        origin: str | None,
        request_id: str | None,
        then: Callable[[Session, Officer], T],
    ) -> T:
        """Check credentials, and call `then` in the same transaction.

        Args:
            credentials: what was typed.
            origin: where the attempt comes from, such as a network address; None is not counted.
            request_id: goes into the audit trail.
            then: called if all is right.

        Raises:
            TooManyAttempts: the account or the origin is locked.
            SecondFactorNeeded: the password is right, and the account has a second factor.
            NotAuthenticated: anything else is wrong. The caller does not learn what, except that a
                code is wrong beside the right password: without one they would be asked for it.
        """
        if not self._rules.passwords:
            refusal = SignOnRefused("passwords_off")
            self._audit.note(_refused(_NOBODY.asking(request_id), None, refusal))
            raise refusal
        if origin is None:
            return self._admit(credentials, None, request_id, then)
        self._origins.begin(origin)
        try:
            return self._admit(credentials, origin, request_id, then)
        finally:
            self._origins.ended(origin)

    def _admit(
        self,
        credentials: Credentials,
        origin: str | None,
        request_id: str | None,
        then: Callable[[Session, Officer], T],
    ) -> T:
        login = credentials.login.strip().lower()
        whose = select(Officer).where(
            Officer.login_digest == digest_of(self._vault, Officer, "login", login)
        )
        with self._database.read() as session:
            found = session.scalar(whose)
        # Slow on purpose, so done outside any transaction, and done for unknown logins too.
        kept = found.password_hash if found is not None else None
        right = self._passwords.check(credentials.password, kept)
        renewed = kept
        if right and kept is not None and self._passwords.outdated(kept):
            renewed = self._passwords.hash(credentials.password)
        with self._database.write() as session:
            officer = session.scalar(whose)
            # The password may have been reset since it was read: then the old one is not valid.
            right = right and officer is not None and officer.password_hash == kept
            refused = self._refusal(session, login, officer if right else None, credentials)
            if refused is None and officer is not None:
                officer.password_hash = renewed
                self._logins.forget(session, login)
                if origin is not None:
                    self._origins.succeeded(session, origin)
                return then(session, officer)
            refused = refused or NotAuthenticated("credentials_wrong")
            if not isinstance(refused, SecondFactorNeeded | FirstPasswordExpired):
                self._count(session, origin)
            actor = _NOBODY
            if officer is not None:
                actor = Actor.of_officer(officer)
            self._audit.append(session, _refused(actor.asking(request_id), officer, refused))
        raise refused

    def _refusal(
        self, session: Session, login: str, officer: Officer | None, credentials: Credentials
    ) -> Exception | None:
        """Return why nobody signs in, and count a wrong guess.

        Args:
            session: of the transaction.
            login: what was typed.
            officer: whose password was typed; None where it is nobody's.
            credentials: what was typed beside it.
        """
        now = self._clock()
        locked = self._logins.lock(session, login)
        if locked is not None:
            return locked
        if officer is None or not in_force(session, officer):
            return self._failed(session, login)
        if officer.must_change_password and _is_over(officer.first_password_until, now):
            until = cast("datetime", officer.first_password_until)
            return FirstPasswordExpired("first_password_expired", until=until.date())
        return self._factor_refusal(session, officer, credentials.code, now)

    def _factor_refusal(
        self, session: Session, officer: Officer, code: str | None, now: datetime
    ) -> Exception | None:
        """Return why a second factor is not shown, where there is one; a recovery code is one."""
        if officer.sealed_totp is None or not officer.totp_confirmed:
            return None
        if not code:
            return SecondFactorNeeded("second_factor_needed")
        name = rows.totp(officer.id, officer.agency_id)
        secret = self._vault.open(officer.sealed_totp, name).decode()
        step = accepted_step(secret, code, now, officer.totp_step)
        if step is not None:
            officer.totp_step = step
            return None
        if not recovery_codes.use(session, officer.id, code, now):
            return self._failed(session, officer.login, "second_factor_wrong")
        actor = Actor.of_officer(officer)
        detail = {"left": recovery_codes.left(session, officer.id)}
        entry = AuditEntry(
            actor, "account.recovery_code", officer.id, officer.agency_id, detail=detail
        )
        self._audit.append(session, entry)
        return None

    def _failed(self, session: Session, login: str, code: str = "credentials_wrong") -> Exception:
        return self._logins.failed(session, login) or NotAuthenticated(code)

    def _count(self, session: Session, origin: str | None) -> None:
        if origin is not None:
            self._origins.failed(session, origin)


def _is_over(end: datetime | None, now: datetime) -> bool:
    return end is not None and now >= end


def in_force(session: Session, officer: Officer) -> bool:
    """Whether an account and its agency are active, within a transaction."""
    return officer.active and session.get_one(Agency, officer.agency_id).active


def _refused(actor: Actor, officer: Officer | None, why: Exception) -> AuditEntry:
    object_id, owner_id = (officer.id, officer.agency_id) if officer is not None else (None, None)
    detail = {"why": type(why).__name__}
    return AuditEntry(actor, "session.begin", object_id, owner_id, REFUSED, detail=detail)
