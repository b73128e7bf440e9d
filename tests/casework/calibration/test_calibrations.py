"""Calibrations: what clear encounters leave, what is made of it, and who follows."""

from datetime import date

import numpy as np
import pytest
from sqlalchemy import func, insert, select, update

from casework.calibration import non_mated_scores
from casework.calibration.thresholds import (
    BY_HAND,
    RAREST,
    FalseMatchModel,
    parameters,
    read_basis,
    restored,
)
from casework.kernel.actor import Actor
from casework.kernel.errors import NotFound, NotPermitted, TooFewScores
from casework.kernel.vocabulary import Direction
from casework.tables import (
    Alert,
    CalibrationRecord,
    ChanceScore,
    Encounter,
    GalleryChange,
    ReferenceSet,
)
from index.calibration import calibrate
from index.engine import ENGINES
from index.memory import MemoryGallery
from index.threshold import FalseMatchCurve
from models.runtimes import Runtime
from tests.services import BEGIN, OPERATOR, Desk, open_service, photo_file, port_system

pytestmark = pytest.mark.every_database

TODAY = BEGIN.date()


def strangers(count, seed=0):
    return np.random.default_rng(seed).gumbel(0.3, 0.03, count)


def note(desk, scores, gallery_size=1, on=TODAY, model=None, runtime=Runtime.ONNXRUNTIME):
    """Put scores into the records as clear encounters would."""
    model = model or str(desk.service.model)
    origin = non_mated_scores.Origin(model, runtime.value, gallery_size)
    with desk.service.kernel.database.write_core() as connection:
        for score in scores:
            non_mated_scores.record(connection, origin, float(score), on)


def noted(desk):
    with desk.service.kernel.database.read() as session:
        return list(session.scalars(select(ChanceScore)))


def threshold(desk, name="wanted"):
    desk.service.gallery.replica.catch_up()
    (policy,) = [
        each for each in desk.service.screening.matching.policies().values() if each.name == name
    ]
    return policy.threshold


# What encounters leave


def test_a_clear_encounter_leaves_one_number_and_nothing_else(desk):
    for person in (1, 2, 3):
        desk.enrol(person)
    encounter = desk.screen(9, traveller_ref="T-1", lane="7").encounter
    assert encounter.outcome == "clear"
    (left,) = noted(desk)
    embedding = desk.service.pipeline.analyse(photo_file(9, brightness=0.9).content).embedding
    assert left.score == desk.service.gallery.replica.gallery.top(embedding, 1).hits[0].score
    assert (left.model, left.gallery_size, left.noted_on) == (
        str(desk.service.model),
        3,
        date(2026, 3, 1),
    )
    assert {column.name for column in ChanceScore.__table__.columns} == {
        "runtime",
        "id",
        "model",
        "score",
        "gallery_size",
        "noted_on",
    }


def test_ids_do_not_tell_the_order_of_travellers(desk):
    desk.enrol(1)
    ids: list[int] = []
    for person in range(20, 28):
        desk.screen(person)
        (new,) = {row.id for row in noted(desk)} - set(ids)
        ids.append(new)
    assert ids != sorted(ids)
    assert ids != sorted(ids, reverse=True)


def test_alerts_the_unsearchable_the_unconcerned_and_replays_leave_none(desk):
    desk.screen(9)  # an empty gallery: nothing to score against
    desk.enrol(1, desk.watchlist("entry", direction=Direction.ENTRY))
    assert desk.screen(1).encounter.outcome == "alert"
    assert desk.screen().encounter.outcome == "unsearchable"
    assert desk.screen(9, direction=Direction.EXIT).encounter.outcome == "clear"
    with pytest.raises(Exception, match="photo"):
        desk.screen(photo=b"\xff\xd8\xff not a photo")
    assert noted(desk) == []
    desk.screen(9, idempotency_key="k")
    assert desk.screen(9, idempotency_key="k").replayed
    assert len(noted(desk)) == 1


