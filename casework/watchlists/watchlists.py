"""Watchlists: lists of subjects, each with its own policy, each owned by one agency."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from casework.accounts import agencies
from casework.approvals.approvals import ApprovalAct, Approvals, Approved, Proposal
from casework.codes import lists
from casework.codes.instructions import complete, own_words
from casework.gallery.change_log import log_policy
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import (
    AlreadyExists,
    NotFound,
    ReasonMissing,
    StaleVersion,
    StillInUse,
    ThresholdTooLow,
)
from casework.kernel.ids import WATCHLIST, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.messages import Message
from casework.kernel.permissions import (
    Permission,
    require,
    require_object,
    within_reach,
)
from casework.kernel.vocabulary import AlertState, Category, Direction
from casework.tables import Alert, Watchlist, WatchlistEntry, WatchlistShare
from casework.watchlists import requirements

DEFAULT_TARGET_FPIR: Final = 1e-3
"""At most one traveller in a thousand alerted by chance."""

LOOSEST_FPIR: Final = 1e-2
"""No list alarms on more strangers than this, whatever its target or a threshold set by hand says:
officers who are shown strangers all day confirm one of them in the end."""

DEFAULT_ACKNOWLEDGE_WITHIN_S: Final = 60

# Of a score, four decimals are shown.
_SHOWN: Final = 10_000

_OTHER: Final = aliased(WatchlistEntry)


class ThresholdFloor(Protocol):
    """Says how low a list's threshold may be set by hand; calibration knows."""

    def least(self, session: Session, watchlist_id: str | None) -> float:
        """Return the score that `LOOSEST_FPIR` of strangers reach against a list as it is now.

        Args:
            session: the transaction.
            watchlist_id: the list; None stands for one that is empty.
        """


@dataclass(frozen=True, slots=True)
class NewWatchlist:
    """What a watchlist is made from."""

    name: str
    agency_id: str | None = None
    """The owner; None means the agency of the actor who makes it."""
    category: str = Category.OTHER.value
    direction: Direction = Direction.BOTH
    stages: list[str] | None = None
    ports: list[str] | None = None
    target_fpir: float = DEFAULT_TARGET_FPIR
    threshold: float | None = None
    legal_basis: str = ""
    instruction: Mapping[str, str] = field(default_factory=dict)
    """By language; where nothing is written, the usual one of the category."""
    requires_acknowledgement: bool = True
    requires_second_officer: bool = False
    requires_person_on_failed_pad: bool = False
    acknowledge_within_s: int = DEFAULT_ACKNOWLEDGE_WITHIN_S
    priority: int | None = None
    """From 1, the first, to 3; None means the usual one of the category."""
    active: bool = True
    shared_with: tuple[str, ...] = ()
    """Agencies that see its alerts, besides the owner."""


@dataclass(frozen=True, slots=True)
class WatchlistConsequences:
    """What depends on a watchlist, before it is switched off."""

    watchlist: Watchlist
    subjects: int
    """On it: this list alerts on none of them any more."""
    only_here: int
    """Of those, how many are on no other list in force: they alert nowhere any more."""
    open_alerts: int
    """Alerts of the list that are not closed: they remain."""
    takes_two: bool
    """Whether a second person has to accept it."""


CREATE: Final = "watchlist.create"
WEAKEN: Final = "watchlist.weaken"

_WEAKER: Final[Mapping[str, str]] = {
    "requires_acknowledgement": "policy_requires_acknowledgement",
    "requires_second_officer": "policy_requires_second_officer",
    "requires_person_on_failed_pad": "policy_requires_person_on_failed_pad",
    "target_fpir": "policy_target_fpir",
    "threshold": "policy_threshold",
    "shared_with": "policy_shared_with",
    "acknowledge_within_s": "policy_acknowledge_within_s",
    "active": "policy_active",
    "fewer": "policy_fewer",
    "ports": "policy_ports",
    "stages": "policy_stages",
    "direction": "policy_direction",
}
"""What each field that may weaken a policy says of itself."""

_REQUIRED: Final = (
    "requires_acknowledgement",
    "requires_second_officer",
    "requires_person_on_failed_pad",
)
_NARROWING: Final = frozenset({"active", "fewer", "ports", "stages", "direction"})


