"""The chain: whatever is altered, missing, moved or added is found, and the first is named."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from casework.accounts.agencies import NewAgency
from casework.accounts.lockout import SignInRules
from casework.accounts.officers import NewOfficer
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit import rows as stored
from casework.kernel.audit.chain import (
    FIELDS,
    GENESIS,
    NODE,
    Link,
    chained,
    check_export,
    encode,
    plain,
    record_digest,
)
from casework.kernel.audit.log import REFUSED, AuditEntry
from casework.kernel.data_key import GivenKeys, fingerprint
from casework.kernel.errors import AuditBroken, SetUpError
from casework.kernel.vocabulary import Role
from casework.records import Records
from casework.tables import AuditHead, AuditRecord
from tests.services import DATA_KEY, OPERATOR, QUICK, FakeClock, laid

COUNT = 12

TEXT_COLUMNS = (
    "actor_kind",
    "actor_id",
    "actor_card",
    "agency_id",
    "action",
    "object_id",
    "owner_id",
    "outcome",
    "detail",
    "texts",
    "states",
    "request_id",
    "node",
    "salt",
    "at",
    "hash",
)


def open_records(path, key=DATA_KEY):
    keys = GivenKeys.of(key)
    return Records.open(laid(path), keys, FakeClock(), rules=SignInRules(), passwords=QUICK)


def entry(number):
    """Records of every shape: with and without each field."""
    actor = Actor(
        ActorKind.OFFICER, f"off_{number}", f"Śari {number}", "agy_1" if number % 2 else None
    )
    return AuditEntry(
        actor.asking(f"req-{number}" if number % 3 else None),
        "alert.decide",
        f"alr_{number}" if number % 4 else None,
        "agy_2" if number % 5 else None,
        REFUSED if number % 2 else "done",
        'Tip "7" — 街\n' if number % 3 else None,
        {"n": number, "list": [1, 2.5, None, True], "ü": "é"} if number % 2 else None,
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A file with a whole trail, closed; every test works on a copy."""
    path = tmp_path_factory.mktemp("trail") / "siaga.db"
    records = open_records(path)
    for number in range(1, COUNT + 1):
        records.kernel.audit.note(entry(number))
    assert records.kernel.audit.verify().whole
    records.close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
    return path


class Copy:
    """A copy that somebody with access to the file has changed."""

    def __init__(self, written, folder):
        self.path = folder / "copy.db"
        self.path.write_bytes(written.read_bytes())

    def run(self, *statements):
        with closing(sqlite3.connect(self.path, isolation_level=None)) as database:
            for statement in statements:
                done = database.execute(*statement)
            return done.fetchall()

    def verdict(self, key=DATA_KEY):
        records = open_records(self.path, key)
        try:
            return records.kernel.audit.verify()
        finally:
            records.close()


@pytest.fixture
def copy(written, tmp_path):
    return Copy(written, tmp_path)


def test_a_whole_trail_is_whole(copy):
    verdict = copy.verdict()
    assert verdict.whole
    assert (verdict.records, verdict.fault, verdict.seq) == (COUNT, None, None)
    ((last,),) = copy.run(("SELECT hash FROM audit WHERE seq = ?", (COUNT,)))
    assert verdict.last_hash == last


def test_an_installation_without_any_act_is_whole(tmp_path):
    records = open_records(tmp_path / "new.db")
    assert records.kernel.audit.verify().whole
    records.close()