def test_a_score_is_there_exactly_if_its_encounter_is(desk, monkeypatch):
    desk.enrol(1)

    def fail(*_):
        raise RuntimeError("the power goes")

    with monkeypatch.context() as patch:
        patch.setattr(non_mated_scores, "record", fail)
        with pytest.raises(RuntimeError, match="power"):
            desk.screen(9)
    with desk.service.kernel.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Encounter)) == 0
    assert noted(desk) == []


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_leaves_the_same_score(desk, name):
    probe = desk.service.pipeline.analyse(photo_file(50).content).embedding
    rows = np.stack(
        [desk.service.pipeline.analyse(photo_file(n).content).embedding for n in range(12)]
    )
    gallery = MemoryGallery(rows.shape[1], ENGINES[name](rows.shape[1]))
    gallery.add(range(12), rows)
    found = gallery.search(probe, 0.9)
    assert found.hits == ()
    assert found.best == gallery.top(probe, 1).hits[0].score


# Making one


def test_the_threshold_is_what_the_fit_says_for_the_list_s_size(desk):
    desk.enrol(1)
    scores = strangers(2000)
    note(desk, scores)
    made = desk.service.calibration.calibrations.make_from_encounters(OPERATOR)
    expected = calibrate(scores, 1)
    assert (made.searches, made.gallery_size, made.in_force) == (2000, 1, True)
    assert threshold(desk) == pytest.approx(expected.score_at(1e-3), abs=1e-12)
    reading = desk.service.calibration.calibrations.get(OPERATOR, made.id)
    (permille,) = [each for each in reading.thresholds if each.fpir == 1e-3]
    assert permille.score == pytest.approx(expected.score_at(1e-3))
    assert (permille.low, permille.high) == pytest.approx(expected.interval(1e-3))
    assert not reading.extrapolated


def test_what_is_stored_is_the_whole_fit():
    fitted = calibrate(strangers(500), 70)
    assert restored(500, 70, parameters(fitted)) == fitted


@pytest.mark.parametrize("runtimes", [{Runtime.OPENVINO_BF16}, set(Runtime)])
def test_a_calibration_says_what_ran_the_model_and_whether_that_runs_here(desk, runtimes):
    desk.enrol(1)
    for seed, runtime in enumerate(sorted(runtimes)):
        note(desk, strangers(300, seed), runtime=runtime)
    made = desk.service.calibration.calibrations.make_from_encounters(OPERATOR)
    assert made.runtimes == tuple(sorted(each.value for each in runtimes))
    reading = desk.service.calibration.calibrations.get(OPERATOR, made.id)
    assert reading.runtime == "onnxruntime"
    assert reading.other_runtime == (Runtime.ONNXRUNTIME not in runtimes)


def test_one_from_reference_photos_ran_on_what_runs_here(desk):
    desk.enrol(1)
    made = desk.service.calibration.calibrations.make_from_reference(OPERATOR, strangers(300))
    assert made.runtimes == ("onnxruntime",)


def test_encounters_searches_and_scores_say_what_ran_the_model(desk):
    desk.enrol(1)
    desk.service.pipeline.runtime = Runtime.OPENVINO_BF16
    assert desk.screen(1).encounter.runtime == "openvino-bf16"
    desk.screen(9)
    assert [each.runtime for each in noted(desk)] == ["openvino-bf16"]


def test_reference_photos_calibrate_and_are_not_kept(desk):
    desk.enrol(1)
    calibrations = desk.service.calibration.calibrations
    analyses = [desk.service.pipeline.analyse(photo_file(n).content) for n in range(100, 310)]
    scores = calibrations.top_scores(
        [each.embedding for each in analyses if each.embedding is not None]
    )
    assert len(scores) == len(analyses)
    before = threshold(desk)
    made = calibrations.make_from_reference(OPERATOR, scores)
    assert made.source == "reference"
    one_percent = calibrations.get(OPERATOR, made.id).thresholds[2]
    assert one_percent.score == pytest.approx(calibrate(scores, 1).score_at(0.01))
    assert one_percent.fpir_low < 0.01 < one_percent.fpir_high
    # So few searches show nothing of 1 in 1,000: they make no list laxer than the prior.
    assert threshold(desk) == before
    assert noted(desk) == []


