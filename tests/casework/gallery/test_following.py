"""The gallery follows each commit of its own process by itself: no caller has to remember it."""

import logging
from contextlib import suppress

import pytest
from sqlalchemy import event, insert

from casework.gallery.change_log import TOPIC, log_policy, position
from casework.kernel.database import announce
from casework.kernel.vocabulary import Category, Direction, Role, Stage, TipOrigin
from casework.screening.screening import Arrival
from casework.tables import GalleryChange, Watchlist
from casework.tips.reports import NewTip
from casework.watchlists.subjects import NewSubject
from tests.casework.imports.lists import csv_of, imported, person, zip_of
from tests.fakes import photo_of
from tests.services import OPERATOR, officer, photo_file, port_system

pytestmark = pytest.mark.every_database


def enrol(desk):
    desk.enrol(1)


def add_a_photo(desk):
    desk.service.enrolment.add_photos(OPERATOR, desk.enrol(2), [photo_file(1)])


def import_a_file(desk):
    file = csv_of(person(1, photos="1.jpg"))
    imported(desk, file, zip_of({"1.jpg": photo_of(1)}))


def enrol_a_tip(desk):
    actor = officer(desk.agency(), Role.ANALYST, Role.OFFICER)
    tip = desk.service.tip_steps.record(actor, NewTip("Seen.", TipOrigin.PUBLIC), photo_of(1))
    new = NewSubject(name="x", watchlist_ids=(desk.watchlist(),))
    desk.service.tip_steps.enrol(actor, tip.id, new, None)


def in_gallery(desk, number=1):
    """Whether the gallery knows a person, without a look at the database."""
    face = desk.service.pipeline.analyse(photo_of(number)).embedding
    best = desk.service.gallery.replica.gallery.search(face, -1).best
    return best is not None and best > 0.7


def up_to_date(desk):
    with desk.service.kernel.database.read() as session:
        return desk.service.gallery.replica.gallery.version == position(session) > 0


@pytest.mark.parametrize("write", [enrol, add_a_photo, import_a_file, enrol_a_tip])
def test_whom_a_commit_adds_the_very_next_search_finds(desk, write):
    assert not in_gallery(desk)
    write(desk)
    assert up_to_date(desk)
    assert in_gallery(desk)
    assert desk.service.gallery.replica.sizes.counts()[desk.watchlist()] >= 1
    assert desk.screen(1).encounter.outcome == "alert"


def test_who_is_removed_is_gone(desk):
    subject = desk.enrol(1)
    kept = desk.enrol(2)
    desk.service.lists.subjects.remove(OPERATOR, subject)
    assert up_to_date(desk)
    assert not in_gallery(desk)
    photo = desk.service.enrolment.add_photos(OPERATOR, kept, [photo_file(1)])
    assert in_gallery(desk)
    added = desk.service.lists.subjects.get(OPERATOR, kept).photos[-1]
    assert photo.reports[0].accepted
    desk.service.lists.subjects.remove_photo(OPERATOR, kept, added.id)
    assert not in_gallery(desk)
    assert up_to_date(desk)


def test_a_policy_counts_at_once(desk):
    desk.enrol(1)
    assert desk.service.screening.matching.policies()[desk.watchlist()].category == Category.OTHER
    desk.service.lists.watchlists.edit(
        OPERATOR, desk.watchlist(), {"category": "wanted"}, version=None
    )
    assert desk.service.screening.matching.policies()[desk.watchlist()].category == Category.WANTED


def test_a_commit_by_plain_statements_is_followed(desk):
    kernel = desk.service.kernel
    row = {"kind": "policy", "template_id": None, "created_at": desk.clock()}

    def write(connection):
        connection.execute(insert(GalleryChange), row)
        announce(connection, TOPIC)

    desk.service.commits.write(write)
    assert up_to_date(desk)
    with kernel.database.write_core() as connection:
        write(connection)
    assert up_to_date(desk)


def test_what_is_undone_is_not_followed_and_does_not_linger(desk):
    kernel, called = desk.service.kernel, []
    kernel.database.after_commit(TOPIC, lambda: called.append(1))
    for begin in (kernel.database.write, kernel.database.write_core):
        with suppress(ZeroDivisionError), begin() as database:
            announce(database, TOPIC)
            raise ZeroDivisionError
    desk.screen(1)
    assert called == []


def test_a_follower_that_fails_neither_undoes_nor_hides_the_commit(desk, caplog):
    kernel, called = desk.service.kernel, []

    def fail():
        raise RuntimeError("the follower is ill")

    kernel.database.after_commit(TOPIC, fail)
    kernel.database.after_commit(TOPIC, lambda: called.append(1))
    with caplog.at_level(logging.ERROR):
        desk.watchlist("kept")
    assert called == [1], "the others are told all the same"
    assert "the follower is ill" in caplog.text
    with kernel.database.read() as session:
        assert session.get(Watchlist, desk.watchlist("kept")) is not None


def test_screening_s_own_commits_do_not_pay_for_it(desk):
    desk.enrol(1)
    kernel, called, statements = desk.service.kernel, [], []
    kernel.database.after_commit(TOPIC, lambda: called.append(1))
    arrival = Arrival(photo_of(1), "CGK", Direction.ENTRY, Stage.ARRIVAL, desk.clock())
    screened = desk.service.screening.encounters.examine(arrival, port_system())

    @event.listens_for(kernel.database.engine, "before_cursor_execute")
    def count(_connection, _cursor, statement, *_):
        statements.append(statement)

    desk.service.screening.encounters.record(screened, arrival, port_system())
    assert called == []
    assert not [each for each in statements if "gallery_change" in each]


def test_a_change_of_several_kinds_is_followed_once(desk):
    kernel, called = desk.service.kernel, []
    kernel.database.after_commit(TOPIC, lambda: called.append(1))
    with kernel.database.write() as session:
        log_policy(session, desk.clock)
        log_policy(session, desk.clock)
    assert called == [1]
