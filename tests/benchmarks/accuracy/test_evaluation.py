"""The sections of an accuracy run on drawn data sets, and the plots of all of them."""

import io
import json
import sys

import numpy as np
import pytest
from rich.console import Console

from benchmarks.accuracy import by_quality, enrolments, galleries, holdout_gap, plots
from benchmarks.accuracy.embeddings import Embedded
from benchmarks.accuracy.evaluation import evaluate
from benchmarks.accuracy.labels import Grouping
from benchmarks.accuracy.open_set import TooFewIdentities, run_trials
from benchmarks.report import Report, json_numbers
from models.manifest import Prior
from tests.benchmarks.synthetic import population


@pytest.fixture(scope="module")
def crowd():
    """Six photos of everybody; the more blurred, the further from the identity's direction."""
    data, embedded = population(900, 6, noise=0)
    random = np.random.default_rng(3)
    blur = random.uniform(size=len(data.photos))
    scatter = random.standard_normal(embedded.vectors.shape) / np.sqrt(embedded.vectors.shape[1])
    vectors = embedded.vectors + (0.2 + 1.6 * blur[:, None]) * scatter
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    measures = {
        "EdgeSteepness": 100 * (1 - blur),
        "HeadPoseYaw": 90 * blur * random.choice([-1, 1], len(blur)),
        "ToneEntropy": random.uniform(size=len(blur)),
    }
    count = len(blur)
    return data, Embedded(vectors.astype(np.float32), ("",) * count, np.ones(count), 0, measures)


def test_misses_follow_the_measure_that_causes_them_and_no_other(crowd):
    data, embedded = crowd
    trials = run_trials(data, embedded, gallery=300, trials=2)
    found = {
        e.measure: e for e in by_quality.measure_by_quality(trials, np.array(data.owners), embedded)
    }
    assert list(found) == ["EdgeSteepness", "ToneEntropy", "HeadPoseYaw"]
    sharp, yaw, tones = (found[n] for n in ("EdgeSteepness", "HeadPoseYaw", "ToneEntropy"))
    assert sharp.bounds[0][0] < sharp.bounds[-1][1]  # worst first: the least sharp
    assert yaw.bounds[0][0] > yaw.bounds[-1][1]  # and the most turned, either way
    for each in (sharp, yaw):
        assert np.all(np.diff(each.by_probe.rate) < 0)
        assert each.by_probe.low[0] > each.by_probe.high[-1]
        assert np.all(np.diff(each.by_worse.rate) <= 0)
    assert np.ptp(tones.by_probe.rate) < np.ptp(sharp.by_probe.rate) / 4
    # The worse of two photos is in the worst fifth more often than one of them, 36 % to 20 %.
    assert sharp.by_worse.searches[0] == pytest.approx(1.8 * sharp.by_probe.searches[0], rel=0.1)
    # Every stranger's photo is of one fifth, and all fifths together alarm as often as stated.
    assert sum(sharp.alarms.searches) == sum(len(trial.non_mated) for trial in trials)
    pooled = np.average(sharp.alarms.rate, weights=sharp.alarms.searches)
    assert pooled == pytest.approx(0.01, abs=0.003)
    searches = sum(len(trial.mated) for trial in trials)
    assert sharp.by_probe.searches.sum() == sharp.by_worse.searches.sum() == searches


def test_measures_that_are_missing_or_all_equal_are_no_harm(crowd):
    data, embedded = crowd
    trials = run_trials(data, embedded, gallery=300, trials=1)
    values = np.full(len(data.photos), 7.0)
    values[::2] = np.nan
    flat = Embedded(
        embedded.vectors, embedded.refusals, embedded.milliseconds, 0, {"EdgeSteepness": values}
    )
    report = Report("accuracy", "a test", {})
    by_quality.add_to(report, by_quality.measure_by_quality(trials, np.array(data.owners), flat))
    json.dumps(report.figures, allow_nan=False)


def test_where_everybody_has_many_photos_half_are_strangers(crowd):
    result = enrolments.measure_enrolments(crowd[0], crowd[1], trials=1)
    assert (result.identities, result.non_mated) == (450, 450)


def deep_and_shallow(crowd):
    """The crowd with one photo left of two thirds: strangers for the others."""
    data, embedded = crowd
    kept = [n for n, who in enumerate(data.owners) if who < 300 or n % 6 == 0]
    fewer = type(data)(
        data.root,
        tuple(data.photos[n] for n in kept),
        tuple(data.owners[n] for n in kept),
        data.names,
    )
    return fewer, Embedded(embedded.vectors[kept], ("",) * len(kept), np.ones(len(kept)), 0)


def test_several_photos_lower_the_misses_and_raise_the_threshold(crowd):
    data, embedded = deep_and_shallow(crowd)
    result = enrolments.measure_enrolments(data, embedded, trials=2)
    assert (result.identities, result.mated, result.non_mated) == (300, (300, 300), 600)
    by_max = [each for each in result.arrangements if each.fusion == "max"]
    assert [each.photos for each in by_max] == [1, 2, 3, 5]
    fnir = [each.points.fnir.mean() for each in by_max]
    assert fnir == sorted(fnir, reverse=True)
    assert fnir[-1] < 0.8 * fnir[0]
    thresholds = [each.points.thresholds.mean() for each in by_max]
    assert thresholds == sorted(thresholds)
    assert by_max[-1].fpir_unadjusted > by_max[0].fpir_unadjusted
    by_mean = [each for each in result.arrangements if each.fusion == "mean"]
    assert [each.photos for each in by_mean] == [2, 3, 5]
    # Scatter about the identity's direction averages out: the mean is the better template.
    assert by_mean[-1].points.fnir.mean() < by_max[-1].points.fnir.mean()
    by_both = [each for each in result.arrangements if each.fusion == "both"]
    for both, mean, best in zip(by_both, by_mean, by_max[1:], strict=True):
        least = np.maximum(mean.points.thresholds, best.points.thresholds)
        assert np.all(both.points.thresholds >= least)


