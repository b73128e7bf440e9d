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
from casework.kernel.vocabulary import Role, Scope


class Permission(StrEnum):
    """What can be done; the audit trail uses the same words."""

    SCREEN = "encounter.screen"
    READ_ENCOUNTER = "encounter.read"
    COMPARE = "photo.compare"
    SEARCH = "gallery.search"
    READ_WATCHLIST = "watchlist.read"
    EDIT_WATCHLIST = "watchlist.edit"
    RESET_BREAKER = "watchlist.reset"
    EXPORT_WATCHLIST = "watchlist.export"
    READ_SUBJECT = "subject.read"
    EDIT_SUBJECT = "subject.edit"
    READ_HISTORY = "subject.history"
    RECORD_OBJECTION = "objection.record"
    ANSWER_OBJECTION = "objection.answer"
    RECORD_RESIDENCE = "residence.record"
    READ_OVERSTAY = "overstay.read"
    REPORT_PERMIT = "permit.report"
    READ_PERMIT = "permit.read"
    READ_ALERT = "alert.read"
    ACKNOWLEDGE_ALERT = "alert.acknowledge"
    DECIDE_ALERT = "alert.decide"
    CONFIRM_ALERT = "alert.confirm"
    WITHDRAW_OPINION = "alert.withdraw"
    REFER_ALERT = "alert.refer"
    CLOSE_ALERT = "alert.close"
    CORRECT_ALERT = "alert.correct"
    EXPORT_EVIDENCE = "alert.evidence"
    KEEP_LOOKALIKE = "lookalike.keep"
    REVOKE_LOOKALIKE = "lookalike.revoke"
    READ_DUTY = "duty.read"
    MANAGE_DUTY = "duty.manage"
    HANDLE_REFERRAL = "referral.handle"
    READ_PRESET = "preset.read"
    EDIT_PRESET = "preset.edit"
    RECORD_TIP = "tip.record"
    """Also to read the receipts of those one has recorded."""
    HANDLE_TIP = "tip.handle"
    READ_TIP_SOURCE = "tip.source"
    ERASE_TIP_SOURCE = "tip.erase_source"
    OPEN_CASE = "case.open"
    READ_CASE = "case.read"
    WORK_ON_CASE = "case.work"
    JOIN_CASE = "case.join"
    MANAGE_CASE = "case.manage"
    REPORT_STAY = "stay.report"
    READ_STAY = "stay.read"
    IMPORT = "import.run"
    READ_AUDIT = "audit.read"
    READ_LOOKS = "subject.looks"
    VERIFY_AUDIT = "audit.verify"
    READ_REPORT = "report.read"
    READ_TOTALS = "report.totals"
    READ_CALIBRATION = "calibration.read"
    CALIBRATE = "calibration.make"
    READ_CODE = "code.read"
    EDIT_CODE = "code.edit"
    READ_AREA = "area.read"
    EDIT_AREA = "area.edit"
    READ_OFFICE = "office.read"
    EDIT_OFFICE = "office.edit"
    READ_TEAM = "team.read"
    EDIT_TEAM = "team.edit"
    READ_AGENCY = "agency.read"
    MANAGE_AGENCY = "agency.manage"
    MANAGE_OFFICER = "officer.manage"
    MANAGE_KEY = "key.manage"
    MANAGE_WEBHOOK = "webhook.manage"
    READ_APPROVAL = "approval.read"
    DECIDE_APPROVAL = "approval.decide"
    WITHDRAW_APPROVAL = "approval.withdraw"
    ERASE_DUE = "retention.run"
    OWN_ACCOUNT = "account.own"


class PermissionScope(IntEnum):
    """How far an act extends."""

    NOTHING = 0
    OWN = 1
    """Objects of the actor's own agency."""
    SHARED = 2
    """Also what other agencies let this one see: alerts of some of their watchlists, and cases."""
    ALL = 3


_OWN, _SHARED, _ALL = PermissionScope.OWN, PermissionScope.SHARED, PermissionScope.ALL
_OFFICER, _SUPERVISOR, _ANALYST = Role.OFFICER, Role.SUPERVISOR, Role.ANALYST
_AUDITOR, _COORDINATOR, _ADMIN = Role.AUDITOR, Role.COORDINATOR, Role.ADMIN
_PEOPLE: Final = (_OFFICER, _SUPERVISOR, _ANALYST, _AUDITOR, _COORDINATOR, _ADMIN)

