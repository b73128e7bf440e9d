"""Watchlist sizes follow the log and always equal what a count would find."""

import random

import pytest
from sqlalchemy import event, func, select

from casework.tables import Template, WatchlistEntry
from casework.watchlists.enrolment import Application
from casework.watchlists.subjects import NewSubject
from tests.services import OPERATOR, Desk, FakeClock, open_service, photo_file

pytestmark = pytest.mark.every_database


def counted(service):
    query = (
        select(WatchlistEntry.watchlist_id, func.count())
        .join(Template, Template.subject_id == WatchlistEntry.subject_id)
        .where(Template.model == str(service.model))
        .group_by(WatchlistEntry.watchlist_id)
    )
    with service.kernel.database.read() as session:
        return dict(session.execute(query).all())


def followed(service):
    service.gallery.replica.catch_up()
    return {name: size for name, size in service.gallery.replica.sizes.counts().items() if size}


def test_after_any_change_the_sizes_are_what_a_count_finds(desk, database):
    lists = [desk.watchlist(name) for name in ("one", "two", "three")]
    other = Desk(open_service(database), FakeClock())  # follows the log alone
    draw = random.Random(7)
    subjects: list[str] = []
    for step in range(60):
        choice = draw.random()
        if not subjects or choice < 0.4:
            chosen = draw.sample(lists, draw.randint(1, 3))
            subjects.append(desk.enrol(step, *chosen, reference=f"r{step}"))
        elif choice < 0.6:
            chosen = draw.sample(lists, draw.randint(1, 3))
            desk.service.lists.subjects.edit(
                OPERATOR, draw.choice(subjects), {"watchlist_ids": chosen}, None
            )
        elif choice < 0.75:
            subject = draw.choice(subjects)
            desk.service.enrolment.add_photos(OPERATOR, subject, [photo_file(1000 + step)])
        elif choice < 0.85:
            known = desk.service.lists.subjects.get(OPERATOR, draw.choice(subjects))
            person = NewSubject("x", tuple(lists), reference=known.reference)
            desk.service.enrolment.store(OPERATOR, [Application(person, ())])
        else:
            desk.service.lists.subjects.remove(OPERATOR, subjects.pop())
        assert followed(desk.service) == followed(other.service) == counted(desk.service)
    restarted = open_service(database)
    assert followed(restarted) == counted(restarted)
    for service in (other.service, restarted):
        service.close()


def test_an_enrolment_costs_as_many_statements_in_a_large_gallery_as_in_a_small_one(desk):
    engine, statements = desk.service.kernel.database.engine, []
    watchlist = desk.watchlist()

    @event.listens_for(engine, "before_cursor_execute")
    def on_execute(_connection, _cursor, statement, _parameters, _context, _many):
        statements.append(statement)

    def enrol_and_screen(person):
        statements.clear()
        desk.enrol(person, watchlist)
        desk.screen(person)
        return list(statements)

    for person in (60, 61):  # the first time, what is known of the actors is kept
        enrol_and_screen(person)
    small = enrol_and_screen(1)
    for person in range(2, 40):
        desk.enrol(person, watchlist)
    desk.screen(3)
    assert enrol_and_screen(50) == small
    assert not any("count(" in statement.lower() for statement in small)


def test_one_person_twice_in_one_group_is_one_subject(desk):
    enrolment, lists = desk.service.enrolment, (desk.watchlist(),)
    twice = [
        Application(NewSubject("x", lists, reference="r"), (enrolment.examine(photo_file(n)),))
        for n in (1, 2)
    ]
    first, second = enrolment.store(OPERATOR, twice)
    assert (first.created, second.created) == (True, False)
    assert first.subject_id == second.subject_id
    assert followed(desk.service) == {lists[0]: 2}
