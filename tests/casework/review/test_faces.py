"""The two small faces of an alert: made with it, kept sealed, and gone with what they come from."""

import threading

import pytest
from sqlalchemy import update

from casework.kernel.errors import NotFound, NotPermitted
from casework.kernel.vocabulary import Role
from casework.review.faces import SmallFaces
from casework.tables import Encounter, EnrolledPhoto
from detector.pipeline import Pipeline
from detector.portrait import SMALL_SIDE
from tests.data import decoded
from tests.deadlines import patience
from tests.fakes import FakeDetector, FakeEmbedder
from tests.services import OPERATOR, officer

pytestmark = pytest.mark.every_database

BOTH = ("probe", "enrolled")


@pytest.fixture
def alert(desk):
    desk.enrol(1)
    return desk.screen(1).encounter.alerts[0]


@pytest.fixture
def reader(desk):
    return officer(desk.agency(), Role.OFFICER)


def faces_of(desk, reader, alert):
    faces = desk.service.screening.faces
    return [getattr(faces, name)(reader, alert.id) for name in BOTH]


def stored(desk):
    with desk.service.kernel.database.read() as session:
        return [session.query(table.sealed_face).scalar() for table in (Encounter, EnrolledPhoto)]


def forget(desk):
    """As it was before small faces were made."""
    with desk.service.kernel.database.write() as session:
        for table in (Encounter, EnrolledPhoto):
            session.execute(update(table).values(sealed_face=None))


def test_both_are_made_with_the_alert_and_at_enrolment(desk, alert, reader):
    sealed = stored(desk)
    assert None not in sealed
    for face, kept in zip(faces_of(desk, reader, alert), sealed, strict=True):
        assert decoded(face).shape == (SMALL_SIDE, SMALL_SIDE, 3)
        assert face not in kept
    assert stored(desk) == sealed


def test_a_traveller_without_an_alert_has_none(desk):
    desk.screen(7)
    assert stored(desk) == [None, None]


def test_of_what_was_kept_before_they_are_made_once(desk, alert, reader):
    before = faces_of(desk, reader, alert)
    forget(desk)
    again = faces_of(desk, reader, alert)
    made = stored(desk)
    assert None not in made
    assert again[1] == before[1]  # of the same photo
    assert decoded(again[0]).shape == (SMALL_SIDE, SMALL_SIDE, 3)
    assert faces_of(desk, reader, alert) == again
    assert stored(desk) == made
    assert desk.service.kernel.audit.verify().whole


@pytest.mark.on_sqlite
def test_many_who_ask_for_what_is_not_made_wait_no_longer_than_they_may(
    desk, alert, reader, monkeypatch
):
    """Threads are few: who finds others before them is told to come again."""
    forget(desk)
    begun, end = threading.Event(), threading.Event()

    class Slow(FakeDetector):
        def detect(self, image, long_side):
            begun.set()
            end.wait(patience(20))
            return super().detect(image, long_side)

    monkeypatch.setattr("casework.review.faces._PATIENCE_S", 0.01)
    faces = SmallFaces(desk.service.kernel, Pipeline(Slow(), FakeEmbedder(), (320,)))
    first = threading.Thread(target=lambda: faces.probe(reader, alert.id))
    first.start()
    assert begun.wait(patience(20))
    with pytest.raises(NotFound, match="not made yet"):
        faces.enrolled(reader, alert.id)
    end.set()
    first.join()
    assert faces.probe(reader, alert.id)


def test_an_erased_subject_takes_its_face_with_it(desk, alert, reader):
    subjects = desk.service.lists.subjects
    subjects.remove(OPERATOR, alert.subject_id)
    assert stored(desk)[1] is None
    with pytest.raises(NotFound):
        desk.service.screening.faces.enrolled(reader, alert.id)
    assert desk.service.screening.faces.probe(reader, alert.id)


def test_only_those_who_may_see_the_alert_see_its_faces(desk, reader):
    police = officer(desk.agency("POL"), Role.OFFICER, name="agus")
    shared = desk.watchlist("shared", shared_with=(desk.agency("POL"),))
    own = desk.watchlist("own")
    desk.enrol(1, shared)
    desk.enrol(2, own)
    seen, hidden = (desk.screen(n).encounter.alerts[0] for n in (1, 2))
    assert faces_of(desk, police, seen) == faces_of(desk, reader, seen)
    for name in BOTH:
        with pytest.raises(NotFound):
            getattr(desk.service.screening.faces, name)(police, hidden.id)
        with pytest.raises(NotPermitted):
            getattr(desk.service.screening.faces, name)(
                officer(desk.agency(), Role.ADMIN, name="hadi"), seen.id
            )