class Watchlists:
    """Creates, reads, edits and removes watchlists.

    A change that weakens a policy takes a second person (`casework.approvals`); see `weakened`. So
    does a new list whose threshold is set by hand: what it alarms on cannot be judged before
    anybody is on it. The rest of a new list's policy weakens nothing, because nobody is on it yet.
    Without a `floor`, as where no gallery is open, no threshold can be set by hand.
    """

    def __init__(
        self, kernel: Kernel, approvals: Approvals, floor: ThresholdFloor | None = None
    ) -> None:
        self._floor = floor
        self._database = kernel.database
        self._audit = kernel.audit
        self._approvals = approvals
        self._clock = kernel.clock
        approvals.register(CREATE, ApprovalAct(_describe_new, self._create_approved))
        approvals.register(WEAKEN, ApprovalAct(_describe, self._edit_approved))

    def create(self, actor: Actor, new: NewWatchlist, reason: str | None = None) -> Watchlist:
        """Make a watchlist.

        Args:
            actor: who makes it.
            new: what it is made from.
            reason: why; required where the threshold is set by hand, so that it waits.

        Raises:
            NotPermitted: the actor may make none.
            NotFound: there is no such agency, or the actor may not act for it.
            AlreadyExists: the agency has a list of that name.
            ThresholdTooLow: strangers would reach the threshold too often.
            CodeRefused, RequirementMissing: the category cannot be chosen, or the list lacks what
                it requires.
            ActWaits, NoSecondPerson, ReasonMissing: see `Approvals.require`.
        """
        try:
            with self._approvals.write() as session:
                owner_id = self._check_new(session, actor, new)
                cleared: Mapping[str, Any] = {}
                if new.threshold is not None:
                    parameters = {**asdict(new), **_plain_sharing(asdict(new))}
                    proposal = Proposal(CREATE, owner_id, None, parameters, reason)
                    cleared = self._approvals.require(session, actor, proposal)
                return self._add(session, actor, new, owner_id, cleared)
        except IntegrityError as error:
            raise AlreadyExists("watchlist_exists", name=new.name) from error

    def _create_approved(self, session: Session, actor: Actor, approved: Approved) -> None:
        shared_with = tuple(approved.parameters["shared_with"])
        new = NewWatchlist(**{**approved.parameters, "shared_with": shared_with})
        owner_id = self._check_new(session, actor, new)
        self._add(session, actor, new, owner_id, approved.detail)

    def _check_new(self, session: Session, actor: Actor, new: NewWatchlist) -> str:
        """Return the owner of a list that can be made; raises as `create`."""
        owner_id = new.agency_id or actor.agency_id
        missing = NotFound("watchlist_lacks_agency", agency=owner_id)
        require_object(actor, Permission.EDIT_WATCHLIST, owner_id, missing=missing)
        if owner_id is None:
            raise missing
        for agency_id in (owner_id, *new.shared_with):
            agencies.find(session, agency_id)
        same = select(Watchlist.id).where(
            Watchlist.name == new.name, Watchlist.agency_id == owner_id
        )
        if session.scalar(same) is not None:
            raise AlreadyExists("watchlist_exists", name=new.name)
        requirements.require_basis(lists.choose_category(session, new.category), new.legal_basis)
        self._require_floor(session, None, new.threshold)
        return owner_id

    def _add(
        self,
        session: Session,
        actor: Actor,
        new: NewWatchlist,
        owner_id: str,
        cleared: Mapping[str, Any],
        watchlist_id: str | None = None,
    ) -> Watchlist:
        now = self._clock()
        usual = lists.category(session, new.category).instruction
        instruction = complete(new.instruction, usual)
        fields = asdict(new) | {"agency_id": owner_id, "instruction": instruction}
        shared_with = fields.pop("shared_with")
        made_as = watchlist_id or new_id(WATCHLIST)
        row = Watchlist(id=made_as, created_at=now, updated_at=now, **fields)
        _share(session, row, shared_with)
        session.add(row)
        session.flush()
        log_policy(session, self._clock)
        entry = AuditEntry(actor, CREATE, row.id, owner_id, detail=cleared or None)
        self._audit.append(session, entry)
        return row

    def try_out(
        self, session: Session, actor: Actor, new: NewWatchlist, watchlist_id: str
    ) -> Watchlist:
        """Make a watchlist under a given id, in a transaction that the caller takes back.

        Raises:
            NotPermitted, NotFound, AlreadyExists, CodeRefused, RequirementMissing: see `create`.
        """
        owner_id = self._check_new(session, actor, new)
        return self._add(session, actor, new, owner_id, {}, watchlist_id)

    def ensure(self, actor: Actor, new: NewWatchlist) -> Watchlist:
        """Return the agency's watchlist of that name, making it if there is none."""
        row = self.named(actor, new.name, new.agency_id or actor.agency_id)
        return row if row is not None else self.create(actor, new)

    def named(self, actor: Actor, name: str, owner_id: str | None) -> Watchlist | None:
        """Return an agency's watchlist of that name; raises NotPermitted."""
        require(actor, Permission.READ_WATCHLIST)
        query = select(Watchlist).where(
            Watchlist.name == name,
            Watchlist.agency_id == owner_id,
            visible(actor, Permission.READ_WATCHLIST),
        )
        with self._database.read() as session:
            return session.scalar(query)

    def get(self, actor: Actor, watchlist_id: str) -> Watchlist:
        """Return one watchlist; raises NotPermitted or NotFound."""
        with self._database.read() as session:
            return find(session, actor, Permission.READ_WATCHLIST, watchlist_id)

    def page(self, actor: Actor, after: str | None, limit: int) -> list[Watchlist]:
        """Return up to `limit` watchlists in order of making, those after id `after`."""
        require(actor, Permission.READ_WATCHLIST)
        query = (
            select(Watchlist)
            .where(visible(actor, Permission.READ_WATCHLIST))
            .order_by(Watchlist.id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(Watchlist.id > after)
        with self._database.read() as session:
            return list(session.scalars(query))

    def consequences(self, actor: Actor, watchlist_id: str) -> WatchlistConsequences:
        """Return what depends on a watchlist; raises NotPermitted, NotFound."""
        elsewhere = (
            select(_OTHER.subject_id)
            .join(Watchlist, Watchlist.id == _OTHER.watchlist_id)
            .where(
                _OTHER.subject_id == WatchlistEntry.subject_id,
                Watchlist.id != watchlist_id,
                Watchlist.active,
            )
        )
        listed = select(func.count()).where(WatchlistEntry.watchlist_id == watchlist_id)
        alerts = select(func.count()).where(
            Alert.watchlist_id == watchlist_id, Alert.state != AlertState.CLOSED
        )
        with self._database.read() as session:
            row = find(session, actor, Permission.EDIT_WATCHLIST, watchlist_id)
            counted = (listed, listed.where(~elsewhere.exists()), alerts)
            subjects, only_here, open_alerts = (session.scalar(each) or 0 for each in counted)
            alone = self._approvals.alone(session, actor, row.agency_id) is not None
        takes_two = row.requires_second_officer and not alone
        return WatchlistConsequences(row, subjects, only_here, open_alerts, takes_two)

    def edit(
        self,
        actor: Actor,
        watchlist_id: str,
        changes: Mapping[str, Any],
        version: int | None,
        reason: str | None = None,
    ) -> Watchlist:
        """Change some fields.

        Args:
            actor: who changes them.
            watchlist_id: the watchlist.
            changes: fields of `NewWatchlist`, except the owner, with their new values; an
                instruction's languages that are left out stay.
            version: the version the caller read, or None to overwrite whatever is there.
            reason: why; required where the list is switched off, and where the change weakens the
                policy, and so waits as a whole.

        Raises:
            NotPermitted, NotFound, StaleVersion, AlreadyExists: nothing was changed.
            ThresholdTooLow: strangers would reach the new threshold too often.
            CodeRefused, RequirementMissing: the category cannot be chosen, or the list lacks what
                it requires.
            ReasonMissing: the list is switched off without a reason.
            ActWaits, NoSecondPerson, ReasonMissing: see `Approvals.require`.
        """
        try:
            with self._approvals.write() as session:
                row = find(session, actor, Permission.EDIT_WATCHLIST, watchlist_id)
                rows.require_version(row, version)
                if row.active and not changes.get("active", True) and not reason:
                    raise ReasonMissing("off_reason_missing", field="reason")
                for agency_id in changes.get("shared_with", ()):
                    agencies.find(session, agency_id)
                fields = dict(changes)
                if not fields.keys().isdisjoint({"legal_basis", "category"}):
                    _check_basis(session, row, fields)
                if not fields.keys().isdisjoint({"instruction", "category"}):
                    fields["instruction"] = _instruction(session, row, fields)
                if fields.get("threshold") != row.threshold:
                    self._require_floor(session, row.id, fields.get("threshold"))
                cleared: Mapping[str, Any] = {}
                if weaker := weakened(row, fields):
                    parameters = {
                        "name": row.name,
                        "changes": {**fields, **_plain_sharing(fields)},
                        "before": _before(row, fields),
                        "weaker": weaker,
                    }
                    # What is only looked at less can be taken back at once: see `narrowed`.
                    cooling = timedelta() if set(weaker) <= _NARROWING else None
                    proposal = Proposal(
                        WEAKEN, row.agency_id, row.id, parameters, reason, cooling=cooling
                    )
                    cleared = self._approvals.require(session, actor, proposal)
                self._change(session, actor, row, fields, cleared, reason)
        except IntegrityError as error:
            raise AlreadyExists("watchlist_name_taken") from error
        return row

    def _edit_approved(self, session: Session, actor: Actor, approved: Approved) -> None:
        row = find(session, actor, Permission.EDIT_WATCHLIST, approved.object_id or "")
        changes = approved.parameters["changes"]
        if _before(row, changes) != approved.parameters["before"]:
            raise StaleVersion("approval_outdated")
        if changes.get("threshold") != row.threshold:
            self._require_floor(session, row.id, changes.get("threshold"))
        self._change(session, actor, row, changes, approved.detail)

    def _change(
        self,
        session: Session,
        actor: Actor,
        row: Watchlist,
        changes: Mapping[str, Any],
        cleared: Mapping[str, Any],
        reason: str | None = None,
    ) -> None:
        fields = dict(changes)
        shared_with: Sequence[str] | None = fields.pop("shared_with", None)
        for name, value in fields.items():
            setattr(row, name, value)
        if shared_with is not None:
            _share(session, row, shared_with)
        row.updated_at = self._clock()
        session.flush()
        log_policy(session, self._clock)
        detail = {"fields": sorted(changes), "active": row.active, **cleared}
        entry = AuditEntry(
            actor,
            Permission.EDIT_WATCHLIST,
            row.id,
            row.agency_id,
            purpose=reason,
            detail=detail,
        )
        self._audit.append(session, entry)

    def _require_floor(
        self, session: Session, watchlist_id: str | None, threshold: float | None
    ) -> None:
        if threshold is None:
            return
        if self._floor is None:
            raise ThresholdTooLow("threshold_unchecked", field="threshold")
        least = self._floor.least(session, watchlist_id)
        if threshold < least:
            # Rounded up: what the refusal names is accepted.
            shown = math.ceil(least * _SHOWN) / _SHOWN
            raise ThresholdTooLow("threshold_too_low", field="threshold", least=shown)

    def remove(self, actor: Actor, watchlist_id: str, *, reason: str | None = None) -> None:
        """Remove an empty watchlist.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is no such watchlist.
            StillInUse: there are subjects on it.
        """
        with self._database.write() as session:
            row = find(session, actor, Permission.EDIT_WATCHLIST, watchlist_id)
            standing = session.scalar(
                select(func.count()).where(WatchlistEntry.watchlist_id == watchlist_id)
            )
            if standing:
                raise StillInUse("watchlist_in_use", subjects=standing)
            session.delete(row)
            log_policy(session, self._clock)
            entry = AuditEntry(
                actor, "watchlist.remove", watchlist_id, row.agency_id, purpose=reason
            )
            self._audit.append(session, entry)


def weakened(row: Watchlist, changes: Mapping[str, Any]) -> list[str]:
    """Return the fields by which changes weaken a list's policy: whose alert is decided by whom.

    These are an acknowledgement, a second officer, or a person for a failed attack detection that
    is required no longer, more time until an acknowledgement, more false alarms than before, a
    threshold set by hand, and agencies that see
    and decide its alerts as well; and of a list that requires a second officer, what it looks at
    no longer (`narrowed`) and a threshold that may rise, because nobody stops looking for its
    subjects alone.
    """
    found = [name for name in _REQUIRED if getattr(row, name) and not changes.get(name, True)]
    if changes.get("target_fpir", row.target_fpir) > row.target_fpir:
        found.append("target_fpir")
    threshold = changes.get("threshold", row.threshold)
    if threshold is not None and threshold != row.threshold:
        found.append("threshold")
    if set(changes.get("shared_with", ())) - {row.agency_id, *agencies_of(row)}:
        found.append("shared_with")
    within_s = changes.get("acknowledge_within_s", row.acknowledge_within_s)
    if row.requires_acknowledgement and within_s > row.acknowledge_within_s:
        found.append("acknowledge_within_s")
    if row.active and row.requires_second_officer:
        found += narrowed(row, changes)
        if _alerts_on_fewer(row, changes):
            found.append("fewer")
    return found


def _alerts_on_fewer(row: Watchlist, changes: Mapping[str, Any]) -> bool:
    """Whether the threshold may rise, in the end beyond what the subjects themselves reach."""
    given_up = row.threshold is not None and changes.get("threshold", row.threshold) is None
    return given_up or changes.get("target_fpir", row.target_fpir) < row.target_fpir


def narrowed(row: Watchlist, changes: Mapping[str, Any]) -> list[str]:
    """Return the fields by which a list looks at fewer travellers than before, or at none."""
    found = [] if changes.get("active", True) else ["active"]
    for name in ("ports", "stages"):
        before, after = getattr(row, name), changes.get(name, getattr(row, name))
        if after is not None and (before is None or set(before) - set(after)):
            found.append(name)
    direction = changes.get("direction", row.direction)
    if direction not in {row.direction, Direction.BOTH}:
        found.append("direction")
    return found


def _check_basis(session: Session, row: Watchlist, changes: Mapping[str, Any]) -> None:
    """Raise RequirementMissing where a list comes to lack its legal basis."""
    before = lists.category(session, row.category)
    after = lists.category(session, changes.get("category", row.category))
    if not requirements.lacks_basis(before, row.legal_basis):
        requirements.require_basis(after, changes.get("legal_basis", row.legal_basis))


def _instruction(session: Session, row: Watchlist, changes: Mapping[str, Any]) -> dict[str, str]:
    """Return a list's instruction after changes; raises CodeRefused where the category is."""
    category = lists.category(session, row.category)
    kept = own_words(row.instruction | changes.get("instruction", {}), category.instruction)
    if changes.get("category", row.category) != row.category:
        category = lists.choose_category(session, changes["category"])
    return complete(kept, category.instruction)


def _before(row: Watchlist, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the fields of some changes hold now."""
    return {
        name: agencies_of(row) if name == "shared_with" else getattr(row, name) for name in changes
    }


def _plain_sharing(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the agencies that a list is shared with as JSON has them."""
    return {"shared_with": list(changes["shared_with"])} if "shared_with" in changes else {}


def _describe_new(parameters: Mapping[str, Any]) -> Message:
    return Message("approval_watchlist_create", {"name": parameters["name"]})


def _describe(parameters: Mapping[str, Any]) -> Message:
    weaker = tuple(Message(_WEAKER[name]) for name in parameters["weaker"])
    return Message("approval_watchlist_weaken", {"name": parameters["name"], "weaker": weaker})


def find(session: Session, actor: Actor, act: Permission, watchlist_id: str) -> Watchlist:
    """Return one watchlist that an act extends to, within a transaction.

    Raises:
        NotPermitted, NotFound: the actor may do this to none, or not to this one.
    """
    missing = NotFound("watchlist_not_found", watchlist=watchlist_id)
    return rows.one_within(
        session, actor, act, Watchlist, watchlist_id, missing, shared_with=agencies_of
    )


def agencies_of(row: Watchlist) -> list[str]:
    """Return the agencies that see a watchlist's alerts, besides the owner."""
    return sorted(share.agency_id for share in row.shares)


def visible(actor: Actor, act: Permission) -> ColumnElement[bool]:
    """Return the condition for the watchlists that an act of the actor's extends to."""
    return within_reach(actor, act, Watchlist.agency_id, shared_to(actor, Watchlist.id))


def shared_to(actor: Actor, watchlist_id: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a column
    """Return the condition that a watchlist, named by a column, is shared with the actor."""
    return (
        select(WatchlistShare.agency_id)
        .where(
            WatchlistShare.watchlist_id == watchlist_id,
            WatchlistShare.agency_id == actor.agency_id,
        )
        .exists()
    )


def _share(session: Session, row: Watchlist, agency_ids: Sequence[str]) -> None:
    """Let exactly these agencies see a watchlist's alerts, besides the owner."""
    for agency_id in agency_ids:
        agencies.find(session, agency_id)
    standing = {share.agency_id: share for share in row.shares}
    row.shares = [
        standing.get(agency_id) or WatchlistShare(agency_id=agency_id)
        for agency_id in sorted(set(agency_ids) - {row.agency_id})
    ]
