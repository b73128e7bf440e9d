"""Group commit: together if possible, each for itself if not, and never lost."""

import threading

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from casework.kernel.group_commit import GroupCommit
from casework.tables import GalleryChange
from tests.deadlines import patience

pytestmark = pytest.mark.every_database


def change(seq, clock):
    row = {"seq": seq, "kind": "test", "created_at": clock()}
    return lambda connection: connection.execute(insert(GalleryChange), row)


def kept(database):
    query = select(GalleryChange.seq).where(GalleryChange.kind == "test")
    with database.read() as session:
        return sorted(session.scalars(query))


def test_many_threads_share_few_commits_and_all_is_there_on_return(desk):
    database, commits = desk.service.kernel.database, []
    group, write_core = GroupCommit(database), database.write_core
    first, others = threading.Event(), 12

    def counted():
        commits.append(1)
        return write_core()

    database.write_core = counted

    def slow(connection):
        first.set()
        while len(group._queue) < others:
            pass
        change(1000, desk.clock)(connection)

    threads = [threading.Thread(target=group.write, args=(slow,))]
    threads[0].start()
    assert first.wait(patience(10))
    for number in range(others):
        work = change(2000 + number, desk.clock)
        threads.append(threading.Thread(target=group.write, args=(work,)))
        threads[-1].start()
    for thread in threads:
        thread.join(patience(20))
    assert len(kept(database)) == others + 1
    assert len(commits) == 2


def test_one_that_fails_does_not_take_the_others_with_it(desk):
    database = desk.service.kernel.database
    group, errors = GroupCommit(database), []
    group.write(change(5000, desk.clock))

    def write(seq):
        try:
            group.write(change(seq, desk.clock))
        except IntegrityError:
            errors.append(seq)

    threads = [threading.Thread(target=write, args=(seq,)) for seq in (5000, 5001, 5002, 5000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patience(20))
    assert kept(database) == [5000, 5001, 5002]
    assert errors == [5000, 5000]


def test_an_error_reaches_the_caller_whose_it_is(desk):
    group = GroupCommit(desk.service.kernel.database)

    def explode(_connection):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        group.write(explode)
    group.write(change(6000, desk.clock))
