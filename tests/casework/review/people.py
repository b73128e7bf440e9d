"""Two agencies, their officers, and an alert to work on."""

from dataclasses import dataclass

from sqlalchemy import func, select

from casework.kernel.actor import Actor
from casework.kernel.vocabulary import Opinion, OpinionReason, Role
from casework.review.decisions import Finding
from casework.tables import AlertEvent, AuditRecord
from tests.services import OPERATOR, Desk, officer

YES = Finding(Opinion.POTENTIAL_CANDIDATE, (OpinionReason.FACIAL_FEATURES_AGREE,), "the left ear")
NO = Finding(Opinion.NOT_CANDIDATE, (OpinionReason.FACIAL_FEATURES_DIFFER,), "the jaw")
UNSURE = Finding(Opinion.INCONCLUSIVE, (OpinionReason.POOR_PROBE,))


@dataclass(frozen=True, slots=True)
class People:
    """Officers of an owner, of an agency that its list is shared with, and of a third."""

    first: Actor
    second: Actor
    supervisor: Actor
    chief: Actor
    analyst: Actor
    guest: Actor
    guest_supervisor: Actor
    stranger: Actor


def people(desk: Desk) -> People:
    """Officers of three agencies."""
    own, guest, other = desk.agency("IMI"), desk.agency("POL"), desk.agency("BNN")
    return People(
        officer(own, Role.OFFICER, name="first"),
        officer(own, Role.OFFICER, name="second"),
        officer(own, Role.SUPERVISOR, name="supervisor"),
        officer(own, Role.SUPERVISOR, Role.OFFICER, name="chief"),
        officer(own, Role.ANALYST, name="analyst"),
        officer(guest, Role.OFFICER, name="guest"),
        officer(guest, Role.SUPERVISOR, name="guest_supervisor"),
        officer(other, Role.OFFICER, Role.SUPERVISOR, Role.ANALYST, name="stranger"),
    )


def raised(desk: Desk, person: int = 1, **policy: object) -> str:
    """Raise an alert on a list with this policy; returns its id."""
    name = "list " + repr(sorted(policy.items()))
    known = name in desk.watchlists
    watchlist = desk.watchlist(name, **policy)
    if not known:
        desk.enrol(person, watchlist)
    alerts = desk.screen(person).encounter.alerts
    (alert,) = [each for each in alerts if each.watchlist_id == watchlist]
    return alert.id


def share(desk: Desk, watchlist_id: str, *agency_ids: str) -> None:
    """Let exactly these agencies see a list's alerts."""
    changes = {"shared_with": list(agency_ids)}
    desk.service.lists.watchlists.edit(OPERATOR, watchlist_id, changes, None)


def traces(desk: Desk, alert_id: str) -> tuple[int, int]:
    """How many events and audit records of acts an alert has."""
    acts = [
        f"alert.{act}" for act in ("acknowledge", "decide", "confirm", "withdraw", "refer", "close")
    ]
    with desk.service.kernel.database.read() as session:
        events = session.scalar(
            select(func.count()).select_from(AlertEvent).where(AlertEvent.alert_id == alert_id)
        )
        records = session.scalar(
            select(func.count())
            .select_from(AuditRecord)
            .where(AuditRecord.object_id == alert_id, AuditRecord.action.in_(acts))
        )
    return events or 0, records or 0