def test_an_alert_keeps_its_calibration_and_its_odds(desk):
    desk.enrol(1)
    (before,) = desk.screen(1).encounter.alerts
    assert before.calibration_id is None
    assert before.threshold_basis.startswith("prior of open")
    assert 1 <= before.one_in <= RAREST
    made = desk.service.calibration.calibrations.make_from_reference(
        OPERATOR, strangers(1000).tolist()
    )
    (alert,) = desk.screen(1).encounter.alerts
    assert alert.calibration_id == made.id
    assert alert.threshold_basis == f"calibration {made.id}: FPIR 0.001 at 1 templates"
    assert alert.one_in == RAREST  # scores of 0.98 were never seen of strangers
    kept = desk.service.screening.encounters.get(desk.screen(1).encounter.id, port_system()).alerts[
        0
    ]
    assert (kept.calibration_id, kept.one_in) == (alert.calibration_id, alert.one_in)
    desk.service.lists.watchlists.edit(OPERATOR, desk.watchlist(), {"threshold": 0.9}, None)
    (by_hand,) = desk.screen(1).encounter.alerts
    assert (by_hand.threshold_basis, by_hand.calibration_id) == ("set by hand", made.id)


def test_odds_agree_with_the_target_at_the_threshold():
    curve = FalseMatchCurve((0.1, 1e-6), (0.2, 0.6))
    for chance in (
        FalseMatchModel("p", curve),
        FalseMatchModel("p", curve, calibrate(strangers(5000), 1000), "cal_1"),
        FalseMatchModel("p", curve, calibrate(strangers(500), 1000), "cal_1"),
        FalseMatchModel("p", curve, calibrate(strangers(500), 1000), "cal_1", generic=True),
    ):
        at = chance.threshold(1e-3, 1000)
        assert chance.one_in(at, 1000) == pytest.approx(1000, rel=0.05)
        assert chance.one_in(at, 100) > 5000
        assert chance.one_in(-1.0, 1000) == 1
        assert chance.one_in(1.0, 1000) <= RAREST
    assert "extrapolated from 1000" in str(chance.basis(1e-3, 249))
    assert "extrapolated" not in str(chance.basis(1e-3, 250))
    assert "extrapolated" not in str(chance.basis(1e-3, 1250))
    assert "extrapolated" in str(chance.basis(1e-3, 1251))


def test_few_searches_make_no_threshold_laxer_than_the_prior():
    """Their scores lie below the prior's or above: the stricter counts where they show nothing."""
    curve = FalseMatchCurve((0.1, 1e-6), (0.2, 0.6))
    for shift in (-0.3, 0.3):
        fitted = calibrate(strangers(1000) + shift, 1000)
        model = FalseMatchModel("p", curve, fitted, "cal_1")
        prior = FalseMatchModel("p", curve)
        for fpir in (0.1, 0.01, 0.0021):
            assert model.threshold(fpir, 1000) == fitted.score_at(fpir, 1000)
        for fpir in (0.0019, 1e-3, 1e-5):
            both = fitted.score_at(fpir, 1000), prior.threshold(fpir, 1000)
            assert model.threshold(fpir, 1000) == max(both)
        # The rarer a rate, the higher its threshold; and what a score is worth follows it.
        thresholds = [model.threshold(fpir, 1000) for fpir in np.geomspace(0.1, 1e-5, 60)]
        assert np.all(np.diff(thresholds) >= 0)
        odds = [model.one_in(score, 1000) for score in np.linspace(0, 0.9, 90)]
        assert np.all(np.diff(odds) >= 0)
    generic = FalseMatchModel("p", curve, fitted, "cal_1", generic=True)
    assert generic.threshold(1e-3, 1000) == fitted.score_at(1e-3, 1000)


def test_what_an_alert_keeps_of_its_threshold_is_read_again():
    curve = FalseMatchCurve((0.1, 1e-6), (0.2, 0.6))
    calibrated = FalseMatchModel("p", curve, calibrate(strangers(5000), 1000), "cal_1")
    bases = [
        BY_HAND,
        FalseMatchModel("open-plus: 2", curve).basis(1e-3, 7),
        FalseMatchModel("own", curve, generic=True).basis(1e-3, 7),
        calibrated.basis(2.5e-6, 1250),
        calibrated.basis(1e-3, 4001),
    ]
    assert [each.code for each in bases] == [
        "basis_by_hand",
        "basis_prior",
        "basis_generic",
        "basis_calibration",
        "basis_extrapolated",
    ]
    for each in bases:
        assert read_basis(str(each)) == each
    assert read_basis("something else") is None


