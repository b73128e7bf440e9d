"""How long tests wait: longer the more a machine has to do.

A wait that ends as soon as what it waits for is there costs nothing by being long, and a short one
fails on a machine that does much else. So every time-out of a test is asked for here, as it is
enough on an idle machine. `SIAGA_TEST_PATIENCE=4` makes all of them four times as long, whatever
the load.
"""

import os
import time
from collections.abc import Callable
from typing import Final

VARIABLE: Final = "SIAGA_TEST_PATIENCE"
_LONGEST: Final = 20
"""Times as long at most: a test that hangs has to end."""


def factor() -> float:
    """How many times as long something takes now as on an idle machine, at a cautious guess."""
    given = os.environ.get(VARIABLE)
    if given:
        return float(given)
    # All who want a processor share it in turn; the average lags behind a load that just begins.
    return min(_LONGEST, 1 + os.getloadavg()[0] / (os.cpu_count() or 1))


def patience(seconds: float) -> float:
    """Return how long to wait for what takes at most `seconds` on an idle machine."""
    return seconds * factor()


def wait_until(true: Callable[[], object], seconds: float, *, every: float = 0.02) -> None:
    """Ask again and again until something is so; fails once patience for `seconds` has run out."""
    deadline = time.monotonic() + patience(seconds)
    while not true():
        assert time.monotonic() < deadline, f"not so after {patience(seconds):.0f} seconds"
        time.sleep(every)
