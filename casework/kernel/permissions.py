"""The one place that decides who may do what.

An act is granted to roles, each with a reach: which agencies' objects it extends to. What is not in
the table is not permitted. An object beyond an actor's reach is, for that actor, not there: the
answer is the same as for an id that nobody ever gave out, so that nothing can be inferred from it.
"""

from collections.abc import Collection, Mapping
from enum import IntEnum, StrEnum
from typing import Final

from sqlalchemy import ColumnElement, SQLColumnExpression, false, or_, true

from casework.kernel.actor import Actor, ActorKind
from casework.kernel.errors import AccountIncomplete, NotFound, NotPermitted
from casework.kernel.vocabulary import Role


class Act(StrEnum):
    """What can be done; the audit trail uses the same words."""

    SCREEN = "encounter.screen"
    READ_ENCOUNTER = "encounter.read"
    COMPARE = "photo.compare"
    SEARCH = "gallery.search"
    READ_WATCHLIST = "watchlist.read"
    EDIT_WATCHLIST = "watchlist.edit"
    EXPORT_WATCHLIST = "watchlist.export"
    READ_SUBJECT = "subject.read"
    EDIT_SUBJECT = "subject.edit"
    READ_HISTORY = "subject.history"
    READ_ALERT = "alert.read"
    ACKNOWLEDGE_ALERT = "alert.acknowledge"
    DECIDE_ALERT = "alert.decide"
    CONFIRM_ALERT = "alert.confirm"
    REFER_ALERT = "alert.refer"
    CLOSE_ALERT = "alert.close"
    HANDLE_REFERRAL = "referral.handle"
    HANDLE_TIP = "tip.handle"
    READ_TIP_SOURCE = "tip.source"
    IMPORT = "import.run"
    READ_AUDIT = "audit.read"
    VERIFY_AUDIT = "audit.verify"
    READ_REPORT = "report.read"
    READ_TOTALS = "report.totals"
    READ_CALIBRATION = "calibration.read"
    CALIBRATE = "calibration.make"
    READ_AGENCY = "agency.read"
    MANAGE_AGENCY = "agency.manage"
    MANAGE_OFFICER = "officer.manage"
    MANAGE_KEY = "key.manage"
    MANAGE_WEBHOOK = "webhook.manage"
    ERASE_DUE = "retention.run"
    OWN_ACCOUNT = "account.own"


class Reach(IntEnum):
    """How far an act extends."""

    NOTHING = 0
    OWN = 1
    """Objects of the actor's own agency."""
    SHARED = 2
    """Also what other agencies let this one see: the alerts of some of their watchlists."""
    ALL = 3


_OWN, _SHARED, _ALL = Reach.OWN, Reach.SHARED, Reach.ALL
_OFFICER, _SUPERVISOR, _ANALYST = Role.OFFICER, Role.SUPERVISOR, Role.ANALYST
_AUDITOR, _COORDINATOR, _ADMIN = Role.AUDITOR, Role.COORDINATOR, Role.ADMIN
_PEOPLE: Final = (_OFFICER, _SUPERVISOR, _ANALYST, _AUDITOR, _COORDINATOR, _ADMIN)

GRANTS: Final[Mapping[Act, Mapping[Role, Reach]]] = {
    Act.SCREEN: {Role.PORT: _ALL},
    Act.READ_ENCOUNTER: {Role.PORT: _OWN},
    Act.COMPARE: dict.fromkeys((Role.PORT, _OFFICER, _SUPERVISOR, _ANALYST), _ALL),
    Act.SEARCH: dict.fromkeys((_OFFICER, _SUPERVISOR, _ANALYST), _SHARED),
    Act.READ_WATCHLIST: {_OFFICER: _SHARED, _SUPERVISOR: _SHARED, _ANALYST: _OWN, _AUDITOR: _OWN},
    Act.EDIT_WATCHLIST: {_ANALYST: _OWN},
    Act.EXPORT_WATCHLIST: {_ANALYST: _OWN},
    Act.READ_SUBJECT: dict.fromkeys((_OFFICER, _SUPERVISOR, _ANALYST), _OWN),
    Act.EDIT_SUBJECT: {_ANALYST: _OWN},
    Act.READ_HISTORY: dict.fromkeys((_OFFICER, _SUPERVISOR, _ANALYST), _OWN),
    Act.READ_ALERT: {_OFFICER: _SHARED, _SUPERVISOR: _SHARED, _ANALYST: _OWN},
    Act.ACKNOWLEDGE_ALERT: dict.fromkeys((_OFFICER, _SUPERVISOR), _SHARED),
    Act.DECIDE_ALERT: dict.fromkeys((_OFFICER, _SUPERVISOR), _SHARED),
    Act.CONFIRM_ALERT: {_SUPERVISOR: _SHARED},
    Act.REFER_ALERT: dict.fromkeys((_OFFICER, _SUPERVISOR), _SHARED),
    Act.CLOSE_ALERT: dict.fromkeys((_OFFICER, _SUPERVISOR), _SHARED),
    Act.HANDLE_REFERRAL: dict.fromkeys((_OFFICER, _SUPERVISOR), _OWN),
    Act.HANDLE_TIP: dict.fromkeys((_OFFICER, _SUPERVISOR, _ANALYST), _OWN),
    Act.READ_TIP_SOURCE: {_SUPERVISOR: _OWN},
    Act.IMPORT: {_ANALYST: _OWN},
    Act.READ_AUDIT: {_AUDITOR: _OWN},
    Act.VERIFY_AUDIT: {_AUDITOR: _ALL},
    Act.READ_REPORT: {_SUPERVISOR: _OWN, _AUDITOR: _OWN},
    Act.READ_TOTALS: {_COORDINATOR: _ALL},
    Act.READ_CALIBRATION: dict.fromkeys((_SUPERVISOR, _ANALYST, _AUDITOR, _ADMIN), _ALL),
    Act.CALIBRATE: {},
    Act.READ_AGENCY: dict.fromkeys(_PEOPLE, _ALL),
    Act.MANAGE_AGENCY: {},
    Act.MANAGE_OFFICER: {_ADMIN: _OWN},
    Act.MANAGE_KEY: {_ADMIN: _OWN},
    Act.MANAGE_WEBHOOK: {_ADMIN: _OWN},
    Act.ERASE_DUE: {},
    Act.OWN_ACCOUNT: dict.fromkeys(_PEOPLE, _OWN),
}