def test_too_few_scores_are_refused_in_words(desk):
    calibrations = desk.service.calibration.calibrations
    with pytest.raises(TooFewScores, match="gallery is empty"):
        calibrations.make_from_encounters(OPERATOR)
    assert (
        calibrations.top_scores([np.eye(desk.service.pipeline.embedder.dim, dtype=np.float32)[0]])
        == []
    )
    desk.enrol(1)
    note(desk, strangers(199))
    with pytest.raises(TooFewScores, match=r"199 non-mated searches.*siaga calibrate FOLDER"):
        calibrations.make_from_encounters(OPERATOR)
    assert calibrations.current() is None
    with pytest.raises(NotFound):
        calibrations.get(OPERATOR, "cal_none")


def test_only_scores_of_this_model_and_about_this_gallery_size_count(desk):
    for person in range(8):
        desk.enrol(person)
    near = strangers(300)
    note(desk, near[:150], 8)
    note(desk, near[150:], 10)
    note(desk, strangers(500) + 0.3, 11)
    note(desk, strangers(500) + 0.3, 6)
    note(desk, strangers(500) + 0.3, 8, model="another/1/ff")
    made = desk.service.calibration.calibrations.make_from_encounters(OPERATOR)
    assert 298 <= made.searches <= 300  # one or two may be beyond what so few explain
    assert made.gallery_size == 8


def alerted(desk, scores, state):
    """Put encounters with one alert each into the records, as if they had scored so."""
    encounter = desk.screen(1).encounter
    with desk.service.kernel.database.write() as session:
        row = session.get_one(Encounter, encounter.id)
        values = {c.key: getattr(row, c.key) for c in Encounter.__table__.columns}
        first = row.alerts[0]
        alert = {c.key: getattr(first, c.key) for c in Alert.__table__.columns}
        for n, score in enumerate(scores):
            name = f"{encounter.id}_{n}"
            session.execute(insert(Encounter), [values | {"id": name}])
            changed = {
                "id": name,
                "encounter_id": name,
                "case_number": name,
                "score": float(score),
                "state": state,
            }
            session.execute(insert(Alert), [alert | changed])
        session.execute(update(Alert).where(Alert.id == first.id).values(state="confirmed"))


@pytest.mark.parametrize("state", ["new", "rejected"])
def test_alerts_not_found_true_complete_the_tail(desk, state):
    """Without them the tail would end at the threshold."""
    desk.enrol(1)
    everyone, cut = strangers(3000), 0.45
    note(desk, everyone[everyone < cut])
    alerted(desk, everyone[everyone >= cut], state)
    desk.service.calibration.calibrations.make_from_encounters(OPERATOR)
    assert threshold(desk) == pytest.approx(calibrate(everyone, 1).score_at(1e-3), abs=0.01)


@pytest.mark.parametrize("state", ["new", "confirmed", "potential_candidate", "referred"])
def test_true_matches_do_not_raise_the_threshold_decided_or_not(desk, state):
    desk.enrol(1)
    everyone = strangers(3000)
    note(desk, everyone)
    alerted(desk, np.random.default_rng(1).normal(0.75, 0.05, 100), state)
    made = desk.service.calibration.calibrations.make_from_encounters(OPERATOR)
    assert threshold(desk) == pytest.approx(calibrate(everyone, 1).score_at(1e-3), abs=0.02)
    counted = "101 matches" if state != "new" else "1 matches"
    assert counted in made.detail


# Who follows, and when it is made again


def test_another_process_follows_a_new_calibration(desk, database):
    other = Desk(open_service(database), desk.clock)
    desk.enrol(1)
    before = threshold(other)
    made = desk.service.calibration.calibrations.make_from_reference(
        OPERATOR, strangers(3000).tolist()
    )
    assert threshold(other) == threshold(desk) != before
    assert other.screen(1).encounter.alerts[0].calibration_id == made.id
    other.service.close()


