"""An officer's own account: password, second factor, language."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from casework.access.actors import Actor, ActorKind
from casework.access.authority import Act, require
from casework.access.passwords import Passwords, require_strong
from casework.access.second_factor import accepted_step, new_secret, provisioning_uri
from casework.access.sessions import end_all_but, totp_row
from casework.clock import Clock
from casework.database import Database
from casework.errors import IllegalTransition, NotAuthenticated, NotFound, WeakPassword
from casework.oversight.audit import Audit, Entry
from casework.tables import Officer
from casework.vault import Vault


@dataclass(frozen=True, slots=True)
class SecondFactorOffer:
    """A shared secret that counts once a code made with it has been shown."""

    secret: str
    uri: str


class Account:
    """What officers do to their own accounts."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        audit: Audit,
        passwords: Passwords,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit
        self._passwords = passwords
        self._clock = clock

    def get(self, actor: Actor) -> Officer:
        """Return the officer who acts; raises NotFound for a system, which has no account."""
        with self._database.read() as session:
            return self._own(session, actor)

    def change_password(self, actor: Actor, present: str, new: str) -> None:
        """Replace the password; every other session of the officer ends.

        Raises:
            NotAuthenticated: the present password is wrong.
            WeakPassword: the new one will not do.
        """
        officer = self.get(actor)
        if not self._passwords.check(present, officer.password_hash):
            raise NotAuthenticated("The present password is wrong.")
        require_strong(new, officer.login, *officer.name.split())
        if new == present:
            raise WeakPassword("Choose a password that you have not now.")
        hashed = self._passwords.hash(new)
        with self._database.write() as session:
            row = self._own(session, actor)
            row.password_hash, row.must_change_password = hashed, False
            row.updated_at = self._clock()
            end_all_but(session, actor, self._clock)
            session.flush()
            self._audit.append(session, Entry(actor, "account.password", row.id, row.agency_id))

    def offer_second_factor(self, actor: Actor) -> SecondFactorOffer:
        """Make a shared secret; the one in use, if any, stays until the new one is confirmed.

        Raises:
            IllegalTransition: one is in use: an administrator has to take it away first.
        """
        secret = new_secret()
        with self._database.write() as session:
            row = self._own(session, actor)
            if row.totp_confirmed:
                raise IllegalTransition(
                    "A second factor is in use: ask your administrator to reset it first."
                )
            row.sealed_totp = self._vault.seal(secret.encode(), totp_row(row.id))
            row.totp_step = 0
            row.updated_at = self._clock()
        return SecondFactorOffer(secret, provisioning_uri(secret, row.login))

    def confirm_second_factor(self, actor: Actor, code: str) -> None:
        """Put the offered secret into use.

        Raises:
            IllegalTransition: none was offered, or one is in use already.
            NotAuthenticated: the code is wrong.
        """
        with self._database.write() as session:
            row = self._own(session, actor)
            if row.sealed_totp is None or row.totp_confirmed:
                raise IllegalTransition("Ask for a new shared secret first.")
            secret = self._vault.open(row.sealed_totp, totp_row(row.id)).decode()
            step = accepted_step(secret, code, self._clock(), row.totp_step)
            if step is None:
                raise NotAuthenticated(
                    "The code is wrong: check the clock of your telephone, and try the next code."
                )
            row.totp_step, row.totp_confirmed = step, True
            row.updated_at = self._clock()
            end_all_but(session, actor, self._clock)
            session.flush()
            self._audit.append(
                session, Entry(actor, "account.second_factor", row.id, row.agency_id)
            )

    def speak(self, actor: Actor, language: str) -> Officer:
        """Remember the language an officer reads the console in."""
        with self._database.write() as session:
            row = self._own(session, actor)
            row.language = language
            row.updated_at = self._clock()
        return row

    def _own(self, session: Session, actor: Actor) -> Officer:
        require(actor, Act.OWN_ACCOUNT)
        row = session.get(Officer, actor.id) if actor.kind is ActorKind.OFFICER else None
        if row is None:
            raise NotFound("Only an officer has an account.")
        return row
