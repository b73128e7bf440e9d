"""The breaker: a list that alarms on too many travellers is kept to its calibrated threshold.

Somebody may set a list's threshold by hand, down to the floor. Where such a list then alarms on
more than a set share of the travellers it concerned, its breaker trips: from the next traveller on
its threshold is the one that follows from its target, if that is higher. So a list never falls
silent: a traveller who reaches the calibrated threshold raises an alert as before. Where the list
keeps to its target already, the calibration or a photo on the list is wrong: no threshold changes,
but the breaker trips all the same, so that people look.

Alarms that people found to be the subject do not count. A breaker stays tripped, over restarts and
in every process, until a supervisor of the list's agency resets it; then counting starts again.
Where that puts a threshold set by hand back into force, it takes a second person as setting it did
(`casework.approvals`): until then the list keeps to its calibrated threshold.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from casework.approvals.approvals import ApprovalAct, Approvals, Approved, Proposal
from casework.calibration.breaker_rules import BreakerRules
from casework.calibration.monitoring import Alarms, count_alarms
from casework.gallery.change_log import log_policy
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import IllegalTransition, StaleVersion
from casework.kernel.kernel import Kernel
from casework.kernel.messages import Message
from casework.kernel.outbox import Event
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import EventKind
from casework.tables import Watchlist
from casework.watchlists import watchlists

RESET: Final = "watchlist.reset"


class Breaker:
    """Trips the lists' breakers, and resets them."""

    def __init__(self, kernel: Kernel, approvals: Approvals, rules: BreakerRules) -> None:
        self._approvals = approvals
        approvals.register(RESET, ApprovalAct(_describe, self._reset_approved))
        self._database = kernel.database
        self._audit = kernel.audit
        self._outbox = kernel.outbox
        self._clock = kernel.clock
        self.rules = rules

    def watch(self) -> tuple[Alarms, ...]:
        """Trip the breaker of every list that alarms on too many; returns those lists."""
        with self._database.read() as session:
            over = [each for each in self._counted(session) if _is_over(each, self.rules)]
        return tuple(each for each in over if self._trip(each))

    def tripped(self) -> tuple[str, ...]:
        """Return the ids of the lists whose breaker has tripped."""
        query = select(Watchlist.id).where(Watchlist.breaker_tripped_at.is_not(None))
        with self._database.read() as session:
            return tuple(session.scalars(query.order_by(Watchlist.id)))

    def reset(self, actor: Actor, watchlist_id: str, reason: str) -> Watchlist:
        """Let a list's own threshold count again; its alarms are counted from now on.

        Args:
            actor: who resets it.
            watchlist_id: the list.
            reason: why, for the audit trail.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is no such list.
            IllegalTransition: it has not tripped.
            ActWaits, NoSecondPerson: the list's threshold was set by hand; see
                `Approvals.require`.
        """
        with self._approvals.write() as session:
            row = watchlists.find(session, actor, Permission.RESET_BREAKER, watchlist_id)
            if row.breaker_tripped_at is None:
                raise IllegalTransition("breaker_not_tripped")
            cleared: Mapping[str, Any] = {}
            if row.threshold is not None:
                parameters = {"name": row.name, **_before(row)}
                proposal = Proposal(RESET, row.agency_id, row.id, parameters, reason)
                cleared = self._approvals.require(session, actor, proposal)
            self._reset(session, actor, row, reason, cleared)
        return row

    def _reset_approved(self, session: Session, actor: Actor, approved: Approved) -> None:
        row = watchlists.find(session, actor, Permission.RESET_BREAKER, approved.object_id or "")
        if any(approved.parameters[name] != value for name, value in _before(row).items()):
            raise StaleVersion("approval_outdated")
        self._reset(session, actor, row, None, approved.detail)

    def _reset(
        self,
        session: Session,
        actor: Actor,
        row: Watchlist,
        reason: str | None,
        cleared: Mapping[str, Any],
    ) -> None:
        row.breaker_tripped_at, row.breaker_reset_at = None, self._clock()
        session.flush()
        log_policy(session, self._clock)
        entry = AuditEntry(
            actor,
            Permission.RESET_BREAKER,
            row.id,
            row.agency_id,
            purpose=reason,
            detail=cleared or None,
        )
        self._audit.append(session, entry)
        self._outbox.append(session, _event(EventKind.BREAKER_RESET, row.id, row.agency_id))

    def _counted(self, session: Session) -> list[Alarms]:
        """Count the active lists' alarms within the window, or since the last reset if later."""
        now = self._clock()
        begin = now - self.rules.window
        rows: Sequence[tuple[str, datetime | None]] = [
            (row.id, row.breaker_reset_at)
            for row in session.execute(
                select(Watchlist.id, Watchlist.breaker_reset_at).where(
                    Watchlist.active, Watchlist.breaker_tripped_at.is_(None)
                )
            )
        ]
        since = {row_id: max(begin, reset) if reset else begin for row_id, reset in rows}
        counted = {
            moment: {each.watchlist_id: each for each in count_alarms(session, moment, now)}
            for moment in set(since.values())
        }
        return [counted[moment][row_id] for row_id, moment in since.items()]

    def _trip(self, alarms: Alarms) -> bool:
        """Trip one list's breaker, unless another process was first."""
        with self._database.write() as session:
            tripped = session.scalar(
                update(Watchlist)
                .where(
                    Watchlist.id == alarms.watchlist_id,
                    Watchlist.active,
                    Watchlist.breaker_tripped_at.is_(None),
                )
                .values(breaker_tripped_at=self._clock(), version=Watchlist.version + 1)
                .returning(Watchlist.id)
                .execution_options(synchronize_session=False)
            )
            if tripped is None:
                return False
            log_policy(session, self._clock)
            detail = {
                "travellers": alarms.travellers,
                "not_matches": alarms.not_matches,
                "share": self.rules.share,
                "window_s": round(self.rules.window.total_seconds()),
            }
            entry = AuditEntry(
                Actor.service(),
                "watchlist.trip",
                alarms.watchlist_id,
                alarms.owner_id,
                detail=detail,
            )
            self._audit.append(session, entry)
            event = _event(EventKind.BREAKER_TRIPPED, alarms.watchlist_id, alarms.owner_id)
            self._outbox.append(session, event)
        return True


def _before(row: Watchlist) -> dict[str, Any]:
    """Return what a request to reset a breaker is about: another trip, or threshold, is another."""
    tripped = row.breaker_tripped_at
    return {"threshold": row.threshold, "tripped_at": tripped.isoformat() if tripped else None}


def _describe(parameters: Mapping[str, Any]) -> Message:
    return Message(
        "approval_breaker_reset",
        {"name": parameters["name"], "threshold": f"{parameters['threshold']:g}"},
    )


def _event(kind: EventKind, watchlist_id: str, owner_id: str) -> Event:
    return Event(kind, watchlist_id, owner_id, watchlist_id)


def _is_over(alarms: Alarms, rules: BreakerRules) -> bool:
    """Whether a list alarms on too many."""
    # A list that looked at other travellers an hour ago may have more alarms than travellers.
    travellers = max(alarms.travellers, alarms.alarms)
    return travellers >= rules.travellers and alarms.not_matches > rules.share * travellers
