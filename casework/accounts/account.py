"""An officer's own account: password, second factor, language."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from casework.accounts import recovery_codes
from casework.accounts.lockout import SignInRules
from casework.accounts.passwords import PRODUCT, Passwords, require_strong
from casework.accounts.sessions import end_sessions
from casework.accounts.throttle import Throttle
from casework.accounts.totp import accepted_step, new_secret, provisioning_uri
from casework.kernel import rows
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit.log import REFUSED, AuditEntry
from casework.kernel.errors import (
    CaseworkError,
    IllegalTransition,
    NotConfirmed,
    NotFound,
    StaleVersion,
    WeakPassword,
)
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require
from casework.tables import Agency, Officer


@dataclass(frozen=True, slots=True)
class SecondFactorOffer:
    """A shared secret that counts once a code made with it has been shown."""

    secret: str
    uri: str


class Account:
    """What officers do to their own accounts."""

    def __init__(self, kernel: Kernel, passwords: Passwords, rules: SignInRules) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._passwords = passwords
        self._rules = rules
        self._clock = kernel.clock
        self._logins = Throttle.of_logins(kernel, rules)

    def get(self, actor: Actor) -> Officer:
        """Return the officer who acts; raises NotFound for a system, which has no account."""
        with self._database.read() as session:
            return self._own(session, actor)

    def locked_until(self, actor: Actor) -> datetime | None:
        """Return until when the officer's login is locked, None if it is not."""
        with self._database.read() as session:
            return self._logins.locked_until(session, self._own(session, actor).login)

    def change_password(self, actor: Actor, present: str, new: str) -> None:
        """Replace the password; every other session of the officer ends.

        Raises:
            NotConfirmed: the present password is wrong.
            TooManyAttempts: it was wrong too often; then every session of the officer has ended.
            WeakPassword: the new one is too weak.
            StaleVersion: the password was reset meanwhile.
        """
        confirmed = self._confirmed(actor, present)
        with self._database.read() as session:
            agency = session.get_one(Agency, confirmed.agency_id)
        known = (confirmed.login, *confirmed.name.split(), agency.code, PRODUCT)
        require_strong(new, *known, *self._rules.places, context=agency.name.split())
        if new == present:
            raise WeakPassword("password_unchanged")
        hashed = self._passwords.hash(new)
        with self._database.write() as session:
            row = self._still(session, actor, confirmed)
            row.password_hash, row.must_change_password = hashed, False
            self._logins.forget(session, row.login)
            row.first_password_until = None
            row.updated_at = self._clock()
            end_sessions(session, row.id, self._clock(), but=actor.session_id)
            session.flush()
            self._audit.append(
                session, AuditEntry(actor, "account.password", row.id, row.agency_id)
            )

    def offer_second_factor(self, actor: Actor, present: str) -> SecondFactorOffer:
        """Make a shared secret, which counts once it is confirmed.

        The password is asked for again: somebody who finds an open session must not lock its
        owner out with a factor of their own.

        Raises:
            IllegalTransition: one is in use: an administrator has to take it away first.
            NotConfirmed, TooManyAttempts, StaleVersion: as for `change_password`.
        """
        confirmed = self._confirmed(actor, present)
        secret = new_secret()
        with self._database.write() as session:
            row = self._still(session, actor, confirmed)
            if row.totp_confirmed:
                raise IllegalTransition("factor_in_use")
            row.sealed_totp = self._vault.seal(secret.encode(), rows.totp(row.id, row.agency_id))
            row.totp_step = 0
            row.updated_at = self._clock()
            session.flush()
            self._audit.append(session, AuditEntry(actor, "account.offer", row.id, row.agency_id))
        return SecondFactorOffer(secret, provisioning_uri(secret, row.login))

    def confirm_second_factor(self, actor: Actor, code: str) -> tuple[str, ...]:
        """Put the offered secret into use; returns recovery codes, which are shown this once.

        Raises:
            IllegalTransition: none was offered, or one is in use already.
            NotConfirmed: the code is wrong.
        """
        with self._database.write() as session:
            row = self._own(session, actor)
            if row.sealed_totp is None or row.totp_confirmed:
                raise IllegalTransition("factor_not_offered")
            secret = self._vault.open(row.sealed_totp, rows.totp(row.id, row.agency_id)).decode()
            step = accepted_step(secret, code, self._clock(), row.totp_step)
            if step is None:
                raise NotConfirmed("factor_code_wrong")
            row.totp_step, row.totp_confirmed = step, True
            row.updated_at = self._clock()
            end_sessions(session, row.id, self._clock(), but=actor.session_id)
            session.flush()
            codes = recovery_codes.renew(session, row.id, self._clock())
            session.flush()
            self._audit.append(
                session, AuditEntry(actor, "account.second_factor", row.id, row.agency_id)
            )
        return codes

    def renew_recovery_codes(self, actor: Actor, present: str) -> tuple[str, ...]:
        """Replace the recovery codes; returns the new ones, which are shown this once.

        Raises:
            IllegalTransition: there is no second factor that they could stand in for.
            NotConfirmed, TooManyAttempts, StaleVersion: as for `change_password`.
        """
        confirmed = self._confirmed(actor, present)
        with self._database.write() as session:
            row = self._still(session, actor, confirmed)
            if not row.totp_confirmed:
                raise IllegalTransition("recovery_codes_without_factor")
            codes = recovery_codes.renew(session, row.id, self._clock())
            session.flush()
            entry = AuditEntry(actor, "account.recovery_codes", row.id, row.agency_id)
            self._audit.append(session, entry)
        return codes

    def recovery_codes_left(self, actor: Actor) -> int:
        """Return how many recovery codes of the officer's were not used."""
        with self._database.read() as session:
            return recovery_codes.left(session, self._own(session, actor).id)

    def speak(self, actor: Actor, language: str) -> Officer:
        """Remember the language an officer reads the console in."""
        with self._database.write() as session:
            row = self._own(session, actor)
            row.language = language
            row.updated_at = self._clock()
            session.flush()
            self._audit.append(
                session, AuditEntry(actor, "account.language", row.id, row.agency_id)
            )
        return row

    def _confirmed(self, actor: Actor, present: str) -> Officer:
        """Return the officer who acts, once the present password was shown.

        Raises:
            NotConfirmed, TooManyAttempts: it is wrong, and was counted.
        """
        officer = self.get(actor)
        if self._passwords.check(present, officer.password_hash):
            return officer
        refusal: CaseworkError
        with self._database.write() as session:
            row = self._own(session, actor)
            now = self._clock()
            locked = self._logins.failed(session, row.login)
            if locked is not None:
                # Somebody who guesses here has an open session, which may be stolen.
                end_sessions(session, row.id, now)
            refusal = locked or NotConfirmed("password_wrong")
            session.flush()
            detail = {"why": type(refusal).__name__}
            entry = AuditEntry(
                actor, "account.confirm", row.id, row.agency_id, REFUSED, detail=detail
            )
            self._audit.append(session, entry)
        raise refusal

    def _still(self, session: Session, actor: Actor, confirmed: Officer) -> Officer:
        """Return the officer's row, if what was confirmed before the transaction still holds.

        Raises:
            TooManyAttempts, StaleVersion: it does not.
        """
        row = self._own(session, actor)
        locked = self._logins.lock(session, row.login)
        if locked is not None:
            raise locked
        if row.password_hash != confirmed.password_hash:
            raise StaleVersion("password_changed_meanwhile")
        return row

    def _own(self, session: Session, actor: Actor) -> Officer:
        require(actor, Permission.OWN_ACCOUNT)
        row = session.get(Officer, actor.id) if actor.kind is ActorKind.OFFICER else None
        if row is None:
            raise NotFound("account_none")
        return row
