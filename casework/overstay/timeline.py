"""A person's line: visa, arrival, stay, departure and permits, in order of time.

It shows what the reader may see elsewhere: alerts at their stages, permits that were recorded, the
check-out of a lodging that reports to the reader's own agency. What was found to be somebody else
is left out.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.period import begin_of, end_of
from casework.kernel.permissions import Permission, extends_to, within_reach
from casework.kernel.vocabulary import Direction, PermitKind, Stage, TimelineKind
from casework.overstay import lines
from casework.overstay.listed import Overstays
from casework.overstay.rules import Exceeded
from casework.review.findings import SEVERITY, AdjudicationResult, result_of, shown_to
from casework.tables import Alert, Encounter, EncounterPermit, Residence, Stay
from casework.watchlists import residences, subjects


@dataclass(frozen=True, slots=True)
class TimelineAlert:
    """An alert of a step, as the reader may see it."""

    id: str
    case_number: str
    state: str
    disposal: str | None


@dataclass(frozen=True, slots=True)
class TimelineStep:
    """One step of a person's line."""

    kind: TimelineKind
    at: datetime
    day: date | None = None
    """Where no more than the day is known."""
    port: str | None = None
    """Or the code of a lodging."""
    lane: str | None = None
    """Of a stay, what the lodging is called."""
    undecided: bool = False
    """Whether nobody has decided yet that it is the person."""
    alerts: tuple[TimelineAlert, ...] = ()
    until: date | None = None
    """The last day that the person may stay, as the step has it."""
    permit: PermitKind | None = None
    residence_id: str | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """A person's line."""

    steps: tuple[TimelineStep, ...]
    """The earliest first."""
    overstay: Exceeded | None
    days: int = 0
    """On how many days the person was here after the last one permitted."""


class Timelines:
    """Reads the timelines of subjects."""

    def __init__(self, kernel: Kernel, overstays: Overstays, zone: tzinfo) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._overstays = overstays
        self._zone = zone

    def of_subject(self, actor: Actor, subject_id: str) -> Timeline:
        """Return the timeline of a subject; the reading is recorded.

        Raises:
            NotPermitted, NotFound: the actor may read none, or not this subject's.
        """
        now = self._clock()
        with self._database.read() as session:
            subject = subjects.find(session, actor, Permission.READ_HISTORY, subject_id)
            overstay = self._overstays.of_subject(session, subject)
            steps = self._of_alerts(session, actor, subject.id)
            for row in residences.of(session, subject.id):
                steps += self._of_residence(row)
        days = 0
        if overstay is not None:
            began, days = overstay.until, lines.days_over(overstay.until, now, self._zone)
            steps.append(
                TimelineStep(
                    TimelineKind.OVERSTAY,
                    lines.began(began, self._zone),
                    day=began + timedelta(days=1),
                    undecided=overstay.undecided,
                    until=began,
                )
            )
        steps.sort(key=lambda each: (each.at, list(TimelineKind).index(each.kind)))
        detail = {"steps": len(steps)}
        entry = AuditEntry(actor, "subject.timeline", subject.id, subject.agency_id, detail=detail)
        self._audit.note(entry)
        return Timeline(tuple(steps), overstay, days)

    def _of_alerts(self, session: Session, actor: Actor, subject_id: str) -> list[TimelineStep]:
        query = (
            select(Alert)
            .join(Alert.encounter)
            .options(contains_eager(Alert.encounter))
            .where(
                Alert.subject_id == subject_id,
                within_reach(actor, Permission.READ_HISTORY, Alert.owner_id),
            )
            .order_by(Encounter.captured_at, Alert.rank)
        )
        met: dict[str, list[Alert]] = {}
        for alert in session.scalars(query):
            met.setdefault(alert.encounter_id, []).append(alert)
        until = {
            row.encounter_id: row.until
            for row in session.scalars(
                select(EncounterPermit).where(EncounterPermit.encounter_id.in_(met))
            )
        }
        stays = {
            row.encounter_id: row
            for row in session.scalars(select(Stay).where(Stay.encounter_id.in_(met)))
            if extends_to(actor, Permission.READ_STAY, row.agency_id)
        }
        steps = []
        for encounter_id, alerts in met.items():
            step = _step(actor, alerts, until.get(encounter_id))
            if step is None:
                continue
            steps.append(step)
            stay = stays.get(encounter_id)
            if stay is not None and stay.checked_out_at is not None:
                steps.append(
                    TimelineStep(
                        TimelineKind.CHECK_OUT,
                        stay.checked_out_at,
                        port=step.port,
                        lane=step.lane,
                        undecided=step.undecided,
                    )
                )
        return steps

    def _of_residence(self, row: Residence) -> list[TimelineStep]:
        permit, zone = PermitKind(row.kind), self._zone
        begins = TimelineStep(
            TimelineKind.PERMIT_BEGINS,
            begin_of(row.valid_from, zone),
            day=row.valid_from,
            until=row.valid_until,
            permit=permit,
            residence_id=row.id,
        )
        steps = [begins]
        for kind, day in (
            (TimelineKind.PERMIT_ENDS, row.valid_until),
            (TimelineKind.DEPARTED, row.departed_on),
        ):
            if day is not None:
                at = end_of(day, zone)
                steps.append(TimelineStep(kind, at, day, permit=permit, residence_id=row.id))
        return steps


def _step(actor: Actor, alerts: list[Alert], until: date | None) -> TimelineStep | None:
    """Return the step of an encounter; None of one that was found to be somebody else."""
    states = [str(shown_to(each, actor)) for each in alerts]
    results = [
        result_of(state, each.disposal, each.found)
        for state, each in zip(states, alerts, strict=True)
    ]
    result = max(results, key=SEVERITY.index)
    if result is AdjudicationResult.FALSE_ALARM:
        return None
    meeting = alerts[0].encounter
    goes = meeting.direction == Direction.EXIT and meeting.stage == Stage.ARRIVAL
    return TimelineStep(
        TimelineKind.DEPARTURE if goes else TimelineKind(meeting.stage),
        meeting.captured_at,
        port=meeting.port,
        lane=meeting.lane if meeting.stage == Stage.STAY else None,
        undecided=result is AdjudicationResult.OPEN,
        alerts=tuple(
            TimelineAlert(each.id, each.case_number, state, each.disposal)
            for each, state in zip(alerts, states, strict=True)
        ),
        until=until,
    )
