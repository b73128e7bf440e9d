"""The service killed while 200 clients screen and decide; see `benchmarks.crash` for the rounds.

One that is killed with few clients is in test_crash.py and test_exchange.py.
"""

from itertools import pairwise

import pytest

from benchmarks.crash.crash import CLIENTS, campaign

SEED = 20_261_122
ROUNDS = 4


@pytest.mark.more
def test_crashes_lose_nothing_acknowledged_and_leave_nothing_half_written(tmp_path):
    rounds = list(campaign(tmp_path, rounds=ROUNDS, seed=SEED))
    assert [each.wrong for each in rounds] == [()] * ROUNDS
    assert CLIENTS == 200
    for each in rounds:
        # It was killed amid work of every kind.
        assert each.in_flight > CLIENTS // 2
        assert each.screenings > 0
        assert each.decisions > 0
    # The next round's trail goes on where the one before was cut.
    assert all(after.audit_records > before.audit_records for before, after in pairwise(rounds))
