"""Sessions: an officer signs in, works for a while, and signs out.

A session's text is 256 random bits and names its row; only their SHA-256 is kept, as for API keys.
Tokens for programs are short-lived. A console's session ends when nobody has used it for a while,
and at the latest when the shift is over.
"""

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from casework.accounts.lockout import SignInRules
from casework.accounts.passwords import Passwords
from casework.accounts.sign_in import Credentials, SignIn, in_force
from casework.accounts.tokens import PREFIX, SECRET_BYTES, digest, split
from casework.approvals.founding import Founding
from casework.kernel import rows
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import NotAuthenticated, NotFound
from casework.kernel.ids import SESSION, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.messages import Message
from casework.kernel.permissions import Permission, require
from casework.kernel.sealed_fields import open_fields
from casework.kernel.vocabulary import AgencyKind, Role, SessionKind
from casework.tables import Agency, Officer, OfficerSession

# How stale `seen_at` may become before it is written again: a write for every request is too many.
_SEEN_EVERY: Final = timedelta(minutes=1)


_IPV4: Final = 4
_IPV4_LINE: Final = 24
_IPV6_LINE: Final = 64


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A session as its officer sees it."""

    id: str
    kind: SessionKind
    device: str | None
    network: str | None
    created_at: datetime
    seen_at: datetime
    """To within a minute; of a program, when it began."""
    expires_at: datetime
    present: bool
    """Whether it is the one that asks."""


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

    def __init__(self, kernel: Kernel, passwords: Passwords, rules: SignInRules) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._founding = Founding(kernel)
        self._gate = SignIn(kernel, passwords, rules)
        self.rules = rules

    def is_known(self, origin: str) -> bool:
        """Whether somebody signed in from a network address of late."""
        return self._gate.is_known(origin)

    def sign_in(
        self,
        credentials: Credentials,
        kind: SessionKind,
        request_id: str | None = None,
        origin: str | None = None,
        device: str | None = None,
    ) -> SignedIn:
        """Check what an officer typed and begin a session.

        Args:
            credentials: what was typed.
            kind: what the session is for.
            request_id: goes into the audit trail.
            origin: where the attempt comes from, such as a network address; None is not counted.
            device: what is used, in words, for the officer to recognise.

        Raises:
            TooManyAttempts: the account or the origin is locked.
            SecondFactorNeeded: the password is right, and the account has a second factor.
            NotAuthenticated: anything else is wrong; the caller does not learn what.
        """

        def begin(session: Session, officer: Officer) -> SignedIn:
            return self._begin(session, officer, kind, request_id, (device, network_of(origin)))

        return self._gate.check(credentials, origin, request_id, begin)

    def begin_for(
        self,
        officer_id: str,
        kind: SessionKind,
        request_id: str | None = None,
        origin: str | None = None,
        device: str | None = None,
    ) -> SignedIn:
        """Begin a session for an officer whom an identity provider vouches for.

        Raises:
            NotAuthenticated: the account or its agency is not active.
        """
        with self._database.write() as session:
            officer = session.get_one(Officer, officer_id)
            if not in_force(session, officer):
                raise NotAuthenticated("credentials_wrong")
            return self._begin(session, officer, kind, request_id, (device, network_of(origin)))

    def recognise(self, text: str, *, used: bool = True, kind: SessionKind | None = None) -> Actor:
        """Return the officer who shows this session.

        Args:
            text: what was handed out when it began.
            kind: which sessions may be shown here; None for all.
            used: whether the officer does something, rather than their page by itself: a
                console's session ends when nobody has used it for a while.

        Raises:
            NotAuthenticated: it is malformed, unknown, ended or expired; the caller does not
                learn which.
        """
        session_id, secret = split(text)
        row = None
        if session_id:
            # Read every time: an account that is switched off is out at once, in every process.
            with self._database.read_one() as connection:
                row = connection.execute(_RECOGNISED, {"session_id": session_id}).first()
        expected = row.secret_sha256 if row is not None else ""
        matches = hmac.compare_digest(expected.encode(), digest(secret).encode())
        now = self._clock()
        known = row is not None and matches and kind in (None, row.kind)
        if row is None or not known or not self._alive(row.kind, row.seen_at, row.expires_at):
            raise NotAuthenticated("session_unknown")
        if used and now - row.seen_at >= _SEEN_EVERY:
            self._seen(session_id, now)
        fields = open_fields(
            self._vault, rows.officer(row.officer_id, row.agency_id), row.sealed_fields
        )
        return Actor(
            ActorKind.OFFICER,
            row.officer_id,
            fields["name"],
            row.agency_id,
            frozenset(Role(role) for role in row.roles),
            runs_installation=row.agency_kind == AgencyKind.OPERATOR,
            session_id=session_id,
            service_number=fields.get("service_number"),
            incomplete=self._incomplete(
                must_change=row.must_change_password,
                lacks_factor=row.has_password and not row.totp_confirmed,
            ),
        )

    def end(self, actor: Actor) -> None:
        """End the session that an officer is in; raises NotFound for a system, which has none."""
        if actor.session_id is None:
            raise NotFound("session_none")
        with self._database.write() as session:
            session.execute(
                update(OfficerSession)
                .where(OfficerSession.id == actor.session_id)
                .values(ended_at=self._clock())
            )
            self._audit.append(
                session, AuditEntry(actor, "session.end", actor.session_id, actor.agency_id)
            )

    def own(self, actor: Actor) -> tuple[OwnSession, ...]:
        """Return the sessions of an officer that go on, the latest first; raises NotPermitted."""
        require(actor, Permission.OWN_ACCOUNT)
        query = (
            select(OfficerSession)
            .where(OfficerSession.officer_id == actor.id, OfficerSession.ended_at.is_(None))
            .order_by(OfficerSession.id.desc())
        )
        with self._database.read() as session:
            found = list(session.scalars(query))
        return tuple(
            OwnSession(
                row.id,
                SessionKind(row.kind),
                row.device,
                row.network,
                row.created_at,
                row.seen_at,
                row.expires_at,
                row.id == actor.session_id,
            )
            for row in found
            if self._alive(row.kind, row.seen_at, row.expires_at)
        )

    def end_own(self, actor: Actor, session_id: str) -> None:
        """End one session of an officer.

        Raises:
            NotPermitted, NotFound: the actor has no account, or no such session goes on.
        """
        if session_id not in {each.id for each in self.own(actor)}:
            raise NotFound("own_session_not_found", session=session_id)
        with self._database.write() as session:
            session.execute(
                update(OfficerSession)
                .where(OfficerSession.id == session_id, OfficerSession.officer_id == actor.id)
                .values(ended_at=self._clock())
            )
            entry = AuditEntry(actor, "session.end", session_id, actor.agency_id)
            self._audit.append(session, entry)

    def end_others(self, actor: Actor) -> None:
        """End every session of an officer but the one that asks; raises NotPermitted."""
        require(actor, Permission.OWN_ACCOUNT)
        with self._database.write() as session:
            end_sessions(session, actor.id, self._clock(), but=actor.session_id)
            entry = AuditEntry(actor, "session.end_others", actor.id, actor.agency_id)
            self._audit.append(session, entry)

    def _alive(self, kind: str, seen_at: datetime, expires_at: datetime) -> bool:
        now = self._clock()
        if now >= expires_at:
            return False
        return kind != SessionKind.CONSOLE or now - seen_at < self.rules.console_idle

    def _seen(self, session_id: str, now: datetime) -> None:
        with self._database.write_core() as connection:
            connection.execute(
                update(OfficerSession).where(OfficerSession.id == session_id).values(seen_at=now)
            )

    def _begin(
        self,
        session: Session,
        officer: Officer,
        kind: SessionKind,
        request_id: str | None,
        whence: tuple[str | None, str | None],
    ) -> SignedIn:
        now = self._clock()
        secret = secrets.token_urlsafe(SECRET_BYTES)
        row = OfficerSession(
            id=new_id(SESSION),
            secret_sha256=digest(secret),
            officer_id=officer.id,
            kind=kind.value,
            device=whence[0],
            network=whence[1],
            created_at=now,
            seen_at=now,
            expires_at=now + self.rules.lifetime(kind),
            ended_at=None,
        )
        officer.signed_in_at = now
        session.add(row)
        session.flush()
        agency = session.get_one(Agency, officer.agency_id)
        actor = replace(
            Actor.of_officer(officer),
            roles=frozenset(Role(role) for role in officer.roles),
            runs_installation=agency.kind == AgencyKind.OPERATOR,
            session_id=row.id,
            incomplete=self._incomplete(
                must_change=officer.must_change_password,
                lacks_factor=officer.password_hash is not None and not officer.totp_confirmed,
            ),
            request_id=request_id,
        )
        entry = AuditEntry(
            actor, "session.begin", officer.id, officer.agency_id, detail={"kind": kind.value}
        )
        self._audit.append(session, entry)
        self._founding.signed_in(session, actor, agency)
        return SignedIn(f"{PREFIX}.{row.id}.{secret}", row.expires_at, officer, actor)

    def _incomplete(self, *, must_change: bool, lacks_factor: bool) -> Message | None:
        """Return what is missing; factors of those without a password are their provider's."""
        if must_change:
            return Message("account_password_due")
        if self.rules.second_factor_required and lacks_factor:
            return Message("account_factor_due")
        return None


