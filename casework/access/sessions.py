"""Sessions: an officer signs in, works for a while, and signs out.

A session's text is 256 random bits and names its row; only their SHA-256 is kept, as for API keys.
Tokens for programs are short-lived. A console's session ends when nobody has used it for a while,
and at the latest when the shift is over.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from casework.access.actors import Actor, ActorKind
from casework.access.officers import end_sessions
from casework.access.passwords import Passwords
from casework.access.second_factor import accepted_step
from casework.access.secret import PREFIX, SECRET_BYTES, digest, split
from casework.clock import Clock
from casework.database import Database
from casework.errors import NotAuthenticated, SecondFactorNeeded, TooManyAttempts
from casework.ids import SESSION, new_id
from casework.oversight.audit import REFUSED, Audit, Entry
from casework.tables import Agency, Officer, OfficerSession
from casework.vault import Vault
from casework.vocabulary import AgencyKind, Role, SessionKind

# How stale `seen_at` may become before it is written again: a write for every request is too many.
_SEEN_EVERY: Final = timedelta(minutes=1)

_WRONG: Final = "Login, password or code is wrong, or the account is not active."
_NOBODY: Final = Actor(ActorKind.OFFICER, "unknown", "unknown")


@dataclass(frozen=True, slots=True)
class SignInRules:
    """What an operator can set about signing in."""

    program_lifetime: timedelta = timedelta(minutes=30)
    console_idle: timedelta = timedelta(minutes=30)
    console_lifetime: timedelta = timedelta(hours=12)
    attempts: int = 5
    """Failures in a row after which an account is locked."""
    lock: timedelta = timedelta(minutes=15)
    second_factor_required: bool = False

    def lifetime(self, kind: SessionKind) -> timedelta:
        """How long a session lasts at most."""
        return self.program_lifetime if kind is SessionKind.PROGRAM else self.console_lifetime


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an officer types."""

    login: str
    password: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session."""

    text: str
    """What the officer shows from now on; it cannot be shown again."""
    expires_at: datetime
    officer: Officer
    actor: Actor


class Sessions:
    """Signs officers in and out, and recognises them."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        audit: Audit,
        passwords: Passwords,
        rules: SignInRules,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit
        self._passwords = passwords
        self._clock = clock
        self.rules = rules

    def sign_in(
        self, credentials: Credentials, kind: SessionKind, request_id: str | None = None
    ) -> SignedIn:
        """Check what an officer typed and begin a session.

        Raises:
            TooManyAttempts: the account is locked.
            SecondFactorNeeded: the password is right, and the account has a second factor.
            NotAuthenticated: anything else is wrong; what, is not told.
        """
        with self._database.read() as session:
            found = session.scalar(
                select(Officer).where(Officer.login == credentials.login.strip().lower())
            )
        # Slow on purpose, so done outside any transaction, and done for unknown logins too.
        right = self._passwords.check(
            credentials.password, found.password_hash if found is not None else None
        )
        if found is None:
            self._audit.note(Entry(_NOBODY.asking(request_id), "session.begin", outcome=REFUSED))
            raise NotAuthenticated(_WRONG)
        with self._database.write() as session:
            officer = session.get_one(Officer, found.id)
            refusal = self._refusal(session, officer, credentials, right=right)
            if refusal is None:
                if self._passwords.outdated(officer.password_hash or ""):
                    officer.password_hash = self._passwords.hash(credentials.password)
                return self._begin(session, officer, kind, request_id)
            detail = {"why": type(refusal).__name__}
            self._audit.append(session, self._entry(officer, request_id, REFUSED, detail))
        raise refusal

    def begin_for(
        self, officer_id: str, kind: SessionKind, request_id: str | None = None
    ) -> SignedIn:
        """Begin a session for an officer whom an identity provider vouches for.

        Raises:
            NotAuthenticated: the account or its agency is not active.
        """
        with self._database.write() as session:
            officer = session.get_one(Officer, officer_id)
            if not _in_force(session, officer):
                raise NotAuthenticated(_WRONG)
            return self._begin(session, officer, kind, request_id)

    def recognise(self, text: str) -> Actor:
        """Return the officer who shows this session.

        Raises:
            NotAuthenticated: it is malformed, unknown, ended or expired; which, is not told.
        """
        session_id, secret = split(text)
        row = None
        if session_id:
            # Read every time: an account that is switched off is out at once, in every process.
            with self._database.glance() as connection:
                row = connection.execute(_RECOGNISED, {"session_id": session_id}).first()
        expected = row.secret_sha256 if row is not None else ""
        matches = hmac.compare_digest(expected.encode(), digest(secret).encode())
        now = self._clock()
        if row is None or not matches or not self._alive(row.kind, row.seen_at, row.expires_at):
            raise NotAuthenticated("This session is not known or has ended: sign in again.")
        if now - row.seen_at >= _SEEN_EVERY:
            self._seen(session_id, now)
        return Actor(
            ActorKind.OFFICER,
            row.officer_id,
            row.login,
            row.agency_id,
            frozenset(Role(role) for role in row.roles),
            runs_installation=row.agency_kind == AgencyKind.OPERATOR,
            session_id=session_id,
            incomplete=self._incomplete(
                must_change=row.must_change_password, has_second=row.totp_confirmed
            ),
        )

    def end(self, actor: Actor) -> None:
        """End the session that an officer is in."""
        with self._database.write() as session:
            session.execute(
                update(OfficerSession)
                .where(OfficerSession.id == actor.session_id)
                .values(ended_at=self._clock())
            )
            self._audit.append(
                session, Entry(actor, "session.end", actor.session_id, actor.agency_id)
            )

    def _alive(self, kind: str, seen_at: datetime, expires_at: datetime) -> bool:
        now = self._clock()
        if now >= expires_at:
            return False
        return kind != SessionKind.CONSOLE or now - seen_at < self.rules.console_idle

    def _seen(self, session_id: str, now: datetime) -> None:
        with self._database.write_rows() as connection:
            connection.execute(
                update(OfficerSession).where(OfficerSession.id == session_id).values(seen_at=now)
            )

    def _refusal(
        self, session: Session, officer: Officer, credentials: Credentials, *, right: bool
    ) -> Exception | None:
        """Return why an officer may not come in, and count what was guessed."""
        now = self._clock()
        if officer.locked_until is not None and now < officer.locked_until:
            return TooManyAttempts(int((officer.locked_until - now).total_seconds()))
        if not right or not _in_force(session, officer):
            return self._failed(officer)
        if officer.sealed_totp is None or not officer.totp_confirmed:
            return None
        if not credentials.code:
            return SecondFactorNeeded("Send the code that your authenticator app shows.")
        secret = self._vault.open(officer.sealed_totp, totp_row(officer.id)).decode()
        step = accepted_step(secret, credentials.code, now, officer.totp_step)
        if step is None:
            return self._failed(officer)
        officer.totp_step = step
        return None

    def _failed(self, officer: Officer) -> Exception:
        officer.failures += 1
        if officer.failures >= self.rules.attempts:
            officer.failures = 0
            officer.locked_until = self._clock() + self.rules.lock
            return TooManyAttempts(int(self.rules.lock.total_seconds()))
        return NotAuthenticated(_WRONG)

    def _begin(
        self, session: Session, officer: Officer, kind: SessionKind, request_id: str | None
    ) -> SignedIn:
        now = self._clock()
        secret = secrets.token_urlsafe(SECRET_BYTES)
        row = OfficerSession(
            id=new_id(SESSION),
            secret_sha256=digest(secret),
            officer_id=officer.id,
            kind=kind.value,
            created_at=now,
            seen_at=now,
            expires_at=now + self.rules.lifetime(kind),
            ended_at=None,
        )
        officer.failures, officer.locked_until, officer.signed_in_at = 0, None, now
        session.add(row)
        session.flush()
        entry = self._entry(officer, request_id, detail={"kind": kind.value})
        self._audit.append(session, entry)
        agency = session.get_one(Agency, officer.agency_id)
        actor = Actor(
            ActorKind.OFFICER,
            officer.id,
            officer.login,
            officer.agency_id,
            frozenset(Role(role) for role in officer.roles),
            runs_installation=agency.kind == AgencyKind.OPERATOR,
            session_id=row.id,
            incomplete=self._incomplete(
                must_change=officer.must_change_password, has_second=officer.totp_confirmed
            ),
            request_id=request_id,
        )
        return SignedIn(f"{PREFIX}.{row.id}.{secret}", row.expires_at, officer, actor)

    def _incomplete(self, *, must_change: bool, has_second: bool) -> str | None:
        if must_change:
            return "Choose a new password first: the present one was given to you by somebody else."
        if self.rules.second_factor_required and not has_second:
            return "Set up a second factor first: this installation requires one."
        return None

    def _entry(
        self,
        officer: Officer,
        request_id: str | None,
        outcome: str = "done",
        detail: dict[str, str] | None = None,
    ) -> Entry:
        actor = Actor(
            ActorKind.OFFICER, officer.id, officer.login, officer.agency_id, request_id=request_id
        )
        return Entry(actor, "session.begin", officer.id, officer.agency_id, outcome, detail=detail)