GRANTS: Final[Mapping[Permission, Mapping[Role, PermissionScope]]] = {
    Permission.SCREEN: {Role.PORT: _ALL},
    Permission.READ_ENCOUNTER: {Role.PORT: _OWN},
    Permission.COMPARE: dict.fromkeys((Role.PORT, _OFFICER, _SUPERVISOR, _ANALYST), _ALL),
    Permission.SEARCH: dict.fromkeys((_OFFICER, _SUPERVISOR, _ANALYST), _SHARED),
    Permission.READ_WATCHLIST: {
        _OFFICER: _SHARED,
        _SUPERVISOR: _SHARED,
        _ANALYST: _OWN,
        _AUDITOR: _OWN,
    },
    Permission.EDIT_WATCHLIST: {_ANALYST: _OWN},
    Permission.RESET_BREAKER: {_SUPERVISOR: _OWN},
    Permission.EXPORT_WATCHLIST: {_ANALYST: _OWN},
    Permission.READ_SUBJECT: dict.fromkeys((_OFFICER, _SUPERVISOR, _ANALYST), _OWN),
    Permission.EDIT_SUBJECT: {_ANALYST: _OWN},
    Permission.READ_HISTORY: dict.fromkeys((_OFFICER, _SUPERVISOR, _ANALYST), _OWN),
    Permission.RECORD_OBJECTION: dict.fromkeys((_OFFICER, _SUPERVISOR, _ANALYST), _OWN),
    Permission.ANSWER_OBJECTION: {_SUPERVISOR: _OWN},
    Permission.RECORD_RESIDENCE: dict.fromkeys((_OFFICER, _SUPERVISOR, _ANALYST), _OWN),
    Permission.READ_OVERSTAY: {_OFFICER: _SHARED, _SUPERVISOR: _SHARED, _ANALYST: _OWN},
    Permission.REPORT_PERMIT: {Role.PORT: _OWN},
    Permission.READ_PERMIT: dict.fromkeys((_OFFICER, _SUPERVISOR, _ANALYST), _OWN),
    Permission.READ_ALERT: {_OFFICER: _SHARED, _SUPERVISOR: _SHARED, _ANALYST: _OWN},
    Permission.ACKNOWLEDGE_ALERT: dict.fromkeys((_OFFICER, _SUPERVISOR), _SHARED),
    Permission.DECIDE_ALERT: dict.fromkeys((_OFFICER, _SUPERVISOR), _SHARED),
    Permission.CONFIRM_ALERT: {_SUPERVISOR: _SHARED},
    Permission.WITHDRAW_OPINION: dict.fromkeys((_OFFICER, _SUPERVISOR), _SHARED),
    Permission.REFER_ALERT: dict.fromkeys((_OFFICER, _SUPERVISOR), _SHARED),
    Permission.CLOSE_ALERT: dict.fromkeys((_OFFICER, _SUPERVISOR), _SHARED),
    Permission.CORRECT_ALERT: {_SUPERVISOR: _SHARED},
    Permission.EXPORT_EVIDENCE: {_SUPERVISOR: _OWN},
    Permission.KEEP_LOOKALIKE: {_SUPERVISOR: _OWN},
    Permission.REVOKE_LOOKALIKE: dict.fromkeys((_SUPERVISOR, _ANALYST), _OWN),
    Permission.READ_DUTY: dict.fromkeys((_OFFICER, _SUPERVISOR, _ADMIN), _OWN),
    Permission.MANAGE_DUTY: dict.fromkeys((_SUPERVISOR, _ADMIN), _OWN),
    Permission.HANDLE_REFERRAL: dict.fromkeys((_OFFICER, _SUPERVISOR), _OWN),
    Permission.READ_PRESET: dict.fromkeys((_OFFICER, _SUPERVISOR, _ADMIN), _OWN),
    Permission.EDIT_PRESET: dict.fromkeys((_SUPERVISOR, _ADMIN), _OWN),
    Permission.RECORD_TIP: dict.fromkeys((_OFFICER, _SUPERVISOR, _ANALYST), _OWN),
    Permission.HANDLE_TIP: dict.fromkeys((_OFFICER, _SUPERVISOR, _ANALYST), _OWN),
    Permission.READ_TIP_SOURCE: {_SUPERVISOR: _OWN},
    Permission.ERASE_TIP_SOURCE: {_SUPERVISOR: _OWN},
    Permission.OPEN_CASE: {_SUPERVISOR: _OWN},
    Permission.READ_CASE: dict.fromkeys((_OFFICER, _SUPERVISOR), _SHARED),
    Permission.WORK_ON_CASE: dict.fromkeys((_OFFICER, _SUPERVISOR), _SHARED),
    Permission.JOIN_CASE: {_SUPERVISOR: _SHARED},
    Permission.MANAGE_CASE: {_SUPERVISOR: _OWN},
    Permission.REPORT_STAY: dict.fromkeys((_OFFICER, _ANALYST), _OWN),
    Permission.READ_STAY: dict.fromkeys((_OFFICER, _SUPERVISOR, _ANALYST), _OWN),
    Permission.IMPORT: {_ANALYST: _OWN},
    Permission.READ_AUDIT: {_AUDITOR: _OWN},
    Permission.READ_LOOKS: {_SUPERVISOR: _OWN, _AUDITOR: _OWN},
    Permission.VERIFY_AUDIT: {_AUDITOR: _ALL},
    Permission.READ_REPORT: {_SUPERVISOR: _OWN, _AUDITOR: _OWN},
    Permission.READ_TOTALS: {_COORDINATOR: _ALL},
    Permission.READ_CALIBRATION: dict.fromkeys((_SUPERVISOR, _ANALYST, _AUDITOR, _ADMIN), _ALL),
    Permission.CALIBRATE: {},
    Permission.READ_CODE: dict.fromkeys((*_PEOPLE, Role.PORT), _ALL),
    Permission.EDIT_CODE: {},
    Permission.READ_AREA: dict.fromkeys((*_PEOPLE, Role.PORT), _ALL),
    Permission.EDIT_AREA: {},
    Permission.READ_OFFICE: dict.fromkeys(_PEOPLE, _ALL),
    Permission.EDIT_OFFICE: {_ADMIN: _OWN},
    Permission.READ_TEAM: {**dict.fromkeys(_PEOPLE, _SHARED), _COORDINATOR: _ALL},
    Permission.EDIT_TEAM: {_COORDINATOR: _OWN},
    Permission.READ_AGENCY: dict.fromkeys(_PEOPLE, _ALL),
    Permission.MANAGE_AGENCY: {},
    Permission.MANAGE_OFFICER: {_ADMIN: _OWN},
    Permission.MANAGE_KEY: {_ADMIN: _OWN},
    Permission.MANAGE_WEBHOOK: {_ADMIN: _OWN},
    Permission.READ_APPROVAL: dict.fromkeys((_SUPERVISOR, _ANALYST, _AUDITOR, _ADMIN), _OWN),
    Permission.DECIDE_APPROVAL: dict.fromkeys((_SUPERVISOR, _ADMIN), _OWN),
    Permission.WITHDRAW_APPROVAL: dict.fromkeys((_SUPERVISOR, _ANALYST, _ADMIN), _OWN),
    Permission.ERASE_DUE: {},
    Permission.OWN_ACCOUNT: dict.fromkeys(_PEOPLE, _OWN),
}

