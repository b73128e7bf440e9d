"""The gallery follows the database: at start, after every write, and from another process."""

import contextlib
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from casework.gallery.change_log import log_removed
from casework.gallery.replica import GalleryReplica
from casework.kernel.errors import EnrolmentRefused, StillInUse
from casework.tables import Template
from index.memory import MemoryGallery
from tests.services import OPERATOR, Desk, FakeClock, open_service, photo_file

pytestmark = pytest.mark.every_database


def templates(service) -> set[int]:
    with service.kernel.database.read() as session:
        return set(session.scalars(select(Template.id)))


def test_a_restart_loads_exactly_the_acknowledged_templates(desk, database):
    for person in range(5):
        desk.enrol(person)
    desk.service.close()
    restarted = open_service(database)
    assert restarted.gallery.replica.gallery.ids() == templates(restarted)
    assert len(restarted.gallery.replica.gallery) == 5
    assert Desk(restarted, FakeClock()).screen(3).encounter.outcome == "alert"
    restarted.close()


def test_another_process_s_writes_are_seen_by_the_next_screening(desk, database):
    other = Desk(open_service(database), FakeClock())
    assert other.screen(1).encounter.outcome == "clear"
    subject = desk.enrol(1)
    assert other.screen(1).encounter.outcome == "alert"
    desk.service.lists.subjects.remove(OPERATOR, subject)
    assert other.screen(1).encounter.outcome == "clear"
    other.service.close()


def test_a_removal_in_the_log_alone_silences_nobody(desk):
    """Somebody writes into the database that a template is gone, and leaves it there."""
    desk.enrol(1)
    with desk.service.kernel.database.write() as session:
        template = session.scalars(select(Template.id)).one()
        log_removed(session, [template], desk.clock)
    assert desk.screen(1).encounter.outcome == "alert"


def test_templates_of_another_model_stay_out(desk, database):
    desk.enrol(1)
    with desk.service.kernel.database.write() as session:
        template = session.scalars(select(Template)).one()
        session.add(
            Template(
                photo_id=template.photo_id,
                subject_id=template.subject_id,
                model="another/1/ff",
                sealed_vector=b"not even a vector",
                created_at=desk.clock(),
            )
        )
    service = open_service(database)
    assert len(service.gallery.replica.gallery) == 1
    service.close()


def test_the_position_counts_even_where_nothing_is_enrolled(desk, database):
    subject = desk.enrol(1)
    desk.service.lists.subjects.remove(OPERATOR, subject)
    service = open_service(database)
    assert len(service.gallery.replica.gallery) == 0
    assert service.gallery.replica.gallery.version > 0
    assert service.gallery.replica.catch_up() == service.gallery.replica.gallery.version
    service.close()


class MirrorMachine(RuleBasedStateMachine):
    """Random enrolments and removals; a mirror that follows the log equals one loaded afresh."""

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.desk = Desk(open_service(Path(self.folder.name) / "siaga.db", self.clock), self.clock)
        self.subjects: dict[str, int] = {}

    def teardown(self):
        if hasattr(self, "desk"):
            self.desk.service.close()
            self.folder.cleanup()

    @rule(person=st.integers(0, 200))
    def enrol(self, person):
        self.subjects[self.desk.enrol(person)] = person

    @precondition(lambda self: self.subjects)
    @rule(data=st.data(), person=st.integers(0, 200))
    def add_photo(self, data, person):
        subject = data.draw(st.sampled_from(sorted(self.subjects)))
        with contextlib.suppress(EnrolmentRefused):  # the same photo twice
            self.desk.service.enrolment.add_photos(
                OPERATOR, subject, [photo_file(person, brightness=0.95)]
            )

    @precondition(lambda self: self.subjects)
    @rule(data=st.data())
    def remove_photo(self, data):
        subject = data.draw(st.sampled_from(sorted(self.subjects)))
        photo = self.desk.service.lists.subjects.get(OPERATOR, subject).photos[0]
        with contextlib.suppress(StillInUse):  # the last one stays
            self.desk.service.lists.subjects.remove_photo(OPERATOR, subject, photo.id)

    @precondition(lambda self: self.subjects)
    @rule(data=st.data())
    def remove(self, data):
        subject = data.draw(st.sampled_from(sorted(self.subjects)))
        self.desk.service.lists.subjects.remove(OPERATOR, subject)
        del self.subjects[subject]

    @rule()
    def follow(self):
        self.desk.service.gallery.replica.catch_up()

    @invariant()
    def following_equals_loading(self):
        if not hasattr(self, "desk"):
            return
        service = self.desk.service
        service.gallery.replica.catch_up()
        empty = MemoryGallery(service.pipeline.embedder.dim)
        fresh = GalleryReplica(service.kernel, empty, service.model)
        fresh.load()
        assert service.gallery.replica.gallery.ids() == fresh.gallery.ids() == templates(service)
        probe = np.zeros(fresh.gallery.dim, np.float32)
        probe[0] = 1
        assert (
            service.gallery.replica.gallery.search(probe, -1).hits
            == fresh.gallery.search(probe, -1).hits
        )


TestMirrorMachine = MirrorMachine.TestCase
TestMirrorMachine.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)
