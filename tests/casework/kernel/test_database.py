"""What both databases must keep, above all when many write at once: order, turns, one state."""

import logging
import random
import re
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Date,
    Integer,
    String,
    cast,
    delete,
    event,
    func,
    insert,
    inspect,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from casework.gallery.change_log import log_policy, position
from casework.kernel.audit.log import AuditEntry
from casework.kernel.database import Database
from casework.kernel.errors import IllegalTransition, NotFound, SetUpError
from casework.kernel.vocabulary import Disposal, Opinion, Role
from casework.migrations import newest_revision
from casework.review.decisions import Finding
from casework.tables import AuditRecord, GalleryChange, Subject, Table, Watchlist
from casework.watchlists.subjects import SubjectFilter
from tests.deadlines import patience, wait_until
from tests.services import OPERATOR, Desk, FakeClock, officer, open_service, port_system, url_of

pytestmark = pytest.mark.every_database

_THREADS = 20

# As the tables were at revision 0002.
_OLD_WATCHLIST = (
    "INSERT INTO watchlist (id, name, category, direction, target_fpir, instruction, version, "
    "created_at, updated_at) VALUES ('wl_1', 'old', 'wanted', 'entry', 0.001, :said, :version, "
    ":created_at, :updated_at)"
)
_OLD_SUBJECT = (
    "INSERT INTO subject (id, name, reason, version, created_at, updated_at) "
    "VALUES ('sub_1', 'x', '', :version, :created_at, :updated_at)"
)
_MIGRATE = (
    "import sys; from casework.kernel.database import Database; Database(sys.argv[1]).migrate()"
)


def together(*works):
    """Run all at the same moment; returns what each returned or raised."""
    gate = threading.Barrier(len(works))

    def run(work):
        gate.wait(patience(10))
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - what went wrong is a result here
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


# Many at once


def test_the_audit_chain_stays_whole_when_many_append_at_once(desk, database):
    other = open_service(database)
    audits = [desk.service.kernel.audit, other.kernel.audit]
    before = audits[0].verify().records

    def note(number):
        for turn in range(5):
            audits[number % 2].note(AuditEntry(OPERATOR, "test", f"{number}/{turn}"))

    assert together(*(partial(note, n) for n in range(_THREADS))) == [None] * _THREADS
    verdict = audits[0].verify()
    assert verdict.whole, verdict.fault
    assert verdict.records == before + 5 * _THREADS
    with desk.service.kernel.database.read() as session:
        seen = session.scalars(select(AuditRecord.object_id).where(AuditRecord.action == "test"))
        assert len(set(seen)) == 5 * _THREADS
    other.close()


def test_no_reader_of_the_change_log_ever_misses_an_earlier_change(desk, database):
    """Numbers are given in one order and committed in the same, whoever is slow."""
    other, stop = Database(url_of(database)), threading.Event()
    seen: set[int] = set()
    missed: list[int] = []

    def follow():
        last = 0
        while True:
            ending = stop.is_set()
            with other.read() as session:
                newest = position(session)
                found = set(session.scalars(select(GalleryChange.seq)))
            missed.extend(number for number in found - seen if number <= last)
            seen.update(found)
            last = newest
            if ending:
                return

    def change(number):
        draw = random.Random(number)
        database = (desk.service.kernel.database, other)[number % 2]
        for _ in range(10):
            with database.write() as session:
                log_policy(session, desk.clock)
                session.flush()
                time.sleep(draw.random() / 500)

    reader = threading.Thread(target=follow)
    reader.start()
    results = together(*(partial(change, n) for n in range(8)))
    stop.set()
    reader.join(patience(20))
    other.close()
    assert results == [None] * 8
    assert missed == []
    assert len(seen) >= 80


def test_of_two_officers_one_takes_the_alert(desk, database):
    other = open_service(database)
    desk.enrol(1)
    for _ in range(5):
        (alert,) = desk.screen(1).encounter.alerts
        people = [officer(desk.agency(), Role.OFFICER, name=name) for name in ("one", "two")]
        first, second = together(
            partial(desk.service.review.decisions.acknowledge, people[0], alert.id),
            partial(other.review.decisions.acknowledge, people[1], alert.id),
        )
        refused = [each for each in (first, second) if isinstance(each, IllegalTransition)]
        taken = [each for each in (first, second) if not isinstance(each, Exception)]
        assert (len(refused), len(taken)) == (1, 1), (first, second)
    other.close()


def test_many_screen_at_once_and_every_answer_is_kept(desk):
    desk.enrol(1)
    ports = [port_system(f"key_{n}") for n in range(_THREADS)]
    found = together(*(partial(desk.screen, n % 2, key=ports[n]) for n in range(_THREADS)))
    outcomes = [each.encounter.outcome for each in found]
    assert outcomes == ["clear", "alert"] * (_THREADS // 2)
    for screened, port in zip(found, ports, strict=True):
        kept = desk.service.screening.encounters.get(screened.encounter.id, port)
        assert len(kept.alerts) == (1 if kept.outcome == "alert" else 0)
    assert desk.service.kernel.audit.verify().whole


# One state


def test_a_reader_sees_one_state_from_beginning_to_end(desk):
    database = desk.service.kernel.database
    with database.read() as session:
        before = session.scalar(select(func.count()).select_from(Subject))
        desk.enrol(1)
        assert session.scalar(select(func.count()).select_from(Subject)) == before
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Subject)) == before + 1


