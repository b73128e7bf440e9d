"""How many processors this process may really use."""

import math
import os
from pathlib import Path


def available_cpus(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Return the processors left by affinity and by the container's quota, at least 1."""
    count = len(os.sched_getaffinity(0))
    quota = _cgroup_quota(cgroup)
    return max(1, count if quota is None else min(count, math.floor(quota)))


def _cgroup_quota(cgroup: Path) -> float | None:
    """Return the quota in processors of a cgroup v2 or v1, None without one."""
    try:
        limit, period = (cgroup / "cpu.max").read_text().split()
        return None if limit == "max" else int(limit) / int(period)
    except (OSError, ValueError):
        pass
    try:
        quota = int((cgroup / "cpu/cpu.cfs_quota_us").read_text())
        return None if quota <= 0 else quota / int((cgroup / "cpu/cpu.cfs_period_us").read_text())
    except (OSError, ValueError, ZeroDivisionError):
        return None
