"""SQLite's log moves after the turns of writers, stays small, and keeps nothing back."""

import logging
import os
import sqlite3
import threading

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from casework.kernel import sqlite_log
from casework.kernel.database import Database
from casework.kernel.sqlite_log import LARGEST
from tests.deadlines import patience

MEBI = 1 << 20


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'siaga.db'}")
    with database.write_core() as connection:
        connection.execute(text("CREATE TABLE photo (content BLOB)"))
    yield database
    database.close()


@pytest.fixture
def log(tmp_path):
    return tmp_path / "siaga.db-wal"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(sqlite_log, "_BETWEEN_S", 0.0)
    monkeypatch.setattr(sqlite_log, "_AFTER_FAULT_S", 0.0)


def write(database: Database, size: int) -> None:
    with database.write_core() as connection:
        connection.execute(
            text("INSERT INTO photo VALUES (:content)"), {"content": os.urandom(size)}
        )


def test_the_log_stays_small_and_everything_is_in_the_file(database, log, tmp_path):
    for _ in range(60):
        write(database, MEBI // 2)
    assert log.stat().st_size <= LARGEST + 2 * MEBI
    copy = tmp_path / "copy.db"
    copy.write_bytes((tmp_path / "siaga.db").read_bytes())
    with sqlite3.connect(copy) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM photo").fetchone()
    assert rows >= 60 - (LARGEST + 2 * MEBI) // (MEBI // 2)


def test_a_reader_holds_it_back_only_while_it_reads(database, log):
    with database.read() as session:
        session.execute(text("SELECT count(*) FROM photo")).one()
        for _ in range(12):
            write(database, MEBI)
        assert log.stat().st_size > 2 * LARGEST
    for _ in range(4):
        write(database, MEBI)
    assert log.stat().st_size <= LARGEST + 2 * MEBI


def test_a_commit_moves_nothing_and_only_the_last_pages_move_within_a_turn(database):
    with database.write_core() as connection:
        assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() == 0
    moves: list[tuple[bool, int]] = []

    @event.listens_for(database.engine, "after_cursor_execute")
    def watch(_connection, _cursor, statement, *_rest) -> None:
        if "wal_checkpoint" in statement:
            moves.append((database._turns._taken, len(moves)))

    for _ in range(12):
        write(database, MEBI)
    within = [taken for taken, _ in moves]
    assert within.count(False) >= within.count(True) >= 1
    assert within[0] is False


def test_others_have_their_turns_while_it_moves(database):
    moving, had_turn = threading.Event(), threading.Event()

    @event.listens_for(database.engine, "before_cursor_execute")
    def hold(_connection, _cursor, statement, *_rest) -> None:
        if "wal_checkpoint" in statement and not moving.is_set():
            moving.set()
            assert had_turn.wait(patience(20))

    writer = threading.Thread(target=write, args=(database, LARGEST + MEBI))
    writer.start()
    assert moving.wait(patience(20))
    write(database, 10)
    had_turn.set()
    writer.join()


def test_a_fault_is_logged_and_what_was_committed_stands(database, caplog):
    @event.listens_for(database.engine, "before_cursor_execute")
    def fail(_connection, _cursor, statement, *_rest) -> None:
        if "wal_checkpoint" in statement:
            raise OperationalError(statement, {}, Exception("disk I/O error"))

    with caplog.at_level(logging.WARNING):
        write(database, LARGEST + MEBI)
    assert "could not be moved: later again" in caplog.text
    event.remove(database.engine, "before_cursor_execute", fail)
    write(database, 10)
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM photo")).scalar() == 2


def test_what_writes_in_memory_has_no_log():
    database = Database("sqlite://")
    with database.write_core() as connection:
        connection.execute(text("CREATE TABLE photo (content BLOB)"))
    write(database, LARGEST + MEBI)
    assert database.log_left is False
    database.close()
