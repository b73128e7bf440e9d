"""Officers: the people who work with the service, each for one agency."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from casework.accounts import agencies, recovery_codes
from casework.accounts.lockout import SignInRules
from casework.accounts.passwords import Passwords, first_password
from casework.accounts.sessions import end_sessions
from casework.accounts.throttle import Throttle
from casework.approvals import founding
from casework.approvals.approvals import ApprovalAct, Approvals, Approved, Proposal
from casework.kernel import officer_names, rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import (
    AlreadyExists,
    IllegalTransition,
    NotFound,
    NotPermitted,
    ReasonMissing,
    StaleVersion,
)
from casework.kernel.ids import OFFICER, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.messages import Message
from casework.kernel.permissions import (
    Permission,
    PermissionScope,
    extends_to,
    require,
    require_object,
    scope_of,
    within_reach,
)
from casework.kernel.sealed_fields import digest_of, vault_of
from casework.kernel.vocabulary import AgencyKind, AlertState, ApprovalState, Role
from casework.tables import Agency, Alert, Approval, Officer, OfficerSession


@dataclass(frozen=True, slots=True)
class NewOfficer:
    """What an officer's account is made from."""

    agency_id: str
    login: str
    name: str
    roles: frozenset[Role]
    language: str = "id"
    oidc_issuer: str | None = None
    oidc_subject: str | None = None
    """Who the officer is at the identity provider; then no password is set."""
    service_number: str | None = None
    """Such as an NIP."""


@dataclass(frozen=True, slots=True)
class OfficerConsequences:
    """What switching an account off concerns."""

    officer: Officer
    sessions: int
    """Sign-ins that end at once."""
    taken_alerts: int
    """Alerts that the officer has taken and that are not closed: others have to go on."""
    open_requests: int
    """Requests for a second person that the officer made: they lapse."""
    takes_two: bool
    """Whether a second person has to accept that the account is switched on again."""


CREATE: Final = "officer.create"
EDIT: Final = "officer.edit"
RESET: Final = "officer.reset"

DECIDERS: Final = frozenset({Role.OFFICER, Role.SUPERVISOR, Role.ANALYST, Role.ADMIN})
"""Roles whose grant takes a second person: they decide about travellers, lists or accounts."""

_REACHING: Final = frozenset({Role.AUDITOR, Role.COORDINATOR})
"""Roles that, at the agency that runs the installation, read what belongs to others.

Nobody gives them alone, not even in the founding period: the others are no founders of it."""