def is_session(text: str) -> bool:
    """Whether a bearer text names a session rather than an API key."""
    return split(text)[0].startswith(f"{SESSION}_")


def totp_row(officer_id: str) -> str:
    """Return what an officer's shared secret is sealed for."""
    return f"totp/{officer_id}"


def end_all_but(session: Session, actor: Actor, clock: Clock) -> None:
    """End every session of an officer except the one that acts, within a transaction."""
    assert actor.session_id is not None  # noqa: S101 - only officers come here
    kept = session.get_one(OfficerSession, actor.session_id)
    ended_at = kept.ended_at
    end_sessions(session, actor.id, clock)
    session.refresh(kept)
    kept.ended_at = ended_at


def _in_force(session: Session, officer: Officer) -> bool:
    return officer.active and session.get_one(Agency, officer.agency_id).active


_RECOGNISED: Final = (
    select(
        OfficerSession.secret_sha256,
        OfficerSession.kind,
        OfficerSession.seen_at,
        OfficerSession.expires_at,
        OfficerSession.officer_id,
        Officer.login,
        Officer.agency_id,
        Officer.roles,
        Officer.must_change_password,
        Officer.totp_confirmed,
        Agency.kind.label("agency_kind"),
    )
    .join(Officer, Officer.id == OfficerSession.officer_id)
    .join(Agency, Agency.id == Officer.agency_id)
    .where(
        OfficerSession.id == bindparam("session_id"),
        OfficerSession.ended_at.is_(None),
        Officer.active,
        Agency.active,
    )
)
