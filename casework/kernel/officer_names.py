"""What officers are called, as of the day of each of their acts: a later rename changes no history.

An account keeps what its officer was called before, and until when; so a part that shows an act
needs its officer's id and its time, and no copy of the name beside the act.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.tables import Agency, Officer

OfficerAct = tuple[str, datetime]
"""Who acted, by id, and when."""


@dataclass(frozen=True, slots=True)
class OfficerName:
    """What somebody who acted was called that day."""

    name: str
    service_number: str | None = None
    """Such as an NIP; None where none is known."""
    agency_code: str | None = None
    """None for the machine's owner, who belongs to none."""


def rename(officer: Officer, name: str, service_number: str | None, now: datetime) -> None:
    """Give an officer another name or service number from now on."""
    # A number that was not known until now was the officer's before, too.
    changed = officer.service_number not in (None, service_number)
    if officer.name != name or changed:
        former = {
            "until": now.isoformat(),
            "name": officer.name,
            "service_number": officer.service_number,
        }
        officer.former_names = [*officer.former_names, former]
    officer.name, officer.service_number = name, service_number


def name_at(officer: Officer, agency_code: str | None, at: datetime) -> OfficerName:
    """Return what an officer was called at a time."""
    name, number = officer.name, officer.service_number
    for former in reversed(officer.former_names):
        if at >= datetime.fromisoformat(former["until"]):
            break
        name, number = former["name"], former["service_number"] or number
    return OfficerName(name, number, agency_code)


def names_at(session: Session, acts: Iterable[OfficerAct]) -> Mapping[OfficerAct, OfficerName]:
    """Return what the officers of acts were called then, of those who have an account."""
    wanted = set(acts)
    query = (
        select(Officer, Agency.code)
        .join(Agency, Agency.id == Officer.agency_id)
        .where(Officer.id.in_({officer_id for officer_id, _ in wanted}))
    )
    found = {officer.id: (officer, code) for officer, code in session.execute(query)}
    return {
        (officer_id, at): name_at(*found[officer_id], at)
        for officer_id, at in wanted
        if officer_id in found
    }
