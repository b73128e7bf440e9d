"""What is known of subjects' comings and goings: permits that were recorded, and alerts at ports.

What people found to be somebody else is left out of a person's line, and so is an arrival or a
departure at which the traveller was not let go on.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.kernel.period import begin_of, day_of
from casework.kernel.vocabulary import Direction, Stage
from casework.overstay.rules import Coming, Exceeded, Going, departed, exceeded, recorded
from casework.review.findings import SEVERITY, AdjudicationResult, severity
from casework.tables import Alert, Encounter, EncounterPermit, Residence

_AT_A_TIME: Final = 400  # subjects of one statement


@dataclass(frozen=True, slots=True)
class Met:
    """An encounter that raised alerts for a subject, with what became of them."""

    encounter_id: str
    port: str
    stage: Stage
    direction: Direction
    at: datetime
    until: date | None
    """The last day that the traveller may stay, as the port said."""
    result: AdjudicationResult
    released: bool | None
    """Whether the traveller could go on; None while nobody has said."""

    @property
    def leaves(self) -> bool:
        """Whether the traveller goes out of the country."""
        return self.stage is Stage.DEPARTURE or self.direction is Direction.EXIT

    @property
    def arrives(self) -> bool:
        """Whether the traveller comes into the country."""
        return self.stage is Stage.ARRIVAL and not self.leaves


@dataclass(slots=True)
class PersonLine:
    """All that is known of one subject."""

    residences: list[Residence] = field(default_factory=list)
    met: list[Met] = field(default_factory=list)

    def exceeded(self, today: date, zone: tzinfo) -> Exceeded | None:
        """Return by which permit the person overstays; None who does not."""
        return exceeded([*self._comings(today, zone)], [*self._goings(zone)], today, zone)

    def last_port(self) -> str | None:
        """Return where the person came in last."""
        came = [each for each in self.met if each.arrives]
        return max(came, key=lambda each: each.at).port if came else None

    def residence(self, today: date) -> Residence | None:
        """Return the permit that began last; one that is yet to begin says nothing of now."""
        begun = [each for each in self.residences if each.valid_from <= today]
        return max(begun, key=lambda each: (each.valid_from, each.id), default=None)

    def _comings(self, today: date, zone: tzinfo) -> Iterable[Coming]:
        for row in self.residences:
            if row.valid_from <= today:
                yield recorded(row.valid_from, row.valid_until, zone)
        for each in self.met:
            if each.arrives and each.released is not False:
                undecided = each.result is AdjudicationResult.OPEN
                yield Coming(each.at, each.until is not None, each.until, undecided)

    def _goings(self, zone: tzinfo) -> Iterable[Going]:
        for row in self.residences:
            if row.departed_on is not None:
                yield departed(row.departed_on, zone)
        for each in self.met:
            if each.leaves and each.released is not False:
                yield Going(each.at, each.result is AdjudicationResult.OPEN)


def read(session: Session, subject_ids: Collection[str]) -> dict[str, PersonLine]:
    """Return what is known of each of these subjects, within a transaction."""
    found: dict[str, PersonLine] = defaultdict(PersonLine)
    ids = sorted(subject_ids)
    for start in range(0, len(ids), _AT_A_TIME):
        some = ids[start : start + _AT_A_TIME]
        of_some = select(Residence).where(Residence.subject_id.in_(some))
        for row in session.scalars(of_some.order_by(Residence.valid_from, Residence.id)):
            found[row.subject_id].residences.append(row)
        for subject_id, met in _met(session, some):
            found[subject_id].met.append(met)
    return found


def _met(session: Session, subject_ids: Sequence[str]) -> list[tuple[str, Met]]:
    """Return the encounters of subjects in order of time, without what was somebody else."""
    query = (
        select(
            Alert.subject_id,
            Alert.encounter_id,
            Encounter.port,
            Encounter.stage,
            Encounter.direction,
            Encounter.captured_at,
            EncounterPermit.until,
            Alert.released,
            severity().label("severity"),
        )
        .join(Alert.encounter)
        .outerjoin(EncounterPermit, EncounterPermit.encounter_id == Alert.encounter_id)
        .where(Alert.subject_id.in_(subject_ids))
    )
    grouped = defaultdict(list)
    for row in session.execute(query):
        grouped[row.subject_id, row.encounter_id].append(row)
    found = []
    for (subject_id, encounter_id), raised in grouped.items():
        row, gravest = raised[0], max(each.severity for each in raised)
        if SEVERITY[gravest] is AdjudicationResult.FALSE_ALARM:
            continue
        said = [each.released for each in raised if each.released is not None]
        met = Met(
            encounter_id,
            row.port,
            Stage(row.stage),
            Direction(row.direction),
            row.captured_at,
            row.until,
            SEVERITY[gravest],
            all(said) if said else None,
        )
        found.append((subject_id, met))
    return sorted(found, key=lambda each: (each[1].at, each[1].encounter_id))


def began(until: date, zone: tzinfo) -> datetime:
    """Return the first instant after a permit's last day."""
    return begin_of(date.fromordinal(until.toordinal() + 1), zone)


def days_over(until: date, now: datetime, zone: tzinfo) -> int:
    """Return on how many days somebody was here after a permit's last one."""
    return (day_of(now, zone) - until).days
