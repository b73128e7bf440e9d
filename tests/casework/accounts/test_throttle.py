"""Failures counted in memory."""

from datetime import timedelta

import pytest

from casework.accounts.throttle import Throttle
from casework.kernel.errors import TooManyAttempts
from tests.services import FakeClock

LOCK = timedelta(minutes=15)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def throttle(clock):
    return Throttle(3, LOCK, LOCK, clock, names=4)


def fail(throttle, name):
    throttle.begin(name)
    return throttle.failed(name)


def test_after_so_many_failures_a_name_is_locked_and_no_other(throttle, clock):
    assert fail(throttle, "a") is None
    assert fail(throttle, "a") is None
    third = fail(throttle, "a")
    assert third is not None
    assert third.seconds == LOCK.total_seconds()
    clock.advance(minutes=14, seconds=59.5)
    with pytest.raises(TooManyAttempts) as refused:
        throttle.begin("a")
    assert refused.value.seconds == 1
    throttle.begin("b")
    clock.advance(seconds=1)
    throttle.begin("a")


def test_a_success_is_not_counted_but_takes_no_failure_back(throttle):
    fail(throttle, "a")
    fail(throttle, "a")
    for _ in range(10):
        throttle.begin("a")
        throttle.succeeded("a")
    assert fail(throttle, "a") is not None


def test_failures_are_forgotten_in_time(throttle, clock):
    fail(throttle, "a")
    fail(throttle, "a")
    clock.advance(minutes=15)
    assert fail(throttle, "a") is None
    assert fail(throttle, "a") is None


def test_attempts_at_the_same_time_count_before_they_fail(throttle):
    for _ in range(3):
        throttle.begin("a")
    with pytest.raises(TooManyAttempts) as refused:
        throttle.begin("a")
    assert refused.value.seconds == 1
    throttle.succeeded("a")
    throttle.begin("a")


def test_no_more_names_are_remembered_than_set(throttle):
    fail(throttle, "first")
    for name in "abcd":
        fail(throttle, name)
    assert len(throttle._counts) == 4
    assert "first" not in throttle._counts
    assert throttle.failed("first") is None  # it ended after it was forgotten


def test_the_sentence_says_minutes():
    assert "in 15 minutes" in str(TooManyAttempts(LOCK))
    assert "in 1 minute." in str(TooManyAttempts(timedelta(seconds=0.2)))
