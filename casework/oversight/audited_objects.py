"""What the objects of audit records are called, and which objects go by a name.

Who reads the trail learns no more of an object than they may read anyway: a subject is named to
those alone who may read it, an alert goes by its case number.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from casework.kernel import ids
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import (
    Permission,
    PermissionScope,
    require,
    scope_of,
    within_reach,
)
from casework.review import case_number
from casework.tables import (
    Agency,
    Alert,
    ApiKey,
    Case,
    EnrolledPhoto,
    Office,
    Officer,
    Referral,
    Subject,
    Team,
    Tip,
    Watchlist,
)
from casework.watchlists.subjects import SubjectFilter, Subjects

_ID: Final = re.compile(r"[a-z]{2,3}_[0-9A-HJKMNP-TV-Z]{26}")
_FIND: Final = "audit.find"
_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class AuditedObject:
    """An object of audit records."""

    id: str
    name: str
    """As people call it; empty where it has no name, or the reader may not learn it."""
    about: str | None = None
    """The subject that it belongs to, of a photo."""

    @property
    def kind(self) -> str:
        """What it is: what its id begins with, such as `alr`."""
        return self.id.partition("_")[0]


class AuditedObjects:
    """Names objects of the audit trail, and finds them by name."""

    def __init__(self, kernel: Kernel, subjects: Subjects) -> None:
        self._subjects = subjects
        self._database = kernel.database
        self._audit = kernel.audit

    def named(self, actor: Actor, object_ids: Iterable[str]) -> Mapping[str, AuditedObject]:
        """Return what is known of objects, by id: of records that the actor has read."""
        by_kind: dict[str, set[str]] = defaultdict(set)
        for object_id in object_ids:
            by_kind[object_id.partition("_")[0]].add(object_id)
        with self._database.read() as session:
            return {
                found.id: found
                for kind, wanted in by_kind.items()
                if kind in _NAMED
                for found in _NAMED[kind](session, actor, wanted)
            }

    def officers(self, actor: Actor) -> list[AuditedObject]:
        """Return the officers whose acts the actor reads, by name; raises NotPermitted."""
        require(actor, Permission.READ_AUDIT)
        reach = within_reach(actor, Permission.READ_AUDIT, Officer.agency_id)
        with self._database.read() as session:
            rows = session.scalars(select(Officer).where(reach))
            found = [AuditedObject(row.id, row.name) for row in rows]
        return sorted(found, key=lambda each: each.name.casefold())

    def find(self, actor: Actor, text: str) -> list[AuditedObject]:
        """Return the objects that a text names: an id, a case number, a reference, part of a name.

        Subjects are found by those alone who may read them. That a name was looked for is recorded.

        Raises:
            NotPermitted: the actor may read no trail.
        """
        require(actor, Permission.READ_AUDIT)
        if _ID.fullmatch(text):
            return [self.named(actor, [text]).get(text) or AuditedObject(text, "")]
        with self._database.read() as session:
            found = [each for finder in _FOUND for each in finder(session, actor, text)][:_MOST]
        if scope_of(actor, Permission.READ_SUBJECT) is not PermissionScope.NOTHING:
            some = self._subjects.page(actor, None, _MOST, SubjectFilter(words=text))
            found += [AuditedObject(row.id, row.name) for row in some]
        detail = {"objects": len(found)}
        self._audit.note(AuditEntry(actor, _FIND, owner_id=actor.agency_id, detail=detail))
        return found


def _may_name(
    actor: Actor, owner: InstrumentedAttribute[str], act: Permission
) -> ColumnElement[bool]:
    """Return the condition for objects whose records, or which themselves, the actor reads."""
    return or_(*(within_reach(actor, each, owner) for each in (Permission.READ_AUDIT, act)))


def _alerts(session: Session, actor: Actor, wanted: set[str]) -> Iterator[AuditedObject]:
    query = select(Alert.id, Alert.case_number).where(
        Alert.id.in_(wanted), _may_name(actor, Alert.owner_id, Permission.READ_ALERT)
    )
    return (AuditedObject(*row) for row in session.execute(query))


def _subjects(session: Session, actor: Actor, wanted: set[str]) -> Iterator[AuditedObject]:
    query = select(Subject).where(
        Subject.id.in_(wanted),
        Subject.erase_at.is_(None),
        within_reach(actor, Permission.READ_SUBJECT, Subject.agency_id),
    )
    return (AuditedObject(row.id, row.name) for row in session.scalars(query))


def _photos(session: Session, actor: Actor, wanted: set[str]) -> Iterator[AuditedObject]:
    query = select(EnrolledPhoto.id, EnrolledPhoto.subject_id).where(EnrolledPhoto.id.in_(wanted))
    of = {row.id: row.subject_id for row in session.execute(query)}
    names = {each.id: each.name for each in _subjects(session, actor, set(of.values()))}
    return (AuditedObject(photo, names.get(about, ""), about) for photo, about in of.items())


def _officers(session: Session, actor: Actor, wanted: set[str]) -> Iterator[AuditedObject]:
    query = select(Officer).where(
        Officer.id.in_(wanted), within_reach(actor, Permission.READ_AUDIT, Officer.agency_id)
    )
    return (AuditedObject(row.id, row.name) for row in session.scalars(query))


def _watchlists(session: Session, actor: Actor, wanted: set[str]) -> Iterator[AuditedObject]:
    query = select(Watchlist.id, Watchlist.name).where(
        Watchlist.id.in_(wanted), _may_name(actor, Watchlist.agency_id, Permission.READ_WATCHLIST)
    )
    return (AuditedObject(*row) for row in session.execute(query))


def _keys(session: Session, actor: Actor, wanted: set[str]) -> Iterator[AuditedObject]:
    query = select(ApiKey.id, ApiKey.name).where(
        ApiKey.id.in_(wanted), within_reach(actor, Permission.READ_AUDIT, ApiKey.agency_id)
    )
    return (AuditedObject(*row) for row in session.execute(query))


def _tips(session: Session, actor: Actor, wanted: set[str]) -> Iterator[AuditedObject]:
    query = select(Tip.id, Tip.reference).where(
        Tip.id.in_(wanted), _may_name(actor, Tip.agency_id, Permission.HANDLE_TIP)
    )
    return (AuditedObject(*row) for row in session.execute(query))


def _referrals(session: Session, actor: Actor, wanted: set[str]) -> Iterator[AuditedObject]:
    query = select(Referral).where(
        Referral.id.in_(wanted), _may_name(actor, Referral.sender_id, Permission.HANDLE_REFERRAL)
    )
    return (
        AuditedObject(row.id, f"{row.sender.code} → {row.receiver.code}")
        for row in session.scalars(query)
    )


def _cases(session: Session, actor: Actor, wanted: set[str]) -> Iterator[AuditedObject]:
    query = select(Case.id, Case.number).where(
        Case.id.in_(wanted), _may_name(actor, Case.agency_id, Permission.READ_CASE)
    )
    return (AuditedObject(*row) for row in session.execute(query))


def _offices(session: Session, actor: Actor, wanted: set[str]) -> Iterator[AuditedObject]:
    query = select(Office.id, Office.name).where(
        Office.id.in_(wanted), _may_name(actor, Office.agency_id, Permission.READ_OFFICE)
    )
    return (AuditedObject(*row) for row in session.execute(query))


def _teams(session: Session, actor: Actor, wanted: set[str]) -> Iterator[AuditedObject]:
    query = select(Team.id, Team.name).where(
        Team.id.in_(wanted), _may_name(actor, Team.agency_id, Permission.READ_TEAM)
    )
    return (AuditedObject(*row) for row in session.execute(query))


def _agencies(session: Session, actor: Actor, wanted: set[str]) -> Iterator[AuditedObject]:
    del actor  # codes of agencies are everybody's to read
    query = select(Agency.id, Agency.code).where(Agency.id.in_(wanted))
    return (AuditedObject(*row) for row in session.execute(query))


_NAMED: Final[Mapping[str, Callable[[Session, Actor, set[str]], Iterator[AuditedObject]]]] = {
    ids.AGENCY: _agencies,
    ids.ALERT: _alerts,
    ids.CASE: _cases,
    ids.KEY: _keys,
    ids.OFFICE: _offices,
    ids.OFFICER: _officers,
    ids.PHOTO: _photos,
    ids.REFERRAL: _referrals,
    ids.SUBJECT: _subjects,
    ids.TEAM: _teams,
    ids.TIP: _tips,
    ids.WATCHLIST: _watchlists,
}
"""How the objects of each kind are named; those of others go by their ids."""


def _by_case_number(session: Session, actor: Actor, text: str) -> Iterator[AuditedObject]:
    try:
        number = case_number.read(text)
    except case_number.CaseNumberRefused:
        return iter(())
    query = select(Alert.id).where(Alert.case_number == number)
    return _alerts(session, actor, set(session.scalars(query)))


def _by_reference(session: Session, actor: Actor, text: str) -> Iterator[AuditedObject]:
    query = select(Tip.id).where(Tip.reference == text.upper())
    return _tips(session, actor, set(session.scalars(query)))


def _by_list(session: Session, actor: Actor, text: str) -> Iterator[AuditedObject]:
    query = select(Watchlist.id).where(Watchlist.name.icontains(text, autoescape=True))
    return _watchlists(session, actor, set(session.scalars(query)))


def _by_officer(session: Session, actor: Actor, text: str) -> Iterator[AuditedObject]:
    every = _officers(session, actor, set(session.scalars(select(Officer.id))))
    return (each for each in every if text.casefold() in each.name.casefold())


_FOUND: Final = (_by_case_number, _by_reference, _by_list, _by_officer)
"""Ways to find an object by what people call it, the surest first."""
