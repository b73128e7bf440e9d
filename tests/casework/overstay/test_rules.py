"""When a person overstays: by any permits, comings and goings, in any order."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.overstay.rules import Coming, Exceeded, Going, departed, exceeded, recorded

JAKARTA = ZoneInfo("Asia/Jakarta")
DAY = date(2026, 3, 1)

offsets = st.integers(0, 120)
moments = offsets.flatmap(
    lambda day: st.integers(0, 1439).map(
        lambda minute: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=day, minutes=minute)
    )
)
comings = st.lists(
    st.builds(
        lambda at, stays, permit, undecided: Coming(
            at,
            permit=permit,
            until=None if stays is None else at.date() + timedelta(days=stays),
            undecided=undecided,
        ),
        moments,
        st.none() | st.integers(0, 60),
        st.booleans(),
        st.booleans(),
    ).map(lambda each: each if each.permit else Coming(each.at, permit=False)),
    max_size=6,
)
goings = st.lists(st.builds(Going, moments, st.booleans()), max_size=6)
todays = offsets.map(lambda day: DAY + timedelta(days=day))


@given(comings, goings, todays)
def test_nobody_overstays_who_left_last(came, left, today):
    last = Going(max((each.at for each in came), default=datetime(2026, 3, 1, tzinfo=UTC)))
    assert exceeded(came, [*left, last], today, JAKARTA) is None


@given(comings, goings, todays, st.randoms(use_true_random=False))
def test_order_does_not_matter(came, left, today, drawn):
    found = exceeded(came, left, today, JAKARTA)
    drawn.shuffle(came)
    drawn.shuffle(left)
    assert exceeded(came, left, today, JAKARTA) == found


@given(comings, goings, todays)
def test_nobody_overstays_while_a_permit_of_the_last_coming_lasts(came, left, today):
    last = max([each.at for each in came], default=datetime(2026, 3, 1, tzinfo=UTC))
    for until in (None, today):
        assert exceeded([*came, Coming(last, True, until)], left, today, JAKARTA) is None


@given(comings, goings, todays)
def test_what_is_certain_stays_so_whatever_is_decided(came, left, today):
    found = exceeded(came, left, today, JAKARTA)
    if found is None or found.undecided:
        return
    decided = [each for each in came if not each.undecided]
    settled = [Going(each.at) for each in left]
    for some in (came, decided):
        for gone in (left, settled, [each for each in left if not each.undecided]):
            certain = [Coming(each.at, each.permit, each.until) for each in some]
            again = exceeded(certain, gone, today, JAKARTA)
            assert again is not None
            assert again.until < today


@given(comings, goings, todays)
def test_an_overstay_begins_after_the_end_and_does_not_end_by_itself(came, left, today):
    found = exceeded(came, left, today, JAKARTA)
    if found is not None:
        assert found.until < today
        assert exceeded(came, left, today + timedelta(days=30), JAKARTA) is not None


@pytest.mark.parametrize(
    ("came", "left", "until"),
    [
        pytest.param([recorded(DAY, DAY, JAKARTA)], [], DAY, id="recorded"),
        pytest.param([recorded(DAY, None, JAKARTA)], [], None, id="without end"),
        pytest.param([recorded(DAY, DAY, JAKARTA)], [departed(DAY, JAKARTA)], None, id="left"),
        pytest.param(
            [
                recorded(DAY, DAY + timedelta(days=9), JAKARTA),
                recorded(DAY + timedelta(days=5), DAY + timedelta(days=6), JAKARTA),
            ],
            [],
            DAY + timedelta(days=9),
            id="the latest end counts",
        ),
        pytest.param(
            # Who arrives must have been abroad: the permit of before counts for nothing.
            [recorded(DAY, DAY, JAKARTA), Coming(datetime(2026, 3, 9, tzinfo=UTC), permit=False)],
            [],
            None,
            id="came again, nobody knows until when",
        ),
        pytest.param(
            # A permit for several entries: left and came back within it.
            [
                recorded(DAY, DAY + timedelta(days=30), JAKARTA),
                Coming(datetime(2026, 3, 9, tzinfo=UTC), permit=False),
            ],
            [departed(date(2026, 3, 5), JAKARTA)],
            DAY + timedelta(days=30),
            id="came back within the permit",
        ),
    ],
)
def test_permits(came, left, until):
    found = exceeded(came, left, date(2026, 6, 1), JAKARTA)
    assert (found.until if found else None) == until


def test_an_alert_that_nobody_decided_is_said_to_be_undecided():
    at, today = datetime(2026, 3, 2, tzinfo=UTC), date(2026, 6, 1)
    permit = recorded(DAY, DAY + timedelta(days=30), JAKARTA)
    until = DAY + timedelta(days=30)
    arrival = Coming(at, permit=True, until=until, undecided=True)
    assert exceeded([arrival], [], today, JAKARTA) == Exceeded(until, undecided=True)
    going = Going(at + timedelta(days=1), undecided=True)
    assert exceeded([permit], [going], today, JAKARTA) == Exceeded(until, undecided=True)
    assert exceeded([permit], [], today, JAKARTA) == Exceeded(until, undecided=False)


def test_a_permit_ends_with_its_last_day_where_the_installation_is():
    permit = [recorded(DAY, DAY, JAKARTA)]
    assert exceeded(permit, [], DAY, JAKARTA) is None
    assert exceeded(permit, [], DAY + timedelta(days=1), JAKARTA) == Exceeded(DAY, undecided=False)