def test_the_newest_of_the_model_in_use_counts(desk, database):
    desk.enrol(1)
    first = desk.service.calibration.calibrations.make_from_reference(
        OPERATOR, strangers(500).tolist()
    )
    second = desk.service.calibration.calibrations.make_from_reference(
        OPERATOR, strangers(500, 1).tolist()
    )
    with desk.service.kernel.database.write() as session:
        row = session.get_one(CalibrationRecord, second.id)
        session.add(
            CalibrationRecord(
                id="cal_zzz",
                model="another/1/ff",
                source="reference",
                detail="",
                searches=500,
                gallery_size=1,
                parameters=row.parameters,
                created_at=desk.clock(),
                made_by="c",
            )
        )
    current = desk.service.calibration.calibrations.current()
    assert current is not None
    assert (current.id, current.made_by) == (second.id, OPERATOR.id)
    page = desk.service.calibration.calibrations.page(OPERATOR, None, 2)
    assert [each.id for each in page] == [first.id, second.id]
    assert [each.in_force for each in page] == [False, True]
    assert [
        each.id for each in desk.service.calibration.calibrations.page(OPERATOR, second.id, 2)
    ] == ["cal_zzz"]


def test_it_is_made_again_when_the_gallery_has_grown_or_much_more_is_known(desk):
    calibrations = desk.service.calibration.calibrations
    for person in range(8):
        desk.enrol(person)
    assert calibrations.renew(Actor.service()) is None  # nothing is known
    note(desk, strangers(999), 8)
    assert calibrations.renewal_due() is None
    note(desk, strangers(1, 5), 8)
    first = calibrations.renew(Actor.service())
    assert first is not None
    assert (first.made_by, first.gallery_size) == ("service", 8)
    assert calibrations.renewal_due() is None
    desk.enrol(8)
    assert calibrations.renewal_due() is None  # 9 / 8
    last = desk.enrol(9)
    assert calibrations.renewal_due() == "the gallery went from 8 to 10 templates"
    assert (second := calibrations.renew(Actor.service())) is not None
    assert second.gallery_size == 10
    note(desk, strangers(3000, 2), 10)
    assert "4000 searches are known instead of" in (calibrations.renewal_due() or "")
    assert (third := calibrations.renew(Actor.service())) is not None
    assert third.searches >= 3990
    (first_subject,) = desk.service.lists.subjects.page(OPERATOR, None, 1)
    for subject in (last, first_subject.id):
        desk.service.lists.subjects.remove(OPERATOR, subject)
    assert calibrations.renewal_due() == "the gallery went from 10 to 8 templates"


def test_a_process_that_was_overtaken_makes_none(desk, database, monkeypatch):
    desk.enrol(1)
    note(desk, strangers(1000))
    other = open_service(database)
    fit = desk.service.calibration.calibrations._from_encounters

    def slowly():
        fitted = fit()
        assert other.calibration.calibrations.renew(Actor.service()) is not None
        return fitted

    monkeypatch.setattr(desk.service.calibration.calibrations, "_from_encounters", slowly)
    assert desk.service.calibration.calibrations.renew(Actor.service()) is None
    assert [
        each.made_by for each in desk.service.calibration.calibrations.page(OPERATOR, None, 9)
    ] == ["service"]
    other.close()


def test_old_scores_go(desk, monkeypatch):
    monkeypatch.setattr(non_mated_scores, "KEPT", 20)
    desk.enrol(1)
    note(desk, strangers(15), on=date(2026, 1, 1))
    note(desk, strangers(15, 1), on=date(2026, 1, 2))
    note(desk, strangers(5), on=date(2025, 1, 1), model="another/1/ff")
    desk.service.calibration.calibrations.renew(Actor.service())
    days = [row.noted_on for row in noted(desk) if row.model == str(desk.service.model)]
    assert len(days) == 20
    assert days.count(date(2026, 1, 2)) == 15
    assert len(noted(desk)) == 25


def test_thresholds_are_read_again_and_the_fit_only_once(desk):
    desk.enrol(1)
    desk.service.calibration.calibrations.make_from_reference(OPERATOR, strangers(500).tolist())
    desk.screen(1)
    with desk.service.kernel.database.read() as session:
        first = desk.service.calibration.calibrations.chance(session)
        assert desk.service.calibration.calibrations.chance(session) is first
        assert session.scalar(select(GalleryChange.kind).order_by(GalleryChange.seq.desc())) == (
            "policy"
        )


# Reference photos that are kept