def test_a_failed_write_leaves_nothing_and_the_next_one_goes_on(desk):
    def fail():
        with desk.service.kernel.database.write() as session:
            log_policy(session, desk.clock)
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    before = desk.service.gallery.replica.catch_up()
    desk.enrol(1)
    assert desk.service.gallery.replica.catch_up() > before


# From alert to closing


def test_an_alert_goes_from_the_first_opinion_to_its_closing(desk):
    records = desk.service
    watchlist = desk.watchlist("two opinions", requires_second_officer=True)
    desk.enrol(1, watchlist)
    (alert,) = desk.screen(1).encounter.alerts
    agency = desk.agency()
    first = officer(agency, Role.OFFICER, name="first")
    second = officer(agency, Role.SUPERVISOR, name="second")
    finding = Finding(Opinion.POTENTIAL_CANDIDATE, note="the left ear")
    records.review.decisions.acknowledge(first, alert.id)
    records.review.decisions.decide(first, alert.id, finding)
    records.review.decisions.confirm(second, alert.id, finding)
    closed = records.review.decisions.close(second, alert.id, Disposal.HANDED_OVER)
    assert (closed.state, closed.disposal) == ("closed", "handed_over")
    assert records.review.alerts.get(first, alert.id).alert.state == "closed"
    with pytest.raises(NotFound):
        records.review.alerts.get(officer(desk.agency("POL"), Role.OFFICER), alert.id)
    assert records.kernel.audit.verify().whole


def test_a_search_for_words_finds_letters_beyond_ascii(desk):
    subject = desk.enrol(1, aliases=("Rénée O'Hara",))
    page = desk.service.lists.subjects.page
    for words in ("rénée", "O'HARA"):
        assert [row.id for row in page(OPERATOR, None, 5, SubjectFilter(words=words))] == [subject]
    assert page(OPERATOR, None, 5, SubjectFilter(words="100%_")) == []


# The schema


@pytest.fixture
def empty(request, database):
    """A database without tables, of the same kind."""
    kind = nullcontext(database)
    if isinstance(database, str):
        kind = request.getfixturevalue("postgresql").empty()
    with kind as place:
        opened = Database(url_of(place))
        yield opened
        opened.close()


def alembic(database, step, revision):
    config = Config()
    config.set_main_option("script_location", "casework/migrations")
    with database._writing.connect() as connection, database._free_of_foreign_keys(connection):
        config.attributes["connection"] = connection
        step(config, revision)


def tables(database):
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def test_the_migrations_make_exactly_the_tables_that_the_code_describes(empty):
    empty.migrate()
    empty.migrate()
    with empty.engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), Table.metadata)
    assert difference == []


def leading(inspector, table):
    """The first columns of all that finds any row of a table: no index of some rows alone."""
    whole = [
        index["column_names"]
        for index in inspector.get_indexes(table)
        if not any(name.endswith("_where") for name in index.get("dialect_options", {}))
    ]
    unique = [each["column_names"] for each in inspector.get_unique_constraints(table)]
    key = inspector.get_pk_constraint(table)["constrained_columns"]
    return [columns for columns in (*whole, *unique, key) if columns]


def test_what_refers_to_a_record_is_found_by_an_index(desk):
    """Without one, erasing a record reads a whole table that is about something else."""
    inspector = inspect(desk.service.kernel.database.engine)
    missing = [
        f"{table}.{', '.join(each['constrained_columns'])}"
        for table in inspector.get_table_names()
        for each in inspector.get_foreign_keys(table)
        if not any(
            set(columns[: len(each["constrained_columns"])]) == set(each["constrained_columns"])
            for columns in leading(inspector, table)
        )
    ]
    assert not missing


def test_the_newest_revision_is_the_one_that_alembic_ends_at():
    config = Config()
    config.set_main_option("script_location", "casework/migrations")
    assert newest_revision() == ScriptDirectory.from_config(config).get_current_head()


def test_the_migrations_can_be_undone_and_done_again(empty):
    empty.migrate()
    alembic(empty, command.downgrade, "base")
    assert tables(empty) == set()
    empty.migrate()
    assert tables(empty) == set(Table.metadata.tables)


def test_records_from_before_there_were_agencies_belong_to_one(empty):
    alembic(empty, command.upgrade, "0002")
    stamps = {"version": 1, "created_at": FakeClock()(), "updated_at": FakeClock()()}
    with empty.write_core() as connection:
        connection.execute(text(_OLD_WATCHLIST), {"said": 'Call the "duty" officer', **stamps})
        connection.execute(text(_OLD_SUBJECT), stamps)
    empty.migrate()
    with empty.read() as session:
        watchlist = session.get_one(Watchlist, "wl_1")
        subject = session.get_one(Subject, "sub_1")
        assert watchlist.instruction == dict.fromkeys(("id", "en"), 'Call the "duty" officer')
        assert (subject.aliases, subject.documents, subject.status) == ([], [], "active")
        assert subject.agency_id == watchlist.agency_id