# What the agency that runs the installation does for all others, beyond its own objects. It reads
# no other agency's subjects or alerts: running the machine is no authority over the work.
FOR_ALL: Final[Mapping[Act, Role]] = {
    Act.READ_AUDIT: _AUDITOR,
    Act.CALIBRATE: _ADMIN,
    Act.MANAGE_AGENCY: _ADMIN,
    Act.MANAGE_OFFICER: _ADMIN,
    Act.MANAGE_KEY: _ADMIN,
    Act.MANAGE_WEBHOOK: _ADMIN,
    Act.ERASE_DUE: _ADMIN,
}

_AT_THE_MACHINE: Final = frozenset({ActorKind.OPERATOR, ActorKind.SERVICE})


def reach(actor: Actor, act: Act) -> Reach:
    """Return how far an act of this actor extends."""
    if actor.kind in _AT_THE_MACHINE:
        return Reach.ALL
    if actor.incomplete is not None and act is not Act.OWN_ACCOUNT:
        return Reach.NOTHING
    if actor.runs_installation and FOR_ALL.get(act) in actor.roles:
        return Reach.ALL
    grants = GRANTS[act]
    return max((grants[role] for role in actor.roles if role in grants), default=Reach.NOTHING)


def require(actor: Actor, act: Act) -> None:
    """Raise unless the actor may do this to anything at all.

    Raises:
        AccountIncomplete: not before a new password or a second factor is set.
        NotPermitted: no role of the actor's is granted this.
    """
    if reach(actor, act) is Reach.NOTHING:
        if actor.incomplete is not None:
            raise AccountIncomplete(actor.incomplete)
        holders = ", ".join(sorted({*GRANTS[act], *_holder_for_all(act)}))
        raise NotPermitted(
            f"This act ({act}) is not among what you may do: it takes one of the roles {holders}."
        )


def extends_to(
    actor: Actor, act: Act, owner_id: str | None, shared_with: Collection[str] = ()
) -> bool:
    """Whether the actor may do this to an object.

    Args:
        actor: who.
        act: what.
        owner_id: the agency that the object belongs to.
        shared_with: agencies that its owner lets see it.
    """
    how_far = reach(actor, act)
    if how_far is Reach.ALL:
        return True
    if actor.agency_id is None or how_far is Reach.NOTHING:
        return False
    return owner_id == actor.agency_id or (
        how_far is Reach.SHARED and actor.agency_id in shared_with
    )


def require_object(
    actor: Actor,
    act: Act,
    owner_id: str | None,
    shared_with: Collection[str] = (),
    *,
    missing: str,
) -> None:
    """Raise unless the actor may do this to an object.

    Raises:
        NotPermitted: the actor may do this to nothing.
        NotFound: not to this object; says `missing`, the sentence for an id that does not exist.
    """
    require(actor, act)
    if not extends_to(actor, act, owner_id, shared_with):
        raise NotFound(missing)


def within_reach(
    actor: Actor,
    act: Act,
    owner: SQLColumnExpression[str | None],
    shared: ColumnElement[bool] | None = None,
) -> ColumnElement[bool]:
    """Return the condition that keeps a query to what the actor may do this to.

    Args:
        actor: who.
        act: what.
        owner: the column that names the owning agency.
        shared: the condition under which another's object is shown to the actor's agency.
    """
    how_far = reach(actor, act)
    if how_far is Reach.ALL:
        return true()
    if how_far is Reach.NOTHING or actor.agency_id is None:
        return false()
    own = owner == actor.agency_id
    if how_far is Reach.SHARED and shared is not None:
        return or_(own, shared)
    return own


def _holder_for_all(act: Act) -> tuple[str, ...]:
    role = FOR_ALL.get(act)
    return (f"{role} of the agency that runs the installation",) if role is not None else ()


def require_port(actor: Actor, port: str) -> None:
    """Raise NotPermitted unless the actor may speak for a port."""
    if actor.ports is not None and port not in actor.ports:
        raise NotPermitted(f"This key may not submit encounters of port {port}.")
