"""What a check of the audit trail costs: of all of it, and of its tail."""

import time
from dataclasses import dataclass
from typing import Final

from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.records import Records

TAIL: Final = 10_000
"""As many as are written before a checkpoint is signed early."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A check of the whole trail, and one of the tail."""

    records: int
    cpu_s: float
    seconds: float
    tail_cpu_s: float
    """Of the tail, that many records after the check of everything: see `TAIL`."""


def measure(records: Records) -> Checked:
    """Check the trail once, and its tail once some records have been added.

    Raises:
        ValueError: it does not hold.
    """
    cpu, wall = time.process_time(), time.perf_counter()
    verdict = records.oversight.trail.verify(Actor.operator())
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if not verdict.whole:
        raise ValueError(f"the trail does not hold: {verdict.message}")
    entries = [AuditEntry(Actor.operator(), "alert.read", f"alr_{each}") for each in range(TAIL)]
    with records.kernel.database.write_core() as connection:
        records.kernel.audit.write_all(connection, entries, [None] * TAIL)
    tail_cpu = time.process_time()
    tail = records.oversight.trail.verify(Actor.operator(), tail=True)
    tail_cpu = time.process_time() - tail_cpu
    if not tail.whole or tail.after != verdict.records:
        raise ValueError(f"the tail does not hold: {tail.message}")
    return Checked(verdict.records, cpu, wall, tail_cpu)
