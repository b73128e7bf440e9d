"""What must hold after a crash: nothing acknowledged is lost, nothing is half written.

Each check returns sentences about what is wrong; an empty list is what is hoped for.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

import httpx2
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from benchmarks.crash.clients import Ledger, Screening, Step
from benchmarks.load.client import closed_loop
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import AlertState, Recapture
from casework.records import Records
from casework.tables import Alert, AlertEvent, AuditRecord, Encounter, IdempotencyRecord

_STEPS: Final = frozenset(
    {
        Permission.ACKNOWLEDGE_ALERT,
        Permission.DECIDE_ALERT,
        Permission.CONFIRM_ALERT,
        Permission.CLOSE_ALERT,
    }
)

_RETRIERS: Final = 8
"""Clients that send again at the same time."""


def of_chain(records: Records) -> list[str]:
    """Check the audit trail."""
    verdict = records.kernel.audit.verify()
    return [] if verdict.whole else [f"the audit trail is broken: {verdict.fault}"]


def of_database(records: Records) -> list[str]:
    """Check that every change is there whole, with its audit record, or not at all."""
    with records.kernel.database.read() as session:
        return [
            *_of_file(session),
            *_of_encounters(session),
            *_of_steps(session),
        ]


def of_ledger(records: Records, ledger: Ledger) -> list[str]:
    """Check that every acknowledged step is there, and its audit record with it."""
    wrong = []
    with records.kernel.database.read() as session:
        audited = {
            (row.object_id, row.action, row.request_id)
            for row in session.scalars(select(AuditRecord).where(AuditRecord.action.in_(_STEPS)))
        }
        versions = {row.id: row.version for row in session.execute(_VERSIONS)}
    for step in ledger.steps:
        if (step.alert_id, f"alert.{step.act}", step.request_id) not in audited:
            wrong.append(f"acknowledged and not in the trail: {step.act} {step.alert_id}")
        if versions.get(step.alert_id, 0) < step.version:
            wrong.append(f"acknowledged and lost: {step.act} {step.alert_id}")
    return wrong


def of_answers(client: httpx2.Client, key: str, ledger: Ledger) -> list[str]:
    """Check that the service answers exactly as it answered before the crash."""
    wrong = []
    for answer in ledger.acknowledged:
        again = client.get(f"/v1/encounters/{answer['id']}", headers=_bearer(key))
        # What becomes of the traveller is as the officers decided since.
        since = {"disposition": again.json().get("disposition")}
        if again.status_code != httpx2.codes.OK or again.json() != answer | since:
            wrong.append(f"encounter {answer['id']} is not as it was answered: {again.text[:300]}")
    for step in _last_steps(ledger.steps):
        again = client.get(f"/v1/alerts/{step.alert_id}", headers=_bearer(step.session))
        now = again.json()
        if again.status_code != httpx2.codes.OK or now["version"] < step.version:
            wrong.append(f"alert {step.alert_id} has forgotten {step.act}: {again.text[:300]}")
        elif now["version"] == step.version and _own(now) != _own(step.answer):
            wrong.append(f"alert {step.alert_id} is not as it was answered after {step.act}")
    return wrong


async def retry(port: int, unanswered: Sequence[Screening]) -> tuple[int, list[str]]:
    """Send again what was never answered, as port systems do.

    Returns:
        How many turned out to be recorded already, and what is wrong.
    """
    answers, _ = await closed_loop(
        port, [each.request for each in unanswered], _RETRIERS, lambda n, _: n >= len(unanswered)
    )
    wrong = [
        f"a retry was answered {answer.status}: {answer.body[:300]!r}"
        for answer in answers
        if answer.status not in {200, 201}
    ]
    return sum(answer.status == httpx2.codes.OK for answer in answers), wrong


def of_retries(records: Records, sent: int) -> list[str]:
    """Check that a request that was sent twice, around a crash, was recorded once."""
    with records.kernel.database.read() as session:
        found = len(session.execute(select(Encounter.id)).all())
    return [] if found == sent else [f"{sent} photos were sent, {found} encounters are recorded"]


def _of_file(session: Session) -> Iterator[str]:
    (verdict,) = session.execute(text("PRAGMA integrity_check")).one()
    if verdict != "ok":
        yield f"the database file is damaged: {verdict}"
    for row in session.execute(text("PRAGMA foreign_key_check")):
        yield f"a row refers to nothing: {tuple(row)}"


def _of_encounters(session: Session) -> Iterator[str]:
    alerts = Counter(session.scalars(select(Alert.encounter_id)))
    keyed = set(session.scalars(select(IdempotencyRecord.encounter_id)))
    audited: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in session.scalars(select(AuditRecord).where(AuditRecord.action == Permission.SCREEN)):
        audited[row.object_id or ""].append(row.detail or {})
    columns = (Encounter.id, Encounter.port, Encounter.outcome, Encounter.recapture)
    for encounter in session.execute(select(*columns)):
        recorded = audited.pop(encounter.id, [])
        raised = alerts[encounter.id]
        whole = {"port": encounter.port, "outcome": encounter.outcome, "alerts": raised}
        if encounter.recapture not in {None, Recapture.NOT_NEEDED}:
            whole["recapture"] = encounter.recapture
        if recorded != [whole]:
            yield f"encounter {encounter.id} has {raised} alerts, and the trail says {recorded}"
        if (encounter.outcome == "alert") != (raised > 0):
            yield f"encounter {encounter.id} is {encounter.outcome} with {raised} alerts"
        if encounter.id not in keyed:
            yield f"encounter {encounter.id} lacks its idempotency key"
    for lost in audited:
        yield f"the trail names encounter {lost}, which is not there"


def _of_steps(session: Session) -> Iterator[str]:
    events: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for event in session.scalars(select(AlertEvent).order_by(AlertEvent.id)):
        events[event.alert_id].append((event.action, event.state_before, event.state_after))
    audited: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    of_steps = select(AuditRecord).where(AuditRecord.action.in_(_STEPS)).order_by(AuditRecord.seq)
    for row in session.scalars(of_steps):
        detail = row.detail or {}
        audited[row.object_id or ""].append((row.action, detail["from"], detail["to"]))
    for alert in session.execute(_VERSIONS):
        steps = events.pop(alert.id, [])
        recorded = audited.pop(alert.id, [])
        if len(recorded) != len(steps) or not all(map(_agree, steps, recorded)):
            yield f"alert {alert.id}: its events are not those of the trail"
        path = [(AlertState.NEW.value, AlertState.NEW.value), *(step[1:] for step in steps)]
        if any(before[1] != after[0] for before, after in pairwise(path)):
            yield f"alert {alert.id}: its events do not follow on each other"
        if alert.state != path[-1][1] or alert.version != 1 + len(steps):
            yield f"alert {alert.id} is {alert.state}, version {alert.version}, after {steps}"
    for lost in {*events, *audited}:
        yield f"there are steps of alert {lost}, which is not there"


def _agree(event: tuple[str, str, str], recorded: tuple[str, str, str]) -> bool:
    """Whether the trail has a step; it hides a first opinion where it must."""
    *event_known, state = event
    *recorded_known, recorded_state = recorded
    return event_known == recorded_known and recorded_state in {state, AlertState.UNDER_REVIEW}


def _last_steps(steps: Sequence[Step]) -> list[Step]:
    last: dict[str, Step] = {}
    for step in steps:
        if step.alert_id not in last or step.version > last[step.alert_id].version:
            last[step.alert_id] = step
    return list(last.values())


def _own(alert: dict[str, Any]) -> dict[str, Any]:
    """Return what an answer shows of one alert, without the encounter's other alerts."""
    return {name: value for name, value in alert.items() if name != "others"}


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


_VERSIONS: Final = select(Alert.id, Alert.state, Alert.version)
