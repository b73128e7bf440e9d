"""Signing in through an identity provider: out to it and back, to an officer's session.

What ties the way back to the way out is held by the browser, sealed: nothing is kept here before
somebody is known, and an answer that another browser asked for is of no use in this one.
"""

import base64
import binascii
import hmac
import json
import secrets
import threading
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.accounts.oidc import Identity, Proof, Provider
from casework.accounts.sessions import Sessions, SignedIn
from casework.kernel import rows
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit.log import REFUSED, AuditEntry
from casework.kernel.errors import NotAuthenticated, SignOnRefused, WrongDataKey
from casework.kernel.kernel import Kernel
from casework.kernel.sealed_fields import digest_of
from casework.kernel.vocabulary import SessionKind
from casework.tables import Officer

HOLDS_FOR: Final = timedelta(minutes=10)
"""Time to sign in at the provider, a second factor there included."""

_RANDOM_BYTES: Final = 32
_NOBODY: Final = Actor(ActorKind.OFFICER, "unknown", "unknown")
_EMAIL: Final = "email"


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A browser on its way to the provider."""

    address: str
    held: str
    """What the browser has to bring back, besides what the provider gives it."""


@dataclass(frozen=True, slots=True)
class Callback:
    """What a browser comes back with."""

    held: str | None = None
    state: str | None = None
    code: str | None = None
    error: str | None = None
    issuer: str | None = None
    """The issuer, where the provider names it (RFC 9207)."""


@dataclass(frozen=True, slots=True)
class SignedInVia:
    """A browser that came back, and the officer it belongs to."""

    signed_in: SignedIn
    going_to: str
    """Where the officer was going when the way to the provider began."""


class SingleSignOn:
    """Signs officers in whom an identity provider vouches for."""

    def __init__(self, kernel: Kernel, provider: Provider, sessions: Sessions) -> None:
        self._provider = provider
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._sessions = sessions
        self._clock = kernel.clock
        self._used: dict[str, float] = {}
        self._using = threading.Lock()

    def begin(self, going_to: str) -> AuthorizationRequest:
        """Return where to send a browser, and what it must hold.

        Args:
            going_to: where the officer wants to go; given back on arrival.

        Raises:
            ProviderUnavailable: the provider cannot be reached.
        """
        proof = Proof(*(secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3)))
        now = self._clock()
        state = {"until": (now + HOLDS_FOR).timestamp(), "to": going_to, **asdict(proof)}
        sealed = self._vault.seal(json.dumps(state).encode(), rows.sign_on())
        # Without padding, which cookies take only between quotation marks.
        held = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
        return AuthorizationRequest(self._provider.address(proof, now), held)

    def finish(self, back: Callback, request_id: str | None = None) -> SignedInVia:
        """Begin a console's session for who comes back; a refusal goes into the audit trail.

        Raises:
            SignOnRefused: the answer is not one to this browser, not sound, or of nobody here.
            ProviderUnavailable: the provider cannot be reached.
        """
        try:
            proof, going_to = self._opened(back)
            officer_id = self._officer(self._identity(back, proof), request_id)
        except SignOnRefused as refusal:
            self._audit.note(_entry(_NOBODY, refusal, request_id))
            raise
        try:
            signed_in = self._sessions.begin_for(officer_id, SessionKind.CONSOLE, request_id)
        except NotAuthenticated as error:
            inactive = SignOnRefused("inactive")
            with self._database.read() as session:
                officer = Actor.of_officer(session.get_one(Officer, officer_id))
            self._audit.note(_entry(officer, inactive, request_id))
            raise inactive from error
        return SignedInVia(signed_in, going_to)

    def _identity(self, back: Callback, proof: Proof) -> Identity:
        if back.issuer is not None and back.issuer != self._provider.client.issuer:
            raise SignOnRefused("begun_elsewhere")
        if back.code is None or back.error is not None:
            raise SignOnRefused("provider_refused")
        return self._provider.identity(back.code, proof, self._clock())

    def _opened(self, back: Callback) -> tuple[Proof, str]:
        """Open what the browser held, once: the proof, and where it was going."""
        try:
            text = back.held or ""
            sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            held = json.loads(self._vault.open(sealed, rows.sign_on()))
        except (WrongDataKey, binascii.Error, ValueError) as error:
            raise SignOnRefused("begun_elsewhere") from error
        until, state = held["until"], held["state"]
        given = (back.state or "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, state.encode()) or not self._first_use(state, until):
            raise SignOnRefused("begun_elsewhere")
        return Proof(state, held["nonce"], held["verifier"]), held["to"]

    def _first_use(self, state: str, until: float) -> bool:
        """Whether an answer comes in time and for the first time.

        That is known to this process alone; the provider, too, takes a code only once.
        """
        now = self._clock().timestamp()
        with self._using:
            self._used = {known: end for known, end in self._used.items() if end >= now}
            if now > until or state in self._used:
                return False
            self._used[state] = until
        return True

    def _officer(self, identity: Identity, request_id: str | None) -> str:
        """Return the id of the officer whom an identity belongs to."""
        digest = digest_of(self._vault, Officer, "oidc_subject", identity.subject)
        tied = select(Officer.id).where(
            Officer.oidc_issuer == identity.issuer, Officer.oidc_digest == digest
        )
        with self._database.read() as session:
            officer_id = session.scalar(tied)
        if officer_id is not None:
            return officer_id
        login = self._login_of(identity)
        if login is None:
            raise SignOnRefused("unknown")
        with self._database.write() as session:
            return session.scalar(tied) or self._tie(session, identity, login, request_id)

    def _login_of(self, identity: Identity) -> str | None:
        """Return the login that the provider vouches for; an address only if it was verified."""
        claim = self._provider.client.login_claim
        if claim is None:
            return None
        login = identity.claims.get(claim)
        if claim == _EMAIL and identity.claims.get("email_verified") is not True:
            return None
        return login.strip().lower() if isinstance(login, str) and login.strip() else None

    def _tie(self, session: Session, identity: Identity, login: str, request_id: str | None) -> str:
        officer = session.scalar(
            select(Officer).where(
                Officer.login_digest == digest_of(self._vault, Officer, "login", login),
                Officer.oidc_digest.is_(None),
            )
        )
        if officer is None or not officer.active:
            raise SignOnRefused("unknown")
        officer.oidc_issuer, officer.oidc_subject = identity.issuer, identity.subject
        if officer.must_change_password:
            # A first password that nobody has chosen yet would only be a second way in.
            officer.password_hash, officer.must_change_password = None, False
        officer.updated_at = self._clock()
        session.flush()
        actor = Actor.of_officer(officer).asking(request_id)
        self._audit.append(session, AuditEntry(actor, "officer.tie", officer.id, officer.agency_id))
        return officer.id


def _entry(actor: Actor, refusal: SignOnRefused, request_id: str | None) -> AuditEntry:
    object_id = actor.id if actor is not _NOBODY else None
    detail = {"by": "provider", "why": refusal.why}
    return AuditEntry(
        actor.asking(request_id),
        "session.begin",
        object_id,
        actor.agency_id,
        REFUSED,
        detail=detail,
    )