@pytest.mark.parametrize("examples", [40, pytest.param(600, marks=pytest.mark.more)])
def test_one_changed_byte_of_any_field_is_found_and_named(written, tmp_path_factory, examples):
    @given(data=st.data())
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    def changed_byte(data):
        copy = Copy(written, tmp_path_factory.mktemp("changed"))
        seq = data.draw(st.integers(1, COUNT), "seq")
        column = data.draw(st.sampled_from(TEXT_COLUMNS), "column")
        ((kept,),) = copy.run((f"SELECT CAST({column} AS BLOB) FROM audit WHERE seq = ?", (seq,)))
        if kept:
            how = data.draw(st.sampled_from(["flip", "insert", "drop"]), "how")
            at = data.draw(st.integers(0, len(kept) - 1), "at")
            byte = data.draw(st.integers(0, 255), "byte")
            changed = bytearray(kept)
            if how == "flip":
                changed[at] ^= byte or 1
            elif how == "insert":
                changed.insert(at, byte)
            else:
                del changed[at]
        else:
            changed = bytearray(
                data.draw(st.sampled_from([b"", b"x", b"null", b"{}", b"2"]), "new")
            )
        kind = "BLOB" if column == "salt" else "TEXT"
        value = f"CAST(? AS {kind})"
        copy.run((f"UPDATE audit SET {column} = {value} WHERE seq = ?", (bytes(changed), seq)))
        verdict = copy.verdict()
        assert not verdict.whole
        assert (verdict.seq, verdict.records) == (seq, seq - 1)
        assert verdict.fault == f"record {seq} is not as it was written"

    changed_byte()


@pytest.mark.parametrize(
    ("column", "old", "new"),
    [
        ("detail", '":', '": '),
        ("detail", '{"list"', '{"list":[],"list"'),  # readers may differ in which of two counts
        ("detail", "\\u00fc", "ü"),
        ("at", " ", "T"),
        ("at", ".000000", ".000"),
    ],
)
def test_the_same_value_in_other_words_is_found_too(copy, column, old, new):
    copy.run((f"UPDATE audit SET {column} = replace({column}, ?, ?) WHERE seq = 1", (old, new)))
    assert copy.verdict().seq == 1


@given(seq=st.integers(1, COUNT), column=st.sampled_from(["agency_id", "texts", "detail"]))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_value_that_is_taken_away_is_found(written, tmp_path_factory, seq, column):
    copy = Copy(written, tmp_path_factory.mktemp("emptied"))
    ((kept,),) = copy.run((f"SELECT {column} FROM audit WHERE seq = ?", (seq,)))
    copy.run((f"UPDATE audit SET {column} = NULL WHERE seq = ?", (seq,)))
    verdict = copy.verdict()
    assert verdict.whole == (kept is None)
    assert verdict.seq == (None if kept is None else seq)


@pytest.mark.parametrize("seq", [1, 2, 7, COUNT])
def test_a_missing_record_is_found_and_named(copy, seq):
    copy.run(("DELETE FROM audit WHERE seq = ?", (seq,)))
    verdict = copy.verdict()
    assert verdict.seq == seq
    assert f"record {seq} is missing" in verdict.fault


@pytest.mark.parametrize(("one", "other"), [(1, 2), (3, 9), (COUNT - 1, COUNT)])
def test_records_that_changed_places_are_found(copy, one, other):
    copy.run(
        ("UPDATE audit SET seq = -1 WHERE seq = ?", (one,)),
        ("UPDATE audit SET seq = ? WHERE seq = ?", (one, other)),
        ("UPDATE audit SET seq = ? WHERE seq = -1", (other,)),
    )
    assert copy.verdict().seq == one


@pytest.mark.parametrize("seq", [-5, 0, COUNT + 1, COUNT + 9])
def test_a_record_that_was_added_is_found(copy, seq):
    columns = ", ".join([*(name for name in FIELDS if name != "seq"), "salt", "hash"])
    copy.run(
        (f"INSERT INTO audit (seq, {columns}) SELECT ?, {columns} FROM audit WHERE seq = 3", (seq,))
    )
    verdict = copy.verdict()
    assert verdict.seq == (seq if seq <= COUNT else COUNT + 1)


