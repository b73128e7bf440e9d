"""Photos as ports capture them: what is drawn, who is searched for, and what is counted."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.accuracy.conditions import command
from benchmarks.accuracy.conditions.campaign import (
    CONDITIONS,
    Bounds,
    Campaign,
    Observed,
    Plan,
    look,
    make_plan,
    stacked,
)
from benchmarks.accuracy.conditions.captures import as_jpeg
from benchmarks.accuracy.conditions.occlusions import OCCLUSIONS
from benchmarks.accuracy.conditions.results import (
    Searched,
    clean_threshold,
    result_of,
)
from benchmarks.accuracy.conditions.scene import Scene
from benchmarks.accuracy.identities import read_data_set
from benchmarks.accuracy.open_set import TooFewIdentities
from detector.faces import Image
from detector.pipeline import Pipeline
from detector.timing import Stopwatch
from tests.benchmarks.synthetic import population
from tests.data import decoded, encoded, image_of, packaged

CONFIDENT = 0.9


@pytest.fixture(scope="module")
def scene(pipeline: Pipeline) -> Scene:
    located = pipeline.locate(packaged("astronaut"), Stopwatch())
    assert located.subject is not None
    whole = Scene(located.pixels.image, located.subject.landmarks).scaled(0.6)
    return Scene(whole.image, whole.landmarks, whole)


def drawn(scene: Scene, condition, seed=0) -> Image:
    return decoded(condition.draw(scene, np.random.default_rng(seed)))


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.name)
def test_a_condition_changes_the_photo_and_the_same_seed_draws_the_same(scene, condition):
    once = drawn(scene, condition)
    assert np.array_equal(once, drawn(scene, condition))
    assert once.shape != scene.image.shape or np.abs(once.astype(int) - scene.image).mean() > 0.3


def test_names_are_told_apart():
    assert len({condition.name for condition in CONDITIONS}) == len(CONDITIONS)


@pytest.mark.parametrize("condition", OCCLUSIONS, ids=lambda condition: condition.name)
def test_a_cover_lies_on_what_it_is_said_to_cover_and_nowhere_else(scene, condition):
    changed = np.abs(drawn(scene, condition).astype(int) - scene.image).max(axis=2) > 8

    def covered(*points: tuple[float, float]) -> list[bool]:
        places = np.rint(scene.at(*points)).astype(int)
        return [bool(changed[y - 2 : y + 3, x - 2 : x + 3].mean() > 0.5) for x, y in places]

    eyes, mouth = covered((-0.5, 0.05), (0.5, 0.05)), covered((0, 1.2))
    if condition.name.startswith("sunglasses"):
        assert all(eyes)
        assert not any(mouth)
    elif "hand, second" not in condition.name:
        assert all(mouth)
        assert not any(eyes)
    else:
        assert sum(eyes) == 1
    assert not changed[: round(scene.middle[1] - 1.4 * scene.eyes)].any()


@pytest.mark.parametrize("thing", ["mask", "sunglasses", "veil", "hand"])
def test_the_two_drawings_of_a_cover_are_two(scene, thing):
    one, other = (c for c in OCCLUSIONS if c.name.startswith(thing))
    assert np.abs(drawn(scene, one).astype(int) - drawn(scene, other)).max() > 40


def test_a_chip_image_has_the_size_that_is_stated(scene):
    for condition, kilobytes in zip(CONDITIONS[:2], (20, 12), strict=True):
        content = condition.draw(scene, np.random.default_rng(0))
        assert 0.8 * kilobytes * 1024 < len(content) < 1.1 * kilobytes * 1024
        assert content[4:8] == b"jP  "


def test_nobody_is_searched_for_as_a_stranger_who_is_enrolled_there():
    data, _ = population(70, 2)
    plan = make_plan(data, gallery=10, mated=8, strangers=20, seed=3)
    owners = np.array(data.owners)
    people = [set(owners[each].tolist()) for each in (*plan.galleries, plan.strangers)]
    assert [len(each) for each in people] == [10, 10, 10, 10, 20]
    assert len(set.union(*people)) == 60
    assert owners[plan.mated].tolist() == owners[plan.galleries[0]].tolist()[:8]
    assert not set(plan.mated.tolist()) & set(plan.galleries[0].tolist())


def test_a_set_without_a_second_photo_of_anybody_is_too_small():
    data, _ = population(60, 1)
    with pytest.raises(TooFewIdentities):
        make_plan(data, gallery=10, mated=8, strangers=20, seed=3)


def observed(vectors, confidence) -> Observed:
    """Faces that differ from good ones in the detector's confidence alone; NaN: no face."""
    count = len(vectors)
    rows, columns = np.indices((112, 112))
    checks = (((rows // 8 + columns // 8) % 2 * 60 + rows + 50) % 256).astype(np.uint8)
    points = np.array([[138, 152], [173, 152], [156, 172], [141, 192], [171, 192]], np.float32)
    faces = np.zeros((count, 15), np.float32)
    faces[:, :4], faces[:, 4:14], faces[:, 14] = (100, 100, 120, 140), points.ravel(), confidence
    settings = np.tile([400.0, 500.0, 0.0, 0.0], (count, 1))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    chips = np.tile(checks[None, ..., None], (count, 1, 1, 1))
    marks = np.zeros((count, 2), np.uint8)
    lengths = np.full(len(unit), 12.0)
    return Observed(unit.astype(np.float32), chips, faces, settings, marks, lengths)


def test_misses_alarms_and_refusals_are_counted_as_they_happen():
    random = np.random.default_rng(0)
    photos = np.arange(80)
    plan = Plan((photos[:20], photos[20:40]), photos[40:60], photos[60:])
    enrolled = observed(random.standard_normal((40, 64)), 0.95)
    near = np.concatenate([enrolled.embeddings[:20], random.standard_normal((20, 64)) / 8])
    clean = Searched(plan, enrolled, observed(near, 0.95), Bounds(CONFIDENT))
    threshold = clean_threshold(clean)
    everybody = np.ones(40, np.bool_)
    fine = result_of("clean", "", clean, threshold, everybody, 0)
    assert (fine.missed.rate, fine.refused.rate, fine.silent.rate) == (0, 0, 0)
    assert fine.alarmed.rate <= 0.01
    # 20 mated people are strangers to one gallery, 20 others to both.
    assert (fine.missed.searches, fine.alarmed.searches) == (20, 60)

    harmed = near.copy()
    harmed[:5] = random.standard_normal((5, 64))  # five do not look like themselves
    harmed[20:24] = enrolled.embeddings[21:25]  # four strangers like somebody in the second
    harmed[25:29] = enrolled.embeddings[5]  # and four in the first
    harmed[30] = np.nan
    doubt = np.full(40, 0.95)
    doubt[[0, 22, 23]] = 0.5
    seen = Searched(plan, enrolled, observed(harmed, doubt), Bounds(CONFIDENT))
    result = result_of("harmed", "", seen, threshold, everybody, 0)
    assert result.missed.rate == 5 / 20  # a refusal is a miss
    assert result.silent.rate == 4 / 20  # but not a silent one
    assert result.refused.rate == 4 / 40
    assert result.alarmed.rate == (4 - 2 + 4) / (60 - 1 - 3 * 2)
    assert result.unheeded.rate == 8 / 58
    assert dict(result.reasons) == {"uncertain_face": 3, "no_face": 1}
    assert result.alarmed.low < result.alarmed.rate < result.alarmed.high


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four people, two photos each: as they are, and a little smaller."""
    group = image_of("t1")
    faces = [group[60:380, 60 + 200 * n : 380 + 200 * n] for n in range(3)]
    for number, image in enumerate([*faces, image_of("astronaut")[:320, 60:380]]):
        path = tmp_path / "set" / f"person {number}"
        path.mkdir(parents=True)
        small = cv2.resize(image, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
        (path / "1.jpg").write_bytes(encoded(image))
        (path / "2.jpg").write_bytes(encoded(np.asarray(small, np.uint8)))
    return tmp_path / "set"


@pytest.mark.usefixtures("weights")
def test_a_second_look_reads_what_was_kept(folder, pack, tmp_path):
    data = read_data_set(folder)
    plan = make_plan(data, gallery=2, mated=2, strangers=2, seed=0)
    looked = []
    kept = tmp_path / "kept"
    for _ in range(2):
        looks = Campaign(data, plan, pack, seed=0, folder=kept)
        clean = looks.clean(lambda: looked.append(1))
        under = looks.under(CONDITIONS[0], clean, lambda: looked.append(1))
        assert under.embeddings.shape == clean.embeddings.shape == (4, 128)
    assert len(looked) == 2 * len(plan.probes)
    assert len(list(kept.glob("*/*.npz"))) == 2


def test_what_was_kept_is_judged_as_the_service_judges_the_photo(pipeline):
    upright = image_of("astronaut")
    photos = {
        "as it is": encoded(upright),
        "compressed": as_jpeg(upright, 10),
        "on its head": encoded(np.ascontiguousarray(upright[::-1, ::-1])),
        "negative": encoded(255 - upright),
    }
    kept = stacked([look(pipeline, each) for each in photos.values()], pipeline.embedder.dim)
    for row, (name, content) in enumerate(photos.items()):
        judged = kept.quality(row, Bounds(pipeline.confident_score, pipeline.recognisable_length))
        seen = pipeline.analyse(content).quality
        assert (judged.verdict, judged.reasons) == (seen.verdict, seen.reasons), name
    assert len({kept.quality(row, Bounds(0.0)).reasons for row in range(4)}) == 4


@pytest.mark.usefixtures("weights")
def test_the_command_prints_both_halves_and_writes_every_figure(
    folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(
        "benchmarks.accuracy.conditions.campaign.user_cache_path", lambda *_, **__: tmp_path
    )
    place = tmp_path / "figures.json"
    report = command.measure_conditions(
        folder, only=["JPEG Q10"], mated=2, strangers=2, gallery=2, json=place
    )
    assert [grid.title for grid in report.grids] == ["all people", "second half of the people"]
    figures = json.loads(place.read_text())["figures"]["all people"]
    assert set(figures) == {"clean", "JPEG Q10"}
    assert set(figures["clean"]["missed"]) == {"rate", "low", "high", "searches"}
    assert "JPEG Q10" in capsys.readouterr().out
