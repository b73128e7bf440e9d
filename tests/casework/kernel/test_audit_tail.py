"""A check of the tail: it finds whatever was changed behind its start, and says where that is."""

import json
import sqlite3
from contextlib import closing, contextmanager

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.accounts.agencies import Agencies, NewAgency
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit.checkpoints import Checkpoints, Signers
from casework.kernel.audit.log import AuditEntry
from casework.kernel.audit.reader import AuditReader
from casework.kernel.audit.tail import ALL_EVERY
from casework.kernel.data_key import GivenKeys
from casework.records import Records
from casework.tables import AuditRecord
from tests.services import DATA_KEY, OPERATOR, FakeClock, laid

COLUMNS = tuple(column.name for column in AuditRecord.__table__.columns)
OLD, NEW = 30, 12
ALTERED = "changed"


class Trail:
    """Records, and somebody with access to the file."""

    def __init__(self, path, *, signed):
        self.path, self.clock = path, FakeClock()
        self.records = Records.open(laid(path), GivenKeys.of(DATA_KEY), self.clock)
        self.audit = self.records.kernel.audit
        self.trail = AuditReader(self.records.kernel)
        if signed:
            self.audit.signers = Signers.of(Ed25519PrivateKey.generate())
        self.write(OLD // 2)
        self.sign()
        self.write(OLD // 2)
        self.trail.verify(OPERATOR)
        self.write(NEW // 2)
        self.sign()
        self.write(NEW // 2)

    def write(self, count):
        for number in range(count):
            actor = Actor(ActorKind.OFFICER, f"off_{number % 3}", f"Name {number % 3}", "agy_1")
            purpose = "why" if number % 2 else None
            detail = {"n": number} if number % 3 else None
            self.audit.note(
                AuditEntry(actor, "alert.read", f"alr_{number}", purpose=purpose, detail=detail)
            )

    def sign(self):
        if self.audit.signers.private is not None:
            Checkpoints(self.audit).make()

    def run(self, statement, *values):
        with closing(sqlite3.connect(self.path, isolation_level=None)) as database:
            return database.execute(statement, values).fetchall()

    @contextmanager
    def without(self, *tables):
        """Let these tables be changed, and put them back."""
        kept = {table: self.run(f"SELECT * FROM {table}") for table in tables}
        try:
            yield
        finally:
            with closing(sqlite3.connect(self.path)) as database, database:
                for table, rows in kept.items():
                    marks = ", ".join("?" * len(rows[0]))
                    database.execute(f"DELETE FROM {table}")
                    database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


@pytest.fixture(scope="module", params=[False, True], ids=["unsigned", "signed"])
def trail(request, tmp_path_factory):
    made = Trail(tmp_path_factory.mktemp("trail") / "siaga.db", signed=request.param)
    yield made
    made.records.close()


def test_it_begins_where_the_last_check_ended_or_at_a_checkpoint_before(trail):
    found, everything = trail.audit.verify(tail=True), trail.audit.verify()
    signed = trail.audit.signers.private is not None
    checked = json.loads(trail.run("SELECT detail FROM audit WHERE action = 'audit.verify'")[0][0])
    assert found.whole
    assert found.after == (OLD // 2 if signed else checked["records"])
    assert found.all_at == trail.clock()
    assert (found.records, found.last_hash) == (everything.records, everything.last_hash)
    assert (everything.after, everything.all_at) == (0, None)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_whatever_is_changed_of_a_record_behind_its_start_is_found(trail, data):
    after, last = trail.audit.verify(tail=True).after, trail.audit.verify().records
    seq = data.draw(st.integers(1, last), "record")
    column = data.draw(st.sampled_from((*COLUMNS, None)), "column")
    with trail.without("audit"):
        if column is None:
            trail.run("DELETE FROM audit WHERE seq = ?", seq)
        else:
            value = data.draw(st.sampled_from(values_for(column)), "value")
            ((before,),) = trail.run(f"SELECT {column} FROM audit WHERE seq = ?", seq)
            if value == before:
                return
            trail.run(f"UPDATE audit SET {column} = ? WHERE seq = ?", value, seq)
        assert not trail.audit.verify().whole
        if seq > after:
            assert not trail.audit.verify(tail=True).whole
    assert trail.audit.verify(tail=True).whole


def values_for(column):
    """Return values that the driver takes for a column."""
    if column == "seq":
        return [10_000, 0]
    if column == "salt":
        return [b"0" * 16, b""]
    if column == "at":
        return ["2026-03-01 08:00:01.000000", "2020-01-01 00:00:00.000000", "x"]
    if column in ("detail", "texts", "states"):
        check = {"records": OLD, "whole": True, "all_at": "2026-03-01T08:00:00+00:00", "after": 9}
        return ["{}", '{"to": 10000}', json.dumps(check), "x", None]
    return [ALTERED, "", "audit.verify"] + ([] if column == "node" else ["0" * 64])


def code_of(verdict):
    """Return the code of the first fault."""
    assert verdict.message is not None
    return verdict.message.code


@pytest.mark.parametrize("table", ["audit_text", "audit_actor", "audit_head"])
def test_what_stands_beside_the_tail_is_checked(trail, table):
    with trail.without(table):
        trail.run(f"DELETE FROM {table}")
        assert not trail.audit.verify(tail=True).whole


def test_an_erasure_of_before_excuses_no_text_that_is_missing(trail):
    with trail.without("audit", "audit_text"):
        trail.run(
            "UPDATE audit SET action = 'audit.erase', object_id = NULL, detail = ? WHERE seq = 1",
            '{"to":10000}',
        )
        trail.run("DELETE FROM audit_text WHERE seq > ?", OLD + 2)
        assert code_of(trail.audit.verify(tail=True)) == "trail_text_missing"


def test_rows_that_the_tail_names_are_checked_and_others_by_a_check_of_all(tmp_path):
    trail = Trail(tmp_path / "siaga.db", signed=False)
    agencies, verify = Agencies(trail.records.kernel), trail.audit.verify
    agencies.create(OPERATOR, NewAgency("OLD", "Old"))
    trail.trail.verify(OPERATOR)
    new = agencies.create(OPERATOR, NewAgency("NEW", "New"))
    assert verify(tail=True).proved.rows == 1
    with trail.without("agency"):
        trail.run("UPDATE agency SET name = 'Other' WHERE code = 'OLD'")
        assert verify(tail=True).whole
        assert code_of(verify()) == "state_row_altered"
    with trail.without("agency"):
        trail.run("UPDATE agency SET name = 'Other' WHERE code = 'NEW'")
        assert code_of(verify(tail=True)) == "state_row_altered"
    with trail.without("agency"):
        trail.run("DELETE FROM agency WHERE id = ?", new.id)
        assert code_of(verify(tail=True)) == "state_row_missing"
    trail.records.close()


def test_all_is_checked_again_after_a_week_and_after_a_fault(tmp_path):
    trail = Trail(tmp_path / "siaga.db", signed=False)
    check, began = lambda: trail.trail.verify(OPERATOR, tail=True), trail.clock()
    assert check().all_at == began
    trail.clock.advance(days=6, hours=23)
    assert check().all_at == began  # which each check hands on to the next
    trail.clock.advance(hours=1)
    assert trail.clock() == began + ALL_EVERY
    assert check().after == 0
    assert check().all_at == trail.clock()
    trail.clock.advance(days=-1)
    assert trail.audit.verify(tail=True).after == 0  # nothing is known of a time to come
    trail.clock.advance(days=1)
    trail.run("DELETE FROM audit WHERE seq = 2")
    assert check().whole
    assert trail.trail.verify(OPERATOR).seq == 2
    assert check().seq == 2  # until a check of all finds nothing
    trail.records.close()