def test_a_record_that_continues_the_chain_but_was_never_sealed_is_found(copy):
    ((last,),) = copy.run(("SELECT hash FROM audit WHERE seq = ?", (COUNT,)))
    forged = dict.fromkeys(FIELDS) | {
        "node": NODE,
        "seq": COUNT + 1,
        "at": datetime(2026, 3, 1, tzinfo=UTC),
        "actor_kind": "officer",
        "actor_id": "x",
        "actor_card": "x",
        "action": "alert.close",
        "outcome": "done",
    }
    salt = bytes(16)
    digest = chained(last, record_digest(salt, [encode(each) for each in plain(forged).values()]))
    values = {**forged, "at": "2026-03-01 00:00:00.000000", "salt": salt, "hash": digest}
    names = ", ".join(values)
    copy.run(
        (
            f"INSERT INTO audit ({names}) VALUES ({', '.join('?' * len(values))})",
            (*values.values(),),
        )
    )
    verdict = copy.verdict()
    assert verdict.seq == COUNT + 1
    assert "added" in verdict.fault


@pytest.mark.parametrize("kept", [0, 1, COUNT - 1])
def test_a_tail_that_was_cut_off_is_found(copy, kept):
    copy.run(("DELETE FROM audit WHERE seq > ?", (kept,)))
    verdict = copy.verdict()
    assert verdict.seq == kept + 1
    assert "is missing" in verdict.fault


def cut_with_a_forged_end(copy, kept):
    ((digest,),) = copy.run(("SELECT hash FROM audit WHERE seq = ?", (kept,)))
    copy.run(
        ("DELETE FROM audit WHERE seq > ?", (kept,)),
        ("UPDATE audit_head SET seq = ?, hash = ?", (kept, digest)),
    )


def test_a_tail_that_was_cut_off_with_a_forged_end_is_found(copy):
    cut_with_a_forged_end(copy, 9)
    verdict = copy.verdict()
    assert verdict.seq == 10
    assert "not sealed" in verdict.fault


def test_no_record_is_put_behind_a_forged_end_which_would_make_it_genuine(copy):
    cut_with_a_forged_end(copy, 9)
    records = open_records(copy.path)
    with pytest.raises(AuditBroken):
        records.kernel.audit.note(entry(1))
    with pytest.raises(AuditBroken):  # and so no act at all, since it could not be written down
        records.accounts.agencies.create(OPERATOR, NewAgency("IMI", "x"))
    assert records.accounts.agencies.page(OPERATOR, None, None) == []
    assert records.kernel.audit.verify().seq == 10
    records.close()


def test_a_chain_written_anew_without_the_key_is_found(copy):
    """Whoever can write the file can compute hashes, but not the seal."""
    copy.run(("UPDATE audit SET actor_id = 'Somebody else' WHERE seq = 5",))
    records = open_records(copy.path)
    last = GENESIS
    with records.kernel.database.write() as session:
        for each in list(stored.records(session, NODE)):
            last = chained(last, each.digest or b"")
            row = update(AuditRecord).where(AuditRecord.seq == each.seq)
            session.execute(row.values(hash=last))
        session.execute(update(AuditHead).values(hash=last))
    records.close()
    verdict = copy.verdict()
    assert not verdict.whole
    assert "not sealed" in verdict.fault


def test_another_data_key_is_noticed(copy):
    with pytest.raises(SetUpError, match=f"{fingerprint(DATA_KEY)} is missing"):
        open_records(copy.path, bytes(reversed(DATA_KEY)))


@pytest.mark.parametrize("column", ["seq", "hash", "seal"])
def test_an_altered_end_is_found(copy, column):
    value = {"seq": 3, "hash": "0" * 64, "seal": bytes(32)}[column]
    copy.run((f"UPDATE audit_head SET {column} = ?", (value,)))
    assert not copy.verdict().whole


def test_a_missing_end_is_found_and_nothing_is_written_behind_it(copy):
    copy.run(("DELETE FROM audit_head",))
    assert copy.verdict().fault == "the end of the trail is missing"
    records = open_records(copy.path)
    with pytest.raises(AuditBroken):
        records.kernel.audit.note(entry(1))
    records.close()