def test_nobody_comes_between_the_migrations_of_one_start(empty):
    commits: list[object] = []
    event.listen(empty.engine, "commit", commits.append)
    empty.migrate()
    assert len(commits) == 1


def test_a_writer_waits_in_the_line_of_its_process_and_not_for_the_database(desk):
    database = desk.service.kernel.database

    def write():
        with database.write_core():
            pass

    with database.write_core():
        writer = threading.Thread(target=write)
        writer.start()
        wait_until(lambda: len(database._turns._line) == 1, 5, every=0.001)
    writer.join()


def test_two_nodes_that_start_at_once_make_the_tables_once(empty):
    url = empty.url.render_as_string(hide_password=False)
    nodes = [subprocess.Popen([sys.executable, "-c", _MIGRATE, url]) for _ in range(2)]
    assert [node.wait(patience(60)) for node in nodes] == [0, 0]
    assert tables(empty) == set(Table.metadata.tables)


@pytest.mark.on_sqlite
def test_a_new_file_that_another_is_just_writing_to_is_waited_for(tmp_path):
    path = tmp_path / "new.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE one (id INTEGER)")
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor() as apart:
        opened = apart.submit(lambda: Database(f"sqlite:///{path}").engine.connect().close())
        time.sleep(0.05)
        assert not opened.done()
        other.execute("COMMIT")
        opened.result(patience(5))
    other.close()


@pytest.mark.on_sqlite
def test_another_kind_of_database_is_refused():
    with pytest.raises(SetUpError, match="PostgreSQL"):
        Database("mysql://localhost/siaga")


def test_what_is_no_json_is_refused_before_it_is_stored(desk):
    with pytest.raises(ValueError, match="not JSON compliant"):
        desk.service.kernel.audit.note(AuditEntry(OPERATOR, "test", detail={"x": float("nan")}))


def test_ids_of_removed_templates_are_not_given_again(desk):
    row = {"kind": "test", "created_at": desk.clock()}
    database = desk.service.kernel.database
    with database.write_core() as connection:
        connection.execute(insert(GalleryChange), row)
    with database.read() as session:
        first = position(session)
    with database.write_core() as connection:
        connection.execute(delete(GalleryChange))
        connection.execute(insert(GalleryChange), row)
    with database.read() as session:
        assert position(session) > first


def test_another_node_follows_and_alerts(desk, database):
    other = Desk(open_service(database), FakeClock())
    desk.enrol(7)
    assert other.screen(7).encounter.outcome == "alert"
    other.service.close()


# What errors tell


_NAME = "Ségolène Harapan"


@pytest.mark.parametrize(
    "statement",
    [
        insert(Subject).values(id=_NAME),
        insert(Subject).values(id=_NAME, agency_id=_NAME, name=_NAME, version="x" * 9 + _NAME),
        update(Watchlist).values(version=_NAME),
        select(Subject)
        .where(cast(cast(_NAME, String), Integer) / 0 == 1)
        .with_only_columns(cast(literal(_NAME), Date)),
        select(text("no_such_column")).where(Subject.id == _NAME),
        text("SELECT nonsense(:name)").bindparams(name=_NAME),
        text("INSERT INTO agency VALUES (:name)").bindparams(name=_NAME),
        delete(Table.metadata.tables["agency"]).where(
            text("nowhere = :name").bindparams(name=_NAME)
        ),
        insert(Subject).values(id="x", aliases=[object(), _NAME]),
        insert(Subject).values(id="\ud800" + _NAME),
        insert(Subject).values(id="\0" + _NAME),
        insert(Subject).values(id=_NAME, valid_from=_NAME),
    ],
    ids=range(12),
)
def test_a_broken_statement_tells_nothing_of_its_values(desk, caplog, statement):
    desk.watchlist()
    database = desk.service.kernel.database
    try:
        with database.write() as session:
            session.execute(statement).all()
    except Exception as error:
        logging.getLogger("test").exception("broken")
        shown = f"{error} {error!r} {error.__cause__} {error.__context__!r}"
    else:
        pytest.skip("this database does not mind")
    for place in (shown, caplog.text):
        assert not set(_NAME.split()) & set(re.split(r"\W+", place))


def test_a_row_that_is_refused_is_not_quoted(desk):
    desk.enrol(1, reference=_NAME)
    database = desk.service.kernel.database
    with database.read() as session:
        row = session.execute(select(Subject.__table__)).mappings().one()
    with pytest.raises(IntegrityError) as refused, database.write() as session:
        session.execute(insert(Subject).values({**row, "id": "sub_x"}))
    assert "Harapan" not in f"{refused.value} {refused.value.orig!r}"
    assert "reference" in str(refused.value)
