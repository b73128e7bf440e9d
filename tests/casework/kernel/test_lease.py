"""A lease: one holder at a time, whatever several processes do and whenever they do it."""

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import JSON, create_engine, insert, select

from casework.kernel.lease import Lease
from casework.tables import Delivery, ImportJob
from casework.tables.base import Table
from tests.services import BEGIN, FakeClock

LASTS = timedelta(seconds=60)
_FILLING = {str: "x", int: 0, float: 0.0, bool: False}


def filled(table):
    """An engine with one row of a table, without what it refers to."""
    engine = create_engine("sqlite://")
    Table.metadata.create_all(engine, tables=[table.__table__])
    values = {
        column.name: (
            {} if isinstance(column.type, JSON) else _FILLING.get(column.type.python_type, BEGIN)
        )
        for column in table.__table__.columns
        if not column.nullable
    }
    with engine.begin() as connection:
        connection.execute(insert(table).values(values | {"id": "row"}))
    return engine


class LeaseMachine(RuleBasedStateMachine):
    """Processes take, renew, take over and give back; a model says who holds the row."""

    tokens = Bundle("tokens")

    @initialize(table=st.sampled_from([Delivery, ImportJob]))
    def begin(self, table):
        self.clock = FakeClock()
        self.lease = Lease(table, LASTS, self.clock)
        self.engine = filled(table)
        self.column = "error" if table is Delivery else "digest"
        self.token = self.until = None

    def teardown(self):
        if hasattr(self, "engine"):
            self.engine.dispose()

    def row(self):
        with self.engine.connect() as connection:
            return connection.execute(select(self.lease.table.__table__)).one()

    def hold(self, token):
        self.token, self.until = token, self.clock() + LASTS

    @rule(seconds=st.sampled_from([1, 30, 59, 60, 61]))
    def time_passes(self, seconds):
        self.clock.advance(seconds=seconds)

    @rule(target=tokens)
    def take(self):
        with self.engine.begin() as connection:
            token = self.lease.take(connection, "row")
        silent = self.until is None or self.until < self.clock()
        assert (token is not None) is silent, "nobody else holds it, or is silent for too long"
        if token is not None:
            self.hold(token)
        return token or "claim_refused"

    @rule(target=tokens)
    def take_over(self):
        with self.engine.begin() as connection:
            token = self.lease.take_over(connection, "row")
        self.hold(token)
        return token

    @rule(token=tokens)
    def renew(self, token):
        with self.engine.begin() as connection:
            renewed = self.lease.renew(connection, "row", token)
        assert renewed is (token == self.token), "a token is good until another is given"
        if renewed:
            self.hold(token)

    @rule(token=tokens)
    def give_back(self, token):
        before = self.row()
        with self.engine.begin() as connection:
            given_back = self.lease.give_back(connection, "row", token, **{self.column: token})
        assert given_back is (token == self.token)
        if given_back:
            self.token = self.until = None
            assert getattr(self.row(), self.column) == token
        else:
            assert self.row() == before, "a late result changes nothing"

    @invariant()
    def the_database_agrees(self):
        if hasattr(self, "engine"):
            assert (self.row().claim, self.row().claimed_until) == (self.token, self.until)


TestLeaseMachine = LeaseMachine.TestCase
TestLeaseMachine.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)


@pytest.mark.parametrize("table", [Delivery, ImportJob])
def test_a_renewed_lease_is_kept_and_a_silent_holder_loses_it(table):
    clock = FakeClock()
    lease = Lease(table, LASTS, clock)
    with filled(table).begin() as connection:
        first = lease.take_over(connection, "row")
        for _ in range(3):
            clock.advance(seconds=60)
            assert lease.take(connection, "row") is None
            assert lease.renew(connection, "row", first)
        clock.advance(seconds=61)
        second = lease.take(connection, "row")
        assert second is not None
        assert not lease.renew(connection, "row", first)
        assert not lease.give_back(connection, "row", first)
        assert lease.give_back(connection, "row", second)


def test_a_row_that_is_not_there_is_taken_by_nobody():
    lease = Lease(ImportJob, LASTS, FakeClock())
    with filled(ImportJob).begin() as connection:
        assert lease.take(connection, "another") is None
