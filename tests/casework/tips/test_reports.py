"""What keys and the public report, and what they learn."""

import pytest

from casework.kernel.actor import Actor, ActorKind
from casework.kernel.errors import NotFound, NotPermitted
from casework.kernel.vocabulary import ReceiptState, Scope, TipOrigin, TipState
from casework.tips.reports import TOLD, NewTip
from casework.tips.tips import TipFilter
from casework.watchlists.subjects import NewSubject
from detector.errors import UnsupportedFormat
from tests.casework.referrals.scenes import Scene
from tests.fakes import photo_of

TEXT = "A man I know from the news."
NEW = NewTip(TEXT, TipOrigin.PUBLIC, source="a neighbour")
PURPOSE = "a report from an employer"


@pytest.fixture
def scene(desk):
    return Scene.of(desk)


@pytest.fixture
def work(desk):
    return desk.service.tip_steps


@pytest.fixture
def reports(desk):
    return desk.service.exchange.tip_reports


@pytest.fixture
def employer(desk):
    """A key of scope `tips`, of the agency that the scene's sender works for."""
    scopes = frozenset({Scope.TIPS})
    return Actor(ActorKind.SYSTEM, "key_1", "employer", desk.agency("IMI"), scopes=scopes)


def test_a_receipt_tells_of_every_state_how_far_the_work_is():
    assert set(TOLD) == set(TipState)
    assert set(TOLD.values()) == set(ReceiptState)


def test_a_key_reports_and_learns_how_far_the_work_is(scene, work, reports, employer):
    row = work.record(employer, NEW, photo_of(1))
    assert reports.receipt(employer, row.id).state is ReceiptState.RECEIVED
    work.search(scene.sender, row.id, PURPOSE)
    assert reports.receipt(employer, row.id).state is ReceiptState.IN_HAND
    work.dismiss(scene.sender, row.id, "nothing")
    receipt = reports.receipt(employer, row.id)
    assert (receipt.state, receipt.reference) == (ReceiptState.ENDED, row.reference)
    assert reports.receipt_by_reference(employer, row.reference.lower()) == receipt
    assert reports.receipt_by_reference(employer, "0000-0000") is None


@pytest.mark.every_database
def test_a_report_is_taken_alike_whoever_is_in_its_photo(desk, scene, work, employer):
    desk.enrol(1)
    rows = [work.record(employer, NEW, photo_of(each)) for each in (1, 2)]
    rows.append(work.record(employer, NEW, photo_of()))
    told = {(row.state, row.photo_format, row.photo_quality, row.version) for row in rows}
    assert told == {("new", "jpeg", None, 1)}


def test_what_is_no_photo_is_refused_at_once(work, employer, scene, desk):
    with pytest.raises(UnsupportedFormat):
        work.record(employer, NEW, b"no photo at all")
    assert desk.service.exchange.tips.page(scene.sender, None, 10, TipFilter()) == []


def test_a_photo_is_analysed_once_an_officer_searches_it(desk, scene, work, employer):
    subject = desk.enrol(1)
    row = work.record(employer, NEW, photo_of(1, brightness=0.9))
    found = work.search(scene.sender, row.id, PURPOSE)
    assert found.candidates[0][0].subject_id == subject
    view = desk.service.exchange.tips.get(scene.sender, row.id)
    assert view.tip.photo_quality["verdict"] == "marginal"


def test_a_key_neither_reads_nor_searches_nor_enrols(desk, work, employer):
    row, tips = work.record(employer, NEW, photo_of(1)), desk.service.exchange.tips
    person = NewSubject(name="Somebody", watchlist_ids=(desk.watchlist(),))
    for attempt in (
        lambda: tips.page(employer, None, 10, TipFilter()),
        lambda: tips.get(employer, row.id),
        lambda: tips.photo(employer, row.id),
        lambda: tips.source(employer, row.id),
        lambda: work.search(employer, row.id, PURPOSE),
        lambda: work.enrol(employer, row.id, person),
        lambda: work.dismiss(employer, row.id, "x"),
    ):
        with pytest.raises(NotPermitted):
            attempt()


def test_a_receipt_is_for_who_recorded_it_alone(desk, scene, work, reports, employer):
    row = work.record(employer, NEW)
    others = [scene.sender, scene.stranger]
    others.append(
        Actor(ActorKind.SYSTEM, "key_2", "other", employer.agency_id, scopes=employer.scopes)
    )
    for other in others:
        with pytest.raises(NotFound):
            reports.receipt(other, row.id)
        assert reports.receipt_by_reference(other, row.reference) is None
