"""Coordination teams (tim pengawasan orang asing): several agencies, for one area.

The agency whose coordinator makes a team leads it; its coordinators keep it, and its members read
it. An agency that takes no part does not see that there is one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from casework.areas import known, tree
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import AlreadyExists, NotFound
from casework.kernel.ids import TEAM, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require, require_object, within_reach
from casework.tables import Agency, Team, TeamMember


@dataclass(frozen=True, slots=True)
class NewTeam:
    """What a team is made from."""

    name: str
    area: str
    """Code of the area that it is for."""
    agency_ids: tuple[str, ...] = ()
    """Agencies that take part, beside the one that leads."""


class Teams:
    """Keeps the teams."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock

    def page(
        self, actor: Actor, after: str | None, limit: int | None, area: str | None = None
    ) -> list[Team]:
        """Return teams in order of making: those after `after`, at most `limit` (None: all).

        Args:
            actor: who reads: an agency's people see the teams that it leads or takes part in.
            after: a team's id.
            limit: most teams.
            area: only teams for this area, or for one in it.

        Raises:
            NotPermitted: the actor may read none.
        """
        require(actor, Permission.READ_TEAM)
        within = within_reach(actor, Permission.READ_TEAM, Team.agency_id, _takes_part(actor))
        query = select(Team).where(within).order_by(Team.id).limit(limit)
        if after is not None:
            query = query.where(Team.id > after)
        if area is not None:
            query = query.where(tree.within(Team.area, area))
        with self._database.read() as session:
            return list(session.scalars(query))

    def own(self, actor: Actor) -> list[Team]:
        """Return the teams of the actor's agency, in order of name; raises NotPermitted."""
        require(actor, Permission.READ_TEAM)
        if actor.agency_id is None:
            return []
        with self._database.read() as session:
            return of_agency(session, actor.agency_id)

    def get(self, actor: Actor, team_id: str) -> Team:
        """Return one team; raises NotPermitted, NotFound."""
        with self._database.read() as session:
            return _find(session, actor, Permission.READ_TEAM, team_id)

    def create(self, actor: Actor, new: NewTeam) -> Team:
        """Add a team that the actor's agency leads.

        Raises:
            NotPermitted, NotFound: the actor may not, or a member is no agency that is in force.
            AreaRefused: there is no such area.
            AlreadyExists: the area has a team of that name.
        """
        missing = NotFound("agency_not_found", agency=actor.agency_id or "")
        require_object(actor, Permission.EDIT_TEAM, actor.agency_id, missing=missing)
        if actor.agency_id is None:
            raise missing
        now = self._clock()
        row = Team(
            id=new_id(TEAM),
            agency_id=actor.agency_id,
            name=new.name,
            area=new.area,
            created_at=now,
            updated_at=now,
        )
        with self._database.write() as session:
            _seat(session, row, new.agency_ids)
            _check(session, row)
            session.add(row)
            session.flush()
            self._note(session, actor, row, "added")
        return row

    def edit(
        self, actor: Actor, team_id: str, changes: Mapping[str, Any], version: int | None
    ) -> Team:
        """Change fields of `NewTeam`; who is in it no more reads it no more.

        Raises:
            NotPermitted, NotFound, StaleVersion, AreaRefused, AlreadyExists: nothing was changed.
        """
        with self._database.write() as session:
            row = _find(session, actor, Permission.EDIT_TEAM, team_id)
            rows.require_version(row, version)
            with session.no_autoflush:
                row.name, row.area = changes.get("name", row.name), changes.get("area", row.area)
                if "agency_ids" in changes:
                    _seat(session, row, changes["agency_ids"])
                _check(session, row)
            row.updated_at = self._clock()
            session.flush()
            self._note(session, actor, row, "changed")
        return row

    def remove(self, actor: Actor, team_id: str) -> None:
        """Remove a team; raises NotPermitted, NotFound."""
        with self._database.write() as session:
            row = _find(session, actor, Permission.EDIT_TEAM, team_id)
            session.delete(row)
            session.flush()
            self._note(session, actor, row, "removed")

    def _note(self, session: Session, actor: Actor, row: Team, change: str) -> None:
        detail = {"change": change, "area": row.area, "agencies": list(members_of(row))}
        entry = AuditEntry(actor, Permission.EDIT_TEAM, row.id, row.agency_id, detail=detail)
        self._audit.append(session, entry)


def members_of(row: Team) -> tuple[str, ...]:
    """Return the ids of the agencies that take part in a team, beside the one that leads it."""
    return tuple(sorted(each.agency_id for each in row.members))


def of_agency(session: Session, agency_id: str) -> list[Team]:
    """Return the teams that an agency leads or takes part in, in order of name."""
    query = select(Team).where(is_of(agency_id))
    return list(session.scalars(query.order_by(Team.name, Team.id)))


def choose(session: Session, team_id: str, agency_id: str) -> Team:
    """Return one of an agency's teams, for what it is to work on; raises NotFound."""
    row = session.scalar(select(Team).where(Team.id == team_id, is_of(agency_id)))
    if row is None:
        raise NotFound("team_not_found", team=team_id)
    return row


def is_of(agency_id: str | None) -> ColumnElement[bool]:
    """Return the condition for the teams that an agency leads or takes part in."""
    seated = select(TeamMember.team_id).where(TeamMember.agency_id == agency_id)
    return or_(Team.agency_id == agency_id, Team.id.in_(seated))


def _takes_part(actor: Actor) -> ColumnElement[bool]:
    own = select(TeamMember.team_id).where(TeamMember.agency_id == actor.agency_id)
    return Team.id.in_(own)


def _seat(session: Session, row: Team, agency_ids: Iterable[str]) -> None:
    """Make these agencies a team's members; raises NotFound."""
    chosen = {*agency_ids} - {row.agency_id}
    seated = {each.agency_id: each for each in row.members}
    # A member that was switched off meanwhile can stay.
    for each in sorted(chosen - seated.keys()):
        agency = session.get(Agency, each)
        if agency is None or not agency.active:
            raise NotFound("agency_not_found", agency=each)
    row.members = [seated.get(each) or TeamMember(agency_id=each) for each in sorted(chosen)]


def _check(session: Session, row: Team) -> None:
    """Raise AreaRefused or AlreadyExists unless a team can be."""
    known.choose(session, row.area, "area")
    other = select(Team.id).where(Team.area == row.area, Team.name == row.name, Team.id != row.id)
    if session.scalar(other.limit(1)) is not None:
        raise AlreadyExists("team_taken", name=row.name)


def _find(session: Session, actor: Actor, act: Permission, team_id: str) -> Team:
    missing = NotFound("team_not_found", team=team_id)
    return rows.one_within(session, actor, act, Team, team_id, missing, shared_with=members_of)
