"""Agencies: the authorities that own watchlists and employ officers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from casework.accounts.sessions import end_sessions
from casework.approvals import founding
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import (
    AlreadyExists,
    IllegalTransition,
    NotFound,
    ReasonMissing,
    SetUpError,
)
from casework.kernel.ids import AGENCY, new_id
from casework.kernel.installation import PRACTICE_MARK
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require
from casework.kernel.vocabulary import AgencyKind
from casework.tables import Agency, ApiKey, Officer


@dataclass(frozen=True, slots=True)
class NewAgency:
    """What an agency is made from."""

    code: str
    name: str
    kind: AgencyKind = AgencyKind.MEMBER


@dataclass(frozen=True, slots=True)
class AgencyConsequences:
    """Whom switching an agency off concerns."""

    agency: Agency
    officers: int
    """Accounts in force: out at once."""
    keys: int
    """Keys in force: refused."""


class Agencies:
    """Makes, reads and edits agencies. None is ever removed: records refer to it."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._keys = kernel.vault.keys
        # The trail says for good what kind of installation it is of.
        self._kind = {"practice": True} if kernel.practice else {}

    def create(self, actor: Actor, new: NewAgency) -> Agency:
        """Make an agency; its founding period begins.

        Raises:
            NotPermitted: the actor may not.
            AlreadyExists: the code is taken, or is kept for practice.
        """
        require(actor, Permission.MANAGE_AGENCY)
        _refuse_mark(new.code)
        try:
            with self._database.write() as session:
                return self._add(session, actor, new)
        except IntegrityError as error:
            raise AlreadyExists("agency_code_taken", code=new.code) from error

    def begin(self, actor: Actor, code: str, name: str) -> Agency:
        """Begin an installation: make the agency that runs it.

        An agency that is there without anybody's account, as earlier versions made one called
        LOCAL without being asked, gets the code and the name; its lists and alerts stay its own.

        Raises:
            NotPermitted: the actor may not.
            IllegalTransition: the installation has begun.
            AlreadyExists: the code is kept for practice.
        """
        require(actor, Permission.MANAGE_AGENCY)
        _refuse_mark(code)
        with self._database.write() as session:
            standing = _not_begun(session)
            if not standing:
                return self._add(session, actor, NewAgency(code, name, AgencyKind.OPERATOR))
            row, now = standing[0], self._clock()
            row.code, row.name, row.kind, row.active = code, name, AgencyKind.OPERATOR, True
            row.founding_until, row.updated_at = now + founding.PERIOD, now
            session.flush()
            detail = {"fields": ["code", "founding_until", "kind", "name"], "active": True}
            self._audit.append(
                session,
                AuditEntry(actor, "agency.edit", row.id, row.id, detail=detail | self._kind),
            )
        return row

    def _add(self, session: Session, actor: Actor, new: NewAgency) -> Agency:
        now = self._clock()
        row = Agency(
            id=new_id(AGENCY),
            active=True,
            founding_until=now + founding.PERIOD,
            created_at=now,
            updated_at=now,
            **asdict(new),
        )
        session.add(row)
        session.flush()
        self._keys.make_for(session.connection(), row.id)
        entry = AuditEntry(
            actor, "agency.create", row.id, row.id, detail={"code": new.code} | self._kind
        )
        self._audit.append(session, entry)
        return row

    def require_none(self) -> None:
        """Return if `begin` may be called; raises IllegalTransition if the installation has begun.

        For who would otherwise ask a person for everything in vain.
        """
        with self._database.read() as session:
            _not_begun(session)

    def require_any(self) -> None:
        """Return if the installation has begun; raises SetUpError if it has no agency."""
        if not self.any():
            raise SetUpError("installation_empty")

    def any(self) -> bool:
        """Whether the installation has begun: whether it has an agency."""
        with self._database.read() as session:
            return session.scalar(select(Agency.id).limit(1)) is not None

    def get(self, actor: Actor, agency_id: str) -> Agency:
        """Return one agency, by id.

        Raises:
            NotPermitted, NotFound: see the message.
        """
        require(actor, Permission.READ_AGENCY)
        with self._database.read() as session:
            return find(session, agency_id)

    def by_code(self, code: str) -> Agency:
        """Return the agency with a code; raises NotFound."""
        with self._database.read() as session:
            row = session.scalar(select(Agency).where(Agency.code == code.upper()))
        if row is None:
            raise NotFound("agency_code_unknown", code=code)
        return row

    def only(self) -> Agency:
        """Return the one agency there is.

        Raises:
            NotFound: there are several, so one must be named.
            SetUpError: there is none yet.
        """
        with self._database.read() as session:
            rows = session.scalars(select(Agency).limit(2)).all()
        if len(rows) > 1:
            raise NotFound("agency_ambiguous")
        if not rows:
            raise SetUpError("installation_empty")
        return rows[0]

    def page(self, actor: Actor, after: str | None, limit: int | None) -> list[Agency]:
        """Return agencies in order of making: those after `after`, at most `limit` (None: all)."""
        require(actor, Permission.READ_AGENCY)
        query = select(Agency).order_by(Agency.id).limit(limit)
        if after is not None:
            query = query.where(Agency.id > after)
        with self._database.read() as session:
            return list(session.scalars(query))

    def consequences(self, actor: Actor, agency_id: str) -> AgencyConsequences:
        """Return whom switching an agency off concerns; raises NotPermitted, NotFound."""
        require(actor, Permission.MANAGE_AGENCY)
        with self._database.read() as session:
            row = find(session, agency_id)
            counted = (
                session.scalar(select(func.count()).select_from(table).where(of_agency, in_force))
                for table, of_agency, in_force in (
                    (Officer, Officer.agency_id == row.id, Officer.active),
                    (ApiKey, ApiKey.agency_id == row.id, ApiKey.revoked_at.is_(None)),
                )
            )
            officers, keys = (count or 0 for count in counted)
        return AgencyConsequences(row, officers, keys)

    def edit(
        self,
        actor: Actor,
        agency_id: str,
        changes: Mapping[str, Any],
        version: int | None,
        reason: str | None = None,
    ) -> Agency:
        """Change `name` or `active`.

        When an agency is switched off, its keys and its officers' sessions are out at once.

        Args:
            actor: who changes it.
            agency_id: the agency.
            changes: the new values.
            version: the version the caller read, or None for whichever there is.
            reason: why; required to switch an agency off.

        Raises:
            NotPermitted, NotFound, StaleVersion: nothing was changed.
            ReasonMissing: an agency is switched off without a reason.
            IllegalTransition: nobody switches off their own agency, and themselves with it.
        """
        require(actor, Permission.MANAGE_AGENCY)
        with self._database.write() as session:
            row = find(session, agency_id)
            rows.require_version(row, version)
            if row.id == actor.agency_id and not changes.get("active", True):
                raise IllegalTransition("agency_own")
            if row.active and not changes.get("active", True) and not reason:
                raise ReasonMissing("off_reason_missing", field="reason")
            for name, value in changes.items():
                setattr(row, name, value)
            row.updated_at = now = self._clock()
            if not row.active:
                for officer_id in session.scalars(
                    select(Officer.id).where(Officer.agency_id == row.id)
                ):
                    end_sessions(session, officer_id, now)
            session.flush()
            detail = {"fields": sorted(changes), "active": row.active}
            entry = AuditEntry(actor, "agency.edit", row.id, row.id, purpose=reason, detail=detail)
            self._audit.append(session, entry)
        return row


def _not_begun(session: Session) -> Sequence[Agency]:
    """Return the one agency without anybody's account, or none; raises IllegalTransition."""
    standing = session.scalars(select(Agency).limit(2)).all()
    if len(standing) > 1 or session.scalar(select(Officer.id).limit(1)) is not None:
        raise IllegalTransition("installation_begun")
    return standing


def _refuse_mark(code: str) -> None:
    """Return unless a code would make real case numbers look like those of practice."""
    if code.upper().startswith(PRACTICE_MARK):
        raise AlreadyExists("agency_code_practice", mark=PRACTICE_MARK)


def find(session: Session, agency_id: str) -> Agency:
    """Return one agency within a transaction; raises NotFound."""
    return rows.one(session, Agency, agency_id, NotFound("agency_not_found", agency=agency_id))