# What a key with a scope may do. A machine decides on no alert, and changes nobody's authority and
# no list's policy: such acts have no row here, whatever is granted to people.
KEY_GRANTS: Final[Mapping[Scope, Mapping[Permission, PermissionScope]]] = {
    Scope.SCREEN: {act: roles[Role.PORT] for act, roles in GRANTS.items() if Role.PORT in roles},
    Scope.ENROL: {
        Permission.READ_CODE: _ALL,
        Permission.READ_AREA: _ALL,
        Permission.READ_WATCHLIST: _OWN,
        Permission.READ_SUBJECT: _OWN,
        Permission.EDIT_SUBJECT: _OWN,
        Permission.RECORD_RESIDENCE: _OWN,
        Permission.IMPORT: _OWN,
        Permission.READ_CALIBRATION: _ALL,
    },
    Scope.EXPORT: {
        Permission.READ_CODE: _ALL,
        Permission.READ_AREA: _ALL,
        Permission.READ_WATCHLIST: _OWN,
        Permission.EXPORT_WATCHLIST: _OWN,
    },
    Scope.SEARCH: {
        Permission.READ_CODE: _ALL,
        Permission.READ_AREA: _ALL,
        Permission.SEARCH: _SHARED,
        Permission.COMPARE: _ALL,
    },
    Scope.READ_ALERTS: {
        Permission.READ_CODE: _ALL,
        Permission.READ_AREA: _ALL,
        Permission.READ_ALERT: _OWN,
        Permission.READ_WATCHLIST: _OWN,
        Permission.READ_SUBJECT: _OWN,
        Permission.READ_HISTORY: _OWN,
        Permission.READ_OVERSTAY: _OWN,
    },
    Scope.TIPS: {
        Permission.READ_CODE: _ALL,
        Permission.READ_AREA: _ALL,
        # Who reports learns nothing: neither to read, to search nor to enrol.
        Permission.RECORD_TIP: _OWN,
    },
    Scope.STAYS: {Permission.REPORT_STAY: _OWN},
    Scope.READ_REPORTS: {
        Permission.READ_CODE: _ALL,
        Permission.READ_AREA: _ALL,
        Permission.READ_REPORT: _OWN,
        Permission.READ_CALIBRATION: _ALL,
    },
}

