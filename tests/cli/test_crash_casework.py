"""The service killed while 200 clients screen and decide; see `benchmarks.crash` for the rounds."""

from benchmarks.crash.crash import CLIENTS, campaign

SEED = 20_261_122


def test_crashes_lose_nothing_acknowledged_and_leave_nothing_half_written(tmp_path):
    rounds = list(campaign(tmp_path, rounds=2, seed=SEED))
    assert [each.wrong for each in rounds] == [(), ()]
    assert CLIENTS == 200
    for each in rounds:
        # It was killed amid work of every kind.
        assert each.in_flight > CLIENTS // 2
        assert each.screenings > 0
        assert each.decisions > 0
    # The second round's trail goes on where the first one's was cut.
    assert rounds[1].audit_records > rounds[0].audit_records