def test_a_trail_that_was_taken_away_altogether_is_found(tmp_path):
    path = tmp_path / "siaga.db"
    records = open_records(path)
    agency = records.accounts.agencies.create(OPERATOR, NewAgency("IMI", "x"))
    records.accounts.officers.create(
        OPERATOR, NewOfficer(agency.id, "a", "A", frozenset({Role.ADMIN}))
    )
    with records.kernel.database.write() as session:
        for table in (AuditRecord, AuditHead):
            session.execute(delete(table))
    assert records.kernel.audit.verify().seq == 1
    records.close()


# Round trip


@given(
    purpose=st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.none(),
    name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    detail=st.none()
    | st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.integers(0, 99),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.tuples(inner)
                | st.dictionaries(st.text(max_size=5), inner, max_size=3)
            ),
            max_leaves=6,
        ),
        max_size=4,
    ),
    at=st.datetimes(
        datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        timezones=st.just(UTC) | st.just(timezone(timedelta(hours=7))),
    ),
)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_was_hashed_is_what_the_database_gives_back(shared, purpose, name, detail, at):
    records, clock = shared
    clock.now = at
    actor = Actor(ActorKind.OFFICER, "off_1", name, None)
    records.kernel.audit.note(AuditEntry(actor, "x.y", purpose=purpose, detail=detail))
    with records.kernel.database.read() as session:
        *_, last = stored.records(session, NODE)
        row = session.scalars(select(AuditRecord).order_by(AuditRecord.seq.desc()).limit(1)).one()
        before = session.scalar(select(AuditRecord.hash).where(AuditRecord.seq == row.seq - 1))
        (read,) = records.oversight.trail.opened(session, [row])
    assert last.digest is not None
    assert chained(before or GENESIS, last.digest) == last.hash == row.hash
    fields = plain({field: getattr(row, field) for field in FIELDS})
    assert [encode(fields[name]) for name in FIELDS] == last.encoded
    assert (read.actor_name, read.typed) == (name, {} if purpose is None else {"purpose": purpose})


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    clock = FakeClock()
    path = tmp_path_factory.mktemp("shared") / "siaga.db"
    records = Records.open(f"sqlite:///{path}", GivenKeys.of(DATA_KEY), clock, passwords=QUICK)
    yield records, clock
    assert records.kernel.audit.verify().whole
    records.close()


def test_details_are_kept_as_json_would(shared):
    class Level(IntEnum):
        HIGH = 3

    records, _ = shared
    detail: dict[Any, Any] = {
        "level": Level.HIGH,
        "role": Role.ADMIN,
        10: "ten",
        9: "nine",
        "pair": (1, 2),
    }
    records.kernel.audit.note(AuditEntry(OPERATOR, "x.y", detail=detail))
    with records.kernel.database.read() as session:
        *_, last = stored.records(session, NODE)
    assert json.loads(last.encoded[FIELDS.index("detail")]) == {
        "level": 3,
        "role": "admin",
        "10": "ten",
        "9": "nine",
        "pair": [1, 2],
    }


# Anchors


def test_an_anchor_shows_that_the_trail_goes_on_from_an_export(copy):
    hashes = [row[0] for row in copy.run(("SELECT hash FROM audit ORDER BY seq",))]
    records = open_records(copy.path)
    for number in (1, 5, COUNT):
        assert records.kernel.audit.verify(Link(number, hashes[number - 1])).whole
    altered = records.kernel.audit.verify(Link(5, hashes[5]))
    assert (altered.seq, altered.whole) == (5, False)
    rolled_back = records.kernel.audit.verify(Link(COUNT + 3, "f" * 64))
    assert rolled_back.seq == COUNT + 1
    records.close()


def test_an_empty_export_is_whole_and_empty():
    assert check_export([]).records == 0
