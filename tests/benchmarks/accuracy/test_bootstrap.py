"""Intervals over identities, where their width is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.accuracy.bootstrap import draw_identities, interval, shares_of, tally


def width(events, searches, seed=0):
    counts = draw_identities(len(events), seed)
    shares = shares_of(np.array(events)[:, None], np.array(searches)[:, None], counts)
    return float(shares.high[0] - shares.low[0])


def test_one_search_a_person_gives_the_binomial_width():
    events = np.arange(1000) < 100
    assert width(events, np.ones(1000)) == pytest.approx(2 * 1.96 * np.sqrt(0.09 / 1000), rel=0.1)


def test_photos_of_one_person_do_not_count_as_independent():
    """A hundred people with ten equal searches each: as uncertain as a hundred searches."""
    people = np.arange(100) < 10
    assert width(10.0 * people, 10 * np.ones(100)) == pytest.approx(
        2 * 1.96 * np.sqrt(0.09 / 100), rel=0.15
    )


def test_it_follows_from_the_seed():
    assert np.array_equal(draw_identities(50, 3), draw_identities(50, 3))
    assert not np.array_equal(draw_identities(50, 3), draw_identities(50, 4))


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(-1, 2), st.booleans()), min_size=1, max_size=40
    )
)
def test_a_tally_counts_what_a_loop_counts(searches):
    owners, columns, flags = (np.array(each) for each in zip(*searches, strict=True))
    wanted = np.zeros((7, 3))
    for who, column, flag in searches:
        if column >= 0:
            wanted[who, column] += flag
    assert np.array_equal(tally(owners, 7, flags, columns, 3), wanted)


def test_a_column_without_searches_has_no_rate_and_infinite_values_are_no_harm():
    counts = draw_identities(10, 0)
    shares = shares_of(np.zeros((10, 1)), np.zeros((10, 1)), counts)
    assert np.isnan([shares.rate[0], shares.low[0], shares.high[0]]).all()
    low, high = interval(np.array([[1.0], [2.0], [np.inf], [np.inf]]))
    assert (low[0], high[0]) == (1, np.inf)


def test_what_was_never_seen_is_not_called_impossible():
    counts = draw_identities(60, 0)
    events = np.stack([np.zeros(60), np.ones(60)], axis=1)
    shares = shares_of(events, np.ones((60, 2)), counts)
    assert shares.rate.tolist() == [0, 1]
    assert shares.low.tolist() == [0, 0.95]
    assert shares.high.tolist() == [0.05, 1]
