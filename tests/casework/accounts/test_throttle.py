"""Failures counted in the database, by keyed digests."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from casework.accounts.throttle import Counted, Throttle
from casework.kernel.errors import TooManyAttempts
from casework.tables import SignInCount

LOCK = timedelta(minutes=15)


@pytest.fixture
def throttle(house):
    return Throttle(house.records.kernel, Counted.ADDRESS, 3, LOCK, LOCK, most_rows=4)


@pytest.fixture
def database(house):
    return house.records.kernel.database


def fail(throttle, name, database):
    throttle.begin(name)
    try:
        with database.write() as session:
            return throttle.failed(session, name)
    finally:
        throttle.ended(name)


def enter(throttle, name, database):
    throttle.begin(name)
    with database.write() as session:
        throttle.succeeded(session, name)
    throttle.ended(name)


def test_after_so_many_failures_a_name_is_locked_and_no_other(throttle, database, house):
    assert fail(throttle, "a", database) is None
    assert fail(throttle, "a", database) is None
    third = fail(throttle, "a", database)
    assert third is not None
    assert third.seconds == LOCK.total_seconds()
    house.clock.advance(minutes=14, seconds=59.5)
    with pytest.raises(TooManyAttempts) as refused:
        throttle.begin("a")
    assert refused.value.seconds == 1
    throttle.begin("b")
    house.clock.advance(seconds=1)
    throttle.begin("a")


def test_a_lock_and_a_count_outlive_a_restart_and_hold_in_other_processes(
    throttle, database, open_house, house
):
    for _ in range(3):
        fail(throttle, "a", database)
    fail(throttle, "b", database)
    fail(throttle, "b", database)
    other = Throttle(open_house(clock=house.clock).records.kernel, Counted.ADDRESS, 3, LOCK, LOCK)
    with pytest.raises(TooManyAttempts):
        other.begin("a")
    assert fail(other, "b", database) is not None


def test_a_success_is_not_counted_but_takes_no_failure_back(throttle, database):
    fail(throttle, "a", database)
    fail(throttle, "a", database)
    for _ in range(10):
        enter(throttle, "a", database)
    assert fail(throttle, "a", database) is not None


def test_failures_are_forgotten_in_time(throttle, database, house):
    fail(throttle, "a", database)
    fail(throttle, "a", database)
    house.clock.advance(minutes=15)
    assert fail(throttle, "a", database) is None
    assert fail(throttle, "a", database) is None


def test_attempts_at_the_same_time_use_up_what_is_left(throttle):
    for _ in range(3):
        throttle.begin("a")
    with pytest.raises(TooManyAttempts):
        throttle.begin("a")
    throttle.ended("a")
    throttle.begin("a")


def test_rows_are_bounded_and_the_oldest_give_way(throttle, database, house):
    for n in range(10):
        fail(throttle, str(n), database)
        house.clock.advance(seconds=1)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(SignInCount)) == 4
    for _ in range(2):
        fail(throttle, "9", database)
    with pytest.raises(TooManyAttempts):
        throttle.begin("9")


def test_somebody_who_signed_in_there_of_late_is_known(throttle, database, house):
    assert not throttle.is_known("a")
    fail(throttle, "a", database)
    assert not throttle.is_known("a")
    enter(throttle, "a", database)
    assert throttle.is_known("a")
    assert not throttle.is_known("b")
    house.clock.advance(days=31)
    assert not throttle.is_known("a")
    fail(throttle, "b", database)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(SignInCount)) == 1


def test_nobody_reads_in_the_database_what_was_counted(throttle, database, house, tmp_path):
    fail(throttle, "203.0.113.77", database)
    house.records.close()
    for file in tmp_path.iterdir():
        assert b"203.0.113.77" not in file.read_bytes(), file.name
