"""Watchlist sizes follow the log and the clock, and always equal what a count would find."""

import random
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from casework.kernel.errors import EnrolmentRefused, IllegalTransition, NotFound, StillInUse
from casework.kernel.period import in_force
from casework.kernel.vocabulary import SubjectStatus
from casework.tables import EnrolledPhoto, Template
from casework.watchlists.enrolment import Application
from casework.watchlists.subjects import NewSubject
from tests.casework.imports.lists import imported
from tests.services import OPERATOR, Desk, open_service, photo_file

pytestmark = pytest.mark.every_database


def counted(desk):
    """Count the templates that a traveller of this moment could raise an alert by, one by one."""
    found: Counter[str] = Counter()
    now = desk.clock()
    with desk.service.kernel.database.read() as session:
        for template in session.scalars(select(Template)):
            photo = session.get_one(EnrolledPhoto, template.photo_id)
            subject = photo.subject
            if (
                subject.status == SubjectStatus.ACTIVE
                and subject.erase_at is None
                and photo.erase_at is None
                and in_force(subject.valid_from, subject.valid_until, now)
            ):
                found.update(entry.watchlist_id for entry in subject.memberships)
    return dict(found)


def followed(service):
    service.gallery.replica.catch_up()
    return {name: size for name, size in service.gallery.replica.sizes.counts().items() if size}


def test_after_any_change_the_sizes_are_what_a_count_finds(desk, database):
    lists = [desk.watchlist(name) for name in ("one", "two", "three")]
    other = Desk(open_service(database, desk.clock), desk.clock)  # follows the log alone
    subjects, erasures = desk.service.lists.subjects, desk.service.lists.erasures
    draw = random.Random(7)
    known: list[str] = []
    step = 0

    def some():
        return draw.sample(lists, draw.randint(1, 3))

    def edit(**changes):
        subjects.edit(OPERATOR, draw.choice(known), changes, None)

    def photo(*, erased):
        rows = [subjects.get(OPERATOR, subject) for subject in known]
        found = [
            (row.id, each.id)
            for row in rows
            for each in row.photos
            if (each.erase_at is not None) == erased and row.erase_at is None
            if len(row.photos) > 1
        ]
        return draw.choice(found) if found else (known[0], "ph_none")

    def again():
        row = subjects.get(OPERATOR, draw.choice(known))
        person = NewSubject("x", tuple(lists), reference=row.reference)
        desk.service.enrolment.store(OPERATOR, [Application(person, ())])

    def import_status():
        row = subjects.get(OPERATOR, draw.choice(known))
        status = draw.choice(list(SubjectStatus))
        content = f"reference,name,status\n{row.reference},x,{status}\n".encode()
        imported(desk, content, watchlist=lists[0])

    acts = [
        lambda: known.append(desk.enrol(step, *some(), reference=f"r{step}")),
        lambda: edit(watchlist_ids=some()),
        lambda: edit(status=draw.choice(list(SubjectStatus))),
        lambda: edit(valid_from=None, valid_until=later(draw.randint(1, 5))),
        lambda: edit(valid_from=later(draw.randint(-3, 3)), valid_until=None),
        lambda: desk.service.enrolment.add_photos(
            OPERATOR, draw.choice(known), [photo_file(1000 + step)]
        ),
        lambda: erasures.erase(OPERATOR, draw.choice(known), "mistaken"),
        lambda: erasures.restore(OPERATOR, draw.choice(known)),
        lambda: erasures.erase_photo(OPERATOR, *photo(erased=False), "mistaken"),
        lambda: erasures.restore_photo(OPERATOR, *photo(erased=True)),
        again,
        import_status,
        lambda: desk.clock.advance(hours=draw.randint(1, 30)),
        lambda: subjects.remove(OPERATOR, known.pop(draw.randrange(len(known)))),
    ]

    def later(days):
        return desk.clock() + timedelta(days=days)

    done: Counter[int] = Counter()
    for act in [0, 0, 0, 5, 5, *(act for _ in range(3) for act in draw.sample(range(14), 14))]:
        step += 1
        with suppress(IllegalTransition, StillInUse, EnrolmentRefused, NotFound):
            acts[act]()
            done[act] += 1
        assert followed(desk.service) == followed(other.service) == counted(desk)
    assert set(done) == set(range(len(acts)))
    restarted = open_service(database, desk.clock)
    assert followed(restarted) == counted(desk)
    for service in (other.service, restarted):
        service.close()


def test_a_subject_that_is_being_erased_makes_no_threshold_stricter(desk):
    listed = desk.watchlist()
    desk.enrol(1)
    alone = desk.service.screening.matching.policies()[listed].threshold
    others = [desk.enrol(person) for person in (2, 3, 4)]
    together = desk.service.screening.matching.policies()[listed].threshold
    assert together > alone
    subjects, erasures = desk.service.lists.subjects, desk.service.lists.erasures
    erasures.erase(OPERATOR, others[0], "mistaken")
    subjects.edit(OPERATOR, others[1], {"status": SubjectStatus.SUSPENDED}, None)
    until = desk.clock() + timedelta(hours=1)
    subjects.edit(OPERATOR, others[2], {"valid_until": until}, None)
    desk.clock.advance(hours=1, minutes=1)
    assert desk.service.screening.matching.policies()[listed].threshold == alone
    erasures.restore(OPERATOR, others[0])
    subjects.edit(OPERATOR, others[1], {"status": SubjectStatus.ACTIVE}, None)
    subjects.edit(OPERATOR, others[2], {"valid_until": None}, None)
    assert desk.service.screening.matching.policies()[listed].threshold == together


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