def network_of(origin: str | None) -> str | None:
    """Return the network of an address, for an officer to recognise: a line, not a device."""
    try:
        address = ip_address((origin or "").split("/")[0])
    except ValueError:
        return None
    line = _IPV4_LINE if address.version == _IPV4 else _IPV6_LINE
    return str(ip_network((address.packed, line), strict=False))


def is_session(text: str) -> bool:
    """Whether a bearer text names a session rather than an API key."""
    return split(text)[0].startswith(f"{SESSION}_")


def end_sessions(session: Session, officer_id: str, now: datetime, but: str | None = None) -> None:
    """End every session of an officer within a transaction, except perhaps the one that acts."""
    session.execute(
        update(OfficerSession)
        .where(
            OfficerSession.officer_id == officer_id,
            OfficerSession.ended_at.is_(None),
            OfficerSession.id != (but or ""),
        )
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )


_RECOGNISED: Final = (
    select(
        OfficerSession.secret_sha256,
        OfficerSession.kind,
        OfficerSession.seen_at,
        OfficerSession.expires_at,
        OfficerSession.officer_id,
        Officer.sealed_fields,
        Officer.agency_id,
        Officer.roles,
        Officer.must_change_password,
        Officer.totp_confirmed,
        Officer.password_hash.is_not(None).label("has_password"),
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