# What the agency that runs the installation does for all others, beyond its own objects. It reads
# no other agency's subjects or alerts, and keeps no other's officers, keys or webhooks: running the
# machine is no authority over the work. What belongs to no agency, such as a port system's key,
# is its own.
OPERATOR_GRANTS: Final[Mapping[Permission, Role]] = {
    Permission.READ_AUDIT: _AUDITOR,
    Permission.CALIBRATE: _ADMIN,
    Permission.EDIT_CODE: _ADMIN,
    Permission.EDIT_AREA: _ADMIN,
    Permission.MANAGE_AGENCY: _ADMIN,
    Permission.ERASE_DUE: _ADMIN,
}

_AT_THE_MACHINE: Final = frozenset({ActorKind.OPERATOR, ActorKind.SERVICE})


def scope_of(actor: Actor, act: Permission) -> PermissionScope:
    """Return how far an act of this actor extends."""
    if actor.kind in _AT_THE_MACHINE:
        return PermissionScope.ALL
    if actor.incomplete is not None and act is not Permission.OWN_ACCOUNT:
        return PermissionScope.NOTHING
    if actor.scopes is not None:
        reaches = (KEY_GRANTS[scope].get(act, PermissionScope.NOTHING) for scope in actor.scopes)
        return max(reaches, default=PermissionScope.NOTHING)
    if actor.runs_installation and OPERATOR_GRANTS.get(act) in actor.roles:
        return PermissionScope.ALL
    grants = GRANTS[act]
    return max(
        (grants[role] for role in actor.roles if role in grants), default=PermissionScope.NOTHING
    )


def require(actor: Actor, act: Permission) -> None:
    """Raise unless the actor may do this to anything at all.

    Raises:
        AccountIncomplete: not before a new password or a second factor is set.
        NotPermitted: no role of the actor's is granted this.
    """
    if scope_of(actor, act) is PermissionScope.NOTHING:
        if actor.incomplete is not None:
            raise AccountIncomplete(actor.incomplete.code)
        if actor.scopes is not None:
            scopes = tuple(sorted(each for each, acts in KEY_GRANTS.items() if act in acts))
            code = "scope_missing" if scopes else "act_of_people"
            raise NotPermitted(code, act=act, scopes=scopes)
        holders = tuple(sorted({*GRANTS[act], *_holder_for_all(act)}))
        raise NotPermitted("permission_missing", act=act, roles=holders)


def extends_to(
    actor: Actor, act: Permission, owner_id: str | None, shared_with: Collection[str] = ()
) -> bool:
    """Whether the actor may do this to an object.

    Args:
        actor: who.
        act: what.
        owner_id: the agency that the object belongs to.
        shared_with: agencies that its owner lets see it.
    """
    how_far = scope_of(actor, act)
    if how_far is PermissionScope.ALL:
        return True
    if actor.agency_id is None or how_far is PermissionScope.NOTHING:
        return False
    if owner_id is None:
        return actor.runs_installation
    return owner_id == actor.agency_id or (
        how_far is PermissionScope.SHARED and actor.agency_id in shared_with
    )


def require_object(
    actor: Actor,
    act: Permission,
    owner_id: str | None,
    shared_with: Collection[str] = (),
    *,
    missing: NotFound,
) -> None:
    """Raise unless the actor may do this to an object.

    Raises:
        NotPermitted: the actor may do this to nothing.
        NotFound: not to this object; it is `missing`, as for an id that does not exist.
    """
    require(actor, act)
    if not extends_to(actor, act, owner_id, shared_with):
        raise missing


def within_reach(
    actor: Actor,
    act: Permission,
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
    how_far = scope_of(actor, act)
    if how_far is PermissionScope.ALL:
        return true()
    if how_far is PermissionScope.NOTHING or actor.agency_id is None:
        return false()
    own = owner == actor.agency_id
    if actor.runs_installation:
        own = or_(own, owner.is_(None))
    if how_far is PermissionScope.SHARED and shared is not None:
        return or_(own, shared)
    return own


def _holder_for_all(act: Permission) -> tuple[str, ...]:
    role = OPERATOR_GRANTS.get(act)
    return (f"{role} of the agency that runs the installation",) if role is not None else ()


def require_port(actor: Actor, port: str) -> None:
    """Raise NotPermitted unless the actor may speak for a port."""
    if actor.ports is not None and port not in actor.ports:
        raise NotPermitted("port_not_permitted", port=port)