def faces(desk, count, seed=0):
    """Templates of people on no list."""
    vectors = np.random.default_rng(seed).standard_normal(
        (count, desk.service.pipeline.embedder.dim), dtype=np.float32
    )
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def calibrated_on(desk, templates, *, keep=True):
    calibrations = desk.service.calibration.calibrations
    scores = calibrations.top_scores(list(templates))
    made = calibrations.make_from_reference(OPERATOR, scores)
    if keep:
        calibrations.keep_reference(OPERATOR, templates)
    return made


def test_kept_reference_photos_are_searched_again_when_the_gallery_has_grown(desk, database):
    calibrations = desk.service.calibration.calibrations
    for person in range(8):
        desk.enrol(person)
    templates = faces(desk, 300)
    first = calibrated_on(desk, templates)
    assert calibrations.renew(Actor.service()) is None
    desk.enrol(8)
    assert calibrations.renew(Actor.service()) is None  # 9 / 8
    for person in (9, 10, 11):
        desk.enrol(person)
    with open_service(database) as other:  # what is kept outlives the process
        again = other.calibration.calibrations.renew(Actor.service())
    assert again is not None
    assert (again.source, again.searches, again.gallery_size) == ("reference", 300, 12)
    assert "300 kept photos" in again.detail
    assert "from 8 to 12 templates" in again.detail
    assert calibrations.renew(Actor.service()) is None
    # What it says is what searching all photos once more would.
    expected = calibrate(calibrations.top_scores(list(templates)), 12)
    shown = calibrations.get(OPERATOR, again.id)
    assert not shown.extrapolated
    assert calibrations.get(OPERATOR, first.id).gallery_size == 12
    assert shown.thresholds[2].score == pytest.approx(expected.score_at(0.01, 12))


def test_the_service_s_own_searches_come_before_kept_photos(desk):
    calibrations = desk.service.calibration.calibrations
    for person in range(4):
        desk.enrol(person)
    calibrated_on(desk, faces(desk, 300))
    for person in range(4, 8):
        desk.enrol(person)
    note(desk, strangers(1000), 8)
    made = calibrations.renew(Actor.service())
    assert made is not None
    assert made.source == "encounters"


def test_kept_reference_photos_calibrate_a_pack_that_has_no_calibration(desk):
    calibrations = desk.service.calibration.calibrations
    calibrations.keep_reference(OPERATOR, faces(desk, 300))
    assert calibrations.renew(Actor.service()) is None  # there is nobody to search for
    desk.enrol(1)
    made = calibrations.renew(Actor.service())
    assert made is not None
    assert (made.source, made.searches, made.gallery_size) == ("reference", 300, 1)
    assert calibrations.renew(Actor.service()) is None


def test_nothing_of_reference_photos_is_kept_unless_asked_for_and_one_set_at_most(desk):
    calibrations = desk.service.calibration.calibrations
    desk.enrol(1)
    calibrated_on(desk, faces(desk, 300), keep=False)
    assert calibrations.kept_reference() is None
    desk.enrol(2)
    assert calibrations.renew(Actor.service()) is None
    calibrated_on(desk, faces(desk, 300))
    calibrated_on(desk, faces(desk, 250, seed=1))
    assert calibrations.kept_reference() is not None
    assert calibrations.kept_reference().photos == 250
    calibrated_on(desk, faces(desk, 300), keep=False)
    assert calibrations.kept_reference().photos == 250  # what was kept before stays
    with desk.service.kernel.database.read() as session:
        (row,) = session.scalars(select(ReferenceSet))
        assert faces(desk, 250, seed=1)[0].astype("<f4").tobytes() not in row.sealed_vectors
    assert calibrations.erase_reference(OPERATOR) == 250
    assert calibrations.kept_reference() is None
    assert calibrations.erase_reference(OPERATOR) == 0
    desk.enrol(3)
    assert calibrations.renew(Actor.service()) is None


def test_who_may_not_calibrate_erases_nothing(desk):
    desk.enrol(1)
    calibrated_on(desk, faces(desk, 300))
    calibrations = desk.service.calibration.calibrations
    with pytest.raises(NotPermitted):
        calibrations.erase_reference(port_system())
    with pytest.raises(NotPermitted):
        calibrations.keep_reference(port_system(), faces(desk, 2))
    assert calibrations.kept_reference() is not None
