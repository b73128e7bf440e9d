"""What the check of the whole audit trail costs."""

import time
from dataclasses import dataclass

from casework.records import Records


@dataclass(frozen=True, slots=True)
class Checked:
    """A check of the whole trail."""

    records: int
    cpu_s: float
    seconds: float


def measure(records: Records) -> Checked:
    """Check the trail once.

    Raises:
        ValueError: it does not hold.
    """
    cpu, wall = time.process_time(), time.perf_counter()
    verdict = records.kernel.audit.verify()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if not verdict.whole:
        raise ValueError(f"the trail does not hold: {verdict.message}")
    return Checked(verdict.records, cpu, wall)
