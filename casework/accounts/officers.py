"""Officers: the people who work with the service, each for one agency."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from casework.accounts import agencies
from casework.accounts.passwords import Passwords, first_password
from casework.accounts.sessions import end_sessions
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import (
    AlreadyExists,
    IllegalTransition,
    NotFound,
    NotPermitted,
)
from casework.kernel.ids import OFFICER, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import (
    Permission,
    PermissionScope,
    require,
    require_object,
    scope_of,
    within_reach,
)
from casework.kernel.vocabulary import Role
from casework.tables import Officer


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


class Officers:
    """Makes, reads and edits officers' accounts."""

    def __init__(self, kernel: Kernel, passwords: Passwords) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._passwords = passwords
        self._clock = kernel.clock

    def create(self, actor: Actor, new: NewOfficer) -> tuple[Officer, str | None]:
        """Make an account; returns it and its first password, which cannot be shown again.

        Raises:
            NotPermitted, NotFound: the actor may not, or not for this agency.
            AlreadyExists: the login is taken.
        """
        self._require(actor, new.agency_id)
        _require_grantable(actor, new.roles)
        password = first_password() if new.oidc_subject is None else None
        hashed = self._passwords.hash(password) if password is not None else None
        now = self._clock()
        row = Officer(
            id=new_id(OFFICER),
            agency_id=new.agency_id,
            login=new.login.lower(),
            name=new.name,
            roles=sorted(new.roles),
            language=new.language,
            active=True,
            password_hash=hashed,
            must_change_password=password is not None,
            failures=0,
            locked_until=None,
            sealed_totp=None,
            totp_confirmed=False,
            totp_step=0,
            oidc_issuer=new.oidc_issuer,
            oidc_subject=new.oidc_subject,
            signed_in_at=None,
            created_at=now,
            updated_at=now,
        )
        try:
            with self._database.write() as session:
                agencies.find(session, new.agency_id)
                session.add(row)
                session.flush()
                detail = {"roles": sorted(new.roles)}
                self._audit.append(
                    session,
                    AuditEntry(actor, "officer.create", row.id, row.agency_id, detail=detail),
                )
        except IntegrityError as error:
            raise AlreadyExists("officer_login_taken", login=row.login) from error
        return row, password

    def get(self, actor: Actor, officer_id: str) -> Officer:
        """Return one officer; raises NotPermitted or NotFound."""
        with self._database.read() as session:
            row = self._find(session, actor, officer_id)
        self._audit.note(AuditEntry(actor, "officer.read", row.id, row.agency_id))
        return row

    def by_login(self, actor: Actor, login: str) -> Officer:
        """Return the officer with a login; raises NotPermitted or NotFound."""
        require(actor, Permission.MANAGE_OFFICER)
        with self._database.read() as session:
            row = session.scalar(select(Officer).where(Officer.login == login.lower()))
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

    def edit(
        self, actor: Actor, officer_id: str, changes: Mapping[str, Any], version: int | None
    ) -> Officer:
        """Change `name`, `roles`, `language` or `active`.

        Roles count from the next request on; the sessions of an account that is switched off end.
        Nobody changes their own roles or switches themselves off: so no agency loses its last
        administrator by mistake, and none gives themselves what another has to give.

        Raises:
            NotPermitted, NotFound, StaleVersion: nothing was changed.
        """
        fields = dict(changes)
        if "roles" in fields:
            fields["roles"] = sorted(fields["roles"])
        with self._database.write() as session:
            row = self._find(session, actor, officer_id)
            rows.require_version(row, version)
            if row.id == actor.id and not _same(row, fields):
                raise NotPermitted("officer_self")
            if "roles" in fields:
                _require_grantable(actor, {Role(role) for role in fields["roles"]} - _roles(row))
            for name, value in fields.items():
                setattr(row, name, value)
            row.updated_at = self._clock()
            if not row.active:
                end_sessions(session, officer_id, self._clock())
            session.flush()
            detail = {"fields": sorted(fields), "roles": row.roles, "active": row.active}
            self._audit.append(
                session, AuditEntry(actor, "officer.edit", row.id, row.agency_id, detail=detail)
            )
        return row

    def reset(self, actor: Actor, officer_id: str, *, second_factor: bool = False) -> str:
        """Give a new first password, unlock, and end every session; returns the password.

        Args:
            actor: who resets.
            officer_id: whose account.
            second_factor: whether the second factor is taken away too, for a lost telephone.

        Raises:
            NotPermitted, NotFound: nothing was changed.
            IllegalTransition: an identity provider keeps the officer's password.
        """
        require(actor, Permission.MANAGE_OFFICER)
        password = first_password()
        hashed = self._passwords.hash(password)
        with self._database.write() as session:
            row = self._find(session, actor, officer_id)
            if row.password_hash is None:
                raise IllegalTransition("officer_without_password")
            row.password_hash = hashed
            row.must_change_password = True
            row.failures, row.locked_until = 0, None
            if second_factor:
                row.sealed_totp, row.totp_confirmed = None, False
            row.updated_at = self._clock()
            end_sessions(session, officer_id, self._clock())
            session.flush()
            detail = {"second_factor": second_factor}
            self._audit.append(
                session, AuditEntry(actor, "officer.reset", row.id, row.agency_id, detail=detail)
            )
        return password

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


def _same(row: Officer, fields: Mapping[str, Any]) -> bool:
    """Whether changes leave roles and activity as they are."""
    roles, active = sorted(row.roles), row.active
    return bool(fields.get("roles", roles) == roles and fields.get("active", active) == active)


def _roles(row: Officer) -> frozenset[Role]:
    return frozenset(Role(role) for role in row.roles)


def _require_grantable(actor: Actor, roles: frozenset[Role] | set[Role]) -> None:
    """Raise NotPermitted where a role reaches further than the one who would give it."""
    if Role.PORT in roles:
        raise NotPermitted("role_of_systems")
    if (
        Role.COORDINATOR in roles
        and scope_of(actor, Permission.MANAGE_OFFICER) is not PermissionScope.ALL
    ):
        raise NotPermitted("role_beyond_agency")