class Officers:
    """Makes, reads and edits officers' accounts.

    A new account of `DECIDERS`, a grant of one of these roles, and a reset take a second person of
    the agency (`casework.approvals`). The agency that runs the installation makes another
    agency's first administrator; beyond that, what it asks for there that agency decides.
    """

    def __init__(
        self,
        kernel: Kernel,
        passwords: Passwords,
        approvals: Approvals,
        rules: SignInRules,
    ) -> None:
        self._first_password = rules.first_password
        self._logins = Throttle.of_logins(kernel, rules)
        self._database = kernel.database
        self._audit = kernel.audit
        self._passwords = passwords
        self._approvals = approvals
        self._clock = kernel.clock
        approvals.register(CREATE, ApprovalAct(_describe_new, self._create_approved))
        approvals.register(EDIT, ApprovalAct(_describe_edit, self._edit_approved))
        approvals.register(RESET, ApprovalAct(_describe_reset, self._reset_approved))

    def create(
        self, actor: Actor, new: NewOfficer, reason: str | None = None
    ) -> tuple[Officer, str | None]:
        """Make an account; returns it and its first password, which cannot be shown again.

        Raises:
            NotPermitted, NotFound: the actor may not, or not for this agency.
            AlreadyExists: the login is taken.
            ActWaits, NoSecondPerson, ReasonMissing: see `Approvals.require`.
        """
        self._require_agency(actor, new.agency_id)
        password = first_password() if new.oidc_subject is None else None
        hashed = self._passwords.hash(password) if password is not None else None
        try:
            with self._approvals.write() as session:
                agency = agencies.find(session, new.agency_id)
                _require_grantable(actor, new.roles)
                _require_free(session, new.login)
                cleared: Mapping[str, Any] = {}
                if _is_first(session, actor, new):
                    cleared = {"founding": True}
                    if agency.founding_until is not None:
                        agency.founding_until = self._clock() + founding.PERIOD
                elif actor.agency_id != agency.id or _takes_two(agency, new.roles):
                    proposal = Proposal(
                        CREATE,
                        agency.id,
                        None,
                        _parameters(new, hashed),
                        reason,
                        secret=password,
                        founding=not _reaches(agency, new.roles),
                    )
                    cleared = self._approvals.require(session, actor, proposal)
                row = self._add(session, actor, new, hashed, cleared)
        except IntegrityError as error:
            raise AlreadyExists("officer_login_taken", login=new.login.lower()) from error
        return row, password

    def _create_approved(self, session: Session, actor: Actor, approved: Approved) -> None:
        parameters = dict(approved.parameters)
        hashed = parameters.pop("password_hash")
        roles = frozenset(Role(role) for role in parameters.pop("roles"))
        new = NewOfficer(roles=roles, **parameters)
        self._require_agency(actor, new.agency_id)
        _require_grantable(actor, new.roles)
        _require_free(session, new.login)
        self._add(session, actor, new, hashed, approved.detail)

    def _add(
        self,
        session: Session,
        actor: Actor,
        new: NewOfficer,
        hashed: str | None,
        cleared: Mapping[str, Any],
    ) -> Officer:
        now = self._clock()
        row = Officer(
            id=new_id(OFFICER),
            agency_id=new.agency_id,
            login=new.login.lower(),
            name=new.name,
            service_number=new.service_number,
            roles=sorted(new.roles),
            language=new.language,
            active=True,
            password_hash=hashed,
            must_change_password=hashed is not None,
            first_password_until=now + self._first_password if hashed is not None else None,
            sealed_totp=None,
            totp_confirmed=False,
            totp_step=0,
            oidc_issuer=new.oidc_issuer,
            oidc_subject=new.oidc_subject,
            signed_in_at=None,
            created_at=now,
            updated_at=now,
        )
        session.add(row)
        session.flush()
        detail = {"roles": row.roles, **cleared}
        entry = AuditEntry(actor, "officer.create", row.id, row.agency_id, detail=detail)
        self._audit.append(session, entry)
        return row

    def get(self, actor: Actor, officer_id: str) -> Officer:
        """Return one officer; raises NotPermitted or NotFound."""
        with self._database.read() as session:
            row = self._find(session, actor, officer_id)
        self._audit.note(AuditEntry(actor, "officer.read", row.id, row.agency_id))
        return row

    def locks(self, officers: Iterable[Officer]) -> dict[str, datetime]:
        """Return until when each account is locked that is, by id, of officers that were read."""
        with self._database.read() as session:
            found = {each.id: self._logins.locked_until(session, each.login) for each in officers}
        return {officer_id: until for officer_id, until in found.items() if until is not None}

    def by_login(self, actor: Actor, login: str) -> Officer:
        """Return the officer with a login; raises NotPermitted or NotFound."""
        require(actor, Permission.MANAGE_OFFICER)
        with self._database.read() as session:
            row = session.scalar(select(Officer).where(_login_is(session, login)))
            missing = NotFound("officer_login_unknown", login=login)
            if row is None:
                raise missing
            self._require(actor, row.agency_id, missing)
            return row

    def page(self, actor: Actor, after: str | None, limit: int | None) -> list[Officer]:
        """Return officers in order of making: those after `after`, at most `limit` (None: all)."""
        require(actor, Permission.MANAGE_OFFICER)
        query = (
            select(Officer)
            .where(within_reach(actor, Permission.MANAGE_OFFICER, Officer.agency_id))
            .order_by(Officer.id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(Officer.id > after)
        with self._database.read() as session:
            found = list(session.scalars(query))
        detail = {"officers": len(found)}
        self._audit.note(AuditEntry(actor, "officer.list", owner_id=actor.agency_id, detail=detail))
        return found

    def consequences(self, actor: Actor, officer_id: str) -> OfficerConsequences:
        """Return what switching an account off concerns; raises NotPermitted, NotFound."""
        with self._database.read() as session:
            row = self._find(session, actor, officer_id)
            sessions = select(func.count()).where(
                OfficerSession.officer_id == row.id,
                OfficerSession.ended_at.is_(None),
                OfficerSession.expires_at > self._clock(),
            )
            taken = select(func.count()).where(
                Alert.acknowledged_by == row.id, Alert.state != AlertState.CLOSED
            )
            asked = select(func.count()).where(
                Approval.asked_by == row.id,
                Approval.state.in_([ApprovalState.WAITING, ApprovalState.ACCEPTED]),
            )
            ended, left, lapsing = (session.scalar(each) or 0 for each in (sessions, taken, asked))
            takes_two = _takes_two(agencies.find(session, row.agency_id), _roles(row))
            return OfficerConsequences(row, ended, left, lapsing, takes_two)

    def edit(
        self,
        actor: Actor,
        officer_id: str,
        changes: Mapping[str, Any],
        version: int | None,
        reason: str | None = None,
    ) -> Officer:
        """Change `name`, `service_number`, `roles`, `language` or `active`.

        What the officer did before a rename goes on to show the name of that day.
        Roles count from the next request on; the sessions of an account that is switched off end.
        Nobody changes their own roles or switches themselves off: so no agency loses its last
        administrator by mistake, and none gives themselves what another has to give.

        Raises:
            NotPermitted, NotFound, StaleVersion: nothing was changed.
            ReasonMissing: an account is switched off, or loses a role, without a reason.
            ActWaits, NoSecondPerson, ReasonMissing: see `Approvals.require`.
        """
        fields = dict(changes)
        if "roles" in fields:
            fields["roles"] = sorted(fields["roles"])
        with self._approvals.write() as session:
            row = self._find(session, actor, officer_id)
            rows.require_version(row, version)
            if row.id == actor.id and not _same(row, fields):
                raise NotPermitted("officer_self")
            gained = _gained(row, fields)
            _require_grantable(actor, gained)
            if not reason and _lost(row, fields):
                off = not fields.get("active", True)
                code = "off_reason_missing" if off else "roles_reason_missing"
                raise ReasonMissing(code, field="reason")
            agency = agencies.find(session, row.agency_id)
            cleared: Mapping[str, Any] = {}
            if _takes_two(agency, gained):
                before = {"roles": row.roles, "active": row.active}
                parameters = {
                    "login": row.login,
                    "name": row.name,
                    "changes": fields,
                    "before": before,
                }
                proposal = Proposal(
                    EDIT,
                    row.agency_id,
                    row.id,
                    parameters,
                    reason,
                    founding=not _reaches(agency, gained),
                )
                cleared = self._approvals.require(session, actor, proposal)
            self._change(session, actor, row, fields, cleared, reason)
        return row

    def _edit_approved(self, session: Session, actor: Actor, approved: Approved) -> None:
        row = self._find(session, actor, approved.object_id or "")
        if {"roles": row.roles, "active": row.active} != approved.parameters["before"]:
            raise StaleVersion("approval_outdated")
        fields = approved.parameters["changes"]
        _require_grantable(actor, _gained(row, fields))
        self._change(session, actor, row, fields, approved.detail)

    def _change(
        self,
        session: Session,
        actor: Actor,
        row: Officer,
        fields: Mapping[str, Any],
        cleared: Mapping[str, Any],
        reason: str | None = None,
    ) -> None:
        now = self._clock()
        rest = dict(fields)
        name = rest.pop("name", row.name)
        officer_names.rename(row, name, rest.pop("service_number", row.service_number), now)
        for field, value in rest.items():
            setattr(row, field, value)
        row.updated_at = now
        if not row.active:
            end_sessions(session, row.id, self._clock())
        session.flush()
        detail = {"fields": sorted(fields), "roles": row.roles, "active": row.active, **cleared}
        entry = AuditEntry(
            actor, "officer.edit", row.id, row.agency_id, purpose=reason, detail=detail
        )
        self._audit.append(session, entry)

    def reset(
        self,
        actor: Actor,
        officer_id: str,
        *,
        second_factor: bool = False,
        reason: str | None = None,
    ) -> str:
        """Give a new first password, unlock, and end every session; returns the password.

        Args:
            actor: who resets.
            officer_id: whose account.
            second_factor: whether the second factor is taken away too, for a lost telephone.
            reason: why; required where it waits.

        Raises:
            NotPermitted, NotFound: nothing was changed.
            IllegalTransition: an identity provider keeps the officer's password.
            ActWaits, NoSecondPerson, ReasonMissing: see `Approvals.require`.
        """
        require(actor, Permission.MANAGE_OFFICER)
        password = first_password()
        hashed = self._passwords.hash(password)
        with self._approvals.write() as session:
            row, last = self._resettable(session, actor, officer_id)
            parameters = {
                "login": row.login,
                "name": row.name,
                "second_factor": second_factor,
                "password_hash": hashed,
            }
            proposal = Proposal(
                RESET,
                row.agency_id,
                row.id,
                parameters,
                reason,
                secret=password,
                founding=not _reaches(agencies.find(session, row.agency_id), _roles(row)),
                unopposed=last and not founding.holders(session, row.agency_id, Role.SUPERVISOR),
            )
            cleared = self._approvals.require(session, actor, proposal)
            self._renew(session, actor, row, parameters, cleared, reason)
        return password

    def _reset_approved(self, session: Session, actor: Actor, approved: Approved) -> None:
        row, _last = self._resettable(session, actor, approved.object_id or "")
        self._renew(session, actor, row, approved.parameters, approved.detail)

    def _renew(
        self,
        session: Session,
        actor: Actor,
        row: Officer,
        parameters: Mapping[str, Any],
        cleared: Mapping[str, Any],
        reason: str | None = None,
    ) -> None:
        row.password_hash = parameters["password_hash"]
        row.must_change_password = True
        row.first_password_until = self._clock() + self._first_password
        self._logins.forget(session, row.login)
        if parameters["second_factor"]:
            row.sealed_totp, row.totp_confirmed = None, False
            recovery_codes.drop(session, row.id)
        row.updated_at = self._clock()
        end_sessions(session, row.id, self._clock())
        session.flush()
        detail = {"second_factor": parameters["second_factor"], **cleared}
        entry = AuditEntry(
            actor, "officer.reset", row.id, row.agency_id, purpose=reason, detail=detail
        )
        self._audit.append(session, entry)

    def unlock(self, actor: Actor, officer_id: str) -> Officer:
        """End the lock of an account after too many wrong guesses, and nothing else.

        It gives nobody access who has not had it, and so takes no second person. An account that is
        not locked has its guesses forgotten.

        Raises:
            NotPermitted, NotFound: nothing was changed.
        """
        with self._database.write() as session:
            row = self._find(session, actor, officer_id)
            self._logins.forget(session, row.login)
            self._audit.append(session, AuditEntry(actor, "officer.unlock", row.id, row.agency_id))
        return row

    def _resettable(self, session: Session, actor: Actor, officer_id: str) -> tuple[Officer, bool]:
        """Return an account that the actor may ask to reset, and whether it is another's last.

        The agency that runs the installation begins no other reset than that of another agency's
        last administrator.

        Raises:
            NotPermitted, NotFound: the actor may reset none, or not this one.
            IllegalTransition: an identity provider keeps the officer's password.
        """
        missing = NotFound("officer_not_found", officer=officer_id)
        row = rows.one(session, Officer, officer_id, missing)
        last = False
        if not extends_to(actor, Permission.MANAGE_OFFICER, row.agency_id):
            last = _runs_for_all(actor) and _is_last_administrator(session, row)
            if not last:
                raise missing
        if row.password_hash is None:
            raise IllegalTransition("officer_without_password")
        return row, last

    def _find(self, session: Session, actor: Actor, officer_id: str) -> Officer:
        missing = NotFound("officer_not_found", officer=officer_id)
        return rows.one_within(
            session, actor, Permission.MANAGE_OFFICER, Officer, officer_id, missing
        )

    def _require(
        self, actor: Actor, agency_id: str | None, missing: NotFound | None = None
    ) -> None:
        require_object(
            actor,
            Permission.MANAGE_OFFICER,
            agency_id,
            missing=missing or NotFound("agency_not_found", agency=agency_id),
        )

    def _require_agency(self, actor: Actor, agency_id: str) -> None:
        """Raise unless the actor may make, or ask for, accounts of an agency."""
        require(actor, Permission.MANAGE_OFFICER)
        if not _runs_for_all(actor):
            self._require(actor, agency_id)


def _runs_for_all(actor: Actor) -> bool:
    """Whether the actor keeps the installation's agencies: and may begin their accounts."""
    return scope_of(actor, Permission.MANAGE_AGENCY) is PermissionScope.ALL


def _is_first(session: Session, actor: Actor, new: NewOfficer) -> bool:
    """Whether this is the administrator that an agency begins with."""
    beginning = _runs_for_all(actor) and Role.ADMIN in new.roles
    return beginning and not founding.has_administrator(session, new.agency_id)


def _is_last_administrator(session: Session, row: Officer) -> bool:
    """Whether an account is the only one in force with which an agency keeps its officers."""
    active = select(Officer).where(Officer.agency_id == row.agency_id, Officer.active)
    keepers = [each.id for each in session.scalars(active) if Role.ADMIN in each.roles]
    return keepers == [row.id]


def _takes_two(agency: Agency, roles: Collection[Role]) -> bool:
    """Whether roles that somebody is given take a second person of an agency."""
    return not DECIDERS.isdisjoint(roles) or _reaches(agency, roles)


def _reaches(agency: Agency, roles: Collection[Role]) -> bool:
    """Whether roles at an agency read what belongs to others: never is one person enough."""
    return agency.kind == AgencyKind.OPERATOR and not _REACHING.isdisjoint(roles)


def _gained(row: Officer, fields: Mapping[str, Any]) -> frozenset[Role]:
    """Return the roles in force that an account has after changes, and did not have before."""
    had = _roles(row) if row.active else frozenset()
    active = fields.get("active", row.active)
    return (
        frozenset(Role(role) for role in fields.get("roles", row.roles)) - had
        if active
        else (frozenset())
    )


def _lost(row: Officer, fields: Mapping[str, Any]) -> frozenset[Role]:
    """Return the roles in force that an account had before changes, and has not after them."""
    if not row.active:
        return frozenset()
    kept = fields.get("roles", row.roles) if fields.get("active", True) else ()
    return _roles(row) - {Role(role) for role in kept}


def _parameters(new: NewOfficer, hashed: str | None) -> dict[str, Any]:
    return {**asdict(new), "roles": sorted(new.roles), "password_hash": hashed}


def _login_is(session: Session, login: str) -> ColumnElement[bool]:
    digest = digest_of(vault_of(session), Officer, "login", login.lower())
    return Officer.login_digest == digest


def _require_free(session: Session, login: str) -> None:
    """Raise AlreadyExists where a login is taken."""
    if session.scalar(select(Officer.id).where(_login_is(session, login))) is not None:
        raise AlreadyExists("officer_login_taken", login=login.lower())


def _describe_new(parameters: Mapping[str, Any]) -> Message:
    roles = tuple(Role(role) for role in parameters["roles"])
    return Message(
        "approval_officer_create",
        {"login": parameters["login"], "name": parameters["name"], "roles": roles},
    )


def _describe_edit(parameters: Mapping[str, Any]) -> Message:
    changes, before = parameters["changes"], parameters["before"]
    roles = tuple(Role(role) for role in changes.get("roles", before["roles"]))
    return Message("approval_officer_edit", {"officer": _called(parameters), "roles": roles})


def _describe_reset(parameters: Mapping[str, Any]) -> Message:
    both = parameters["second_factor"]
    code = "approval_officer_reset_factor" if both else "approval_officer_reset"
    return Message(code, {"officer": _called(parameters)})


def _called(parameters: Mapping[str, Any]) -> str:
    """Return whose account a request is about; those of before give the login alone."""
    login: str = parameters["login"]
    return f"{parameters['name']} ({login})" if "name" in parameters else login


def _same(row: Officer, fields: Mapping[str, Any]) -> bool:
    """Whether changes leave roles and activity as they are."""
    roles, active = sorted(row.roles), row.active
    return bool(fields.get("roles", roles) == roles and fields.get("active", active) == active)


def _roles(row: Officer) -> frozenset[Role]:
    return frozenset(Role(role) for role in row.roles)


def _require_grantable(actor: Actor, roles: Collection[Role]) -> None:
    """Raise NotPermitted where a role reaches further than the one who would give it."""
    if Role.PORT in roles:
        raise NotPermitted("role_of_systems")
    if Role.COORDINATOR in roles and not _runs_for_all(actor):
        raise NotPermitted("role_beyond_agency")