def test_too_few_identities_with_many_photos_are_refused():
    with pytest.raises(TooFewIdentities, match="more than 5 usable photos"):
        enrolments.measure_enrolments(*population(60, 2))


def test_thresholds_grow_with_the_gallery_as_the_extrapolation_says():
    data, embedded = population(2100, 2, noise=0.6)
    results = galleries.measure_galleries(data, embedded, None, trials=3)
    assert [each.size for each in results] == [50, 100, 200, 500, 1000]
    thresholds = [each.points.thresholds.mean() for each in results]
    assert thresholds == sorted(thresholds)
    fnir = [each.points.fnir.mean() for each in results]
    assert fnir == sorted(fnir)
    for each in results:
        assert each.curve is None
        assert each.calibrated.thresholds.mean() == pytest.approx(
            each.points.thresholds.mean(), abs=0.03
        )
        assert 0.005 < each.calibrated.fpir.mean() < 0.02


def test_halves_of_one_population_do_equally_well_and_a_worse_one_is_told():
    data, embedded = population(700, 3, noise=0.9)
    same = holdout_gap.measure_holdout_gap(data, embedded, gallery=50, trials=2)
    assert same.no_worse
    shuffled = np.random.default_rng(holdout_gap.SPLIT_SEED).permutation(700)
    second = np.isin(data.owners, shuffled[350:])
    random = np.random.default_rng(5)
    vectors = embedded.vectors.copy()
    noise = random.standard_normal(vectors.shape).astype(np.float32) / np.sqrt(vectors.shape[1])
    vectors[second] += 1.2 * noise[second]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    worse = holdout_gap.measure_holdout_gap(
        data, Embedded(vectors, embedded.refusals, embedded.milliseconds, 0), 50, trials=2
    )
    assert not worse.no_worse
    assert worse.difference > 0
    report = Report("accuracy", "a test", {})
    holdout_gap.add_to(report, worse)
    assert report.notes == ["The second half of the identities does worse than the first."]


PRIOR = Prior(fmr=(0.1, 0.001, 1e-5), score=(0.16, 0.38, 0.55), source="nothing")


@pytest.fixture(scope="module")
def everything(crowd):
    data, embedded = deep_and_shallow(crowd)
    members = np.arange(len(data.names)) % 3
    grouping = Grouping("region", ("north", "south", "west"), members)
    report = Report("accuracy", "a test", {})
    return report, evaluate(report, data, embedded, PRIOR, [grouping], 200, 2, 0)


def test_an_evaluation_has_every_section_and_is_strict_json(everything, tmp_path):
    report, _ = everything
    printed = io.StringIO()
    report.print(Console(file=printed, width=160))
    for title in ("Open-set search", "Each half", "photos enrolled", "gallery size", "By region"):
        assert title in printed.getvalue()
    written = report.write(tmp_path / "accuracy.json").read_text()
    json.loads(written, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_a_small_data_set_leaves_sections_out_and_says_why():
    report = Report("accuracy", "a test", {})
    data, embedded = population(120, 2)
    grouping = Grouping("sex", ("f", "m"), np.arange(120) % 2)
    measured = evaluate(report, data, embedded, None, [grouping], 50, 2, 0)
    sections = (measured.enrolments, measured.galleries, measured.halves, measured.strata)
    assert all(section is None for section in sections)
    assert measured.groups == []
    said = [note for note in report.notes if note.startswith("Left out:")]
    assert len(said) == 5
    assert "Left out: FPIR 1 % needs 300 non-mated searches, and there are 70." in said


def test_every_plot_is_written_beside_the_json(everything, tmp_path):
    pytest.importorskip("matplotlib")
    _, measured = everything
    report = Report("accuracy", "a test", {})
    plots.draw_evaluation(report, tmp_path / "run.json", measured, "a data set, pack x")
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        f"run-{name}.png"
        for name in (
            *("det", "scores", "enrolled", "galleries", "by-region", "by-region-matrix"),
            *(["calibration"] if measured.realised else []),
        )
    }
    for path in tmp_path.iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")
    assert "run-det.png" in report.notes[0]


def test_quality_is_drawn_where_it_was_measured(crowd, tmp_path):
    charts = pytest.importorskip("benchmarks.accuracy.charts")
    data, embedded = crowd
    trials = run_trials(data, embedded, gallery=300, trials=1)
    figure = charts.quality_strata(
        by_quality.measure_by_quality(trials, np.array(data.owners), embedded)
    )
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert [panel.get_xlabel().split(",")[0] for panel in panels] == [
        "EdgeSteepness",
        "ToneEntropy",
        "HeadPoseYaw",
    ]


def test_without_matplotlib_there_is_a_note_and_no_failure(everything, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    report = Report("accuracy", "a test", {})
    plots.draw_evaluation(report, tmp_path / "run.json", everything[1], "a data set")
    assert report.notes == [plots.HOW_TO_GET]
    assert list(tmp_path.iterdir()) == []


def test_numbers_that_json_does_not_know_become_null():
    assert json_numbers([[1.5, np.nan], [np.inf, 0]]) == [[1.5, None], [None, 0]]
    assert json_numbers(2.0) == 2
    assert json_numbers(np.nan) is None
