"""The insightface library as a peer: it sees the same face, and is reported with its target."""

import io

import numpy as np
import pytest
from rich.console import Console

from benchmarks.report import Report
from benchmarks.speed import library as speed_library
from benchmarks.speed import report as speed_report
from benchmarks.speed.compiled import dequantised
from benchmarks.speed.cores import Scaling
from benchmarks.speed.photos import TestPhoto
from benchmarks.speed.speed import Comparison, Run, Side, overlap
from tests.data import TEST_DATA, needs_test_data, packaged


@needs_test_data
def test_it_finds_the_face_that_we_find(pipeline, weights, tmp_path):
    detector = TEST_DATA / "scrfd" / "det_500m.onnx"
    (library,) = speed_library.load([detector], dequantised(weights.recogniser, tmp_path))
    side = Side()
    library.answer(packaged("astronaut"), side, counted=True)
    ours = pipeline.analyse(packaged("astronaut"))
    assert side.box is not None
    assert side.embedding is not None
    assert overlap(side.box, ours.subject.box) > 0.5
    assert np.linalg.norm(side.embedding) == pytest.approx(1, abs=1e-5)
    assert float(side.embedding @ ours.embedding) > 0.8
    assert list(side.stages[0]) == ["decode", "detect", "embed"]
    library.answer(packaged("coffee"), Side(), counted=False)


def test_a_detector_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.onnx"):
        speed_library.load([tmp_path / "absent.onnx"], tmp_path)


def test_its_ratio_and_the_scaling_have_targets_of_their_own():
    photo = TestPhoto("photo", b"", 1.0)
    each = Comparison(photo, Side([2.0]), None, {"insightface with a": Side([9.0])})
    report = Report("speed", "a test", {})
    speed_report.add_to(report, Run([each], skipped="not here"), Scaling([10.0], [18.0]))
    assert [(target.measured, target.wanted, target.passed) for target in report.targets] == [
        (4.5, 4.0, True),
        (1.8, 1.85, False),
    ]
    printed = io.StringIO()
    report.print(Console(file=printed, width=200))
    assert "4.50x" in printed.getvalue()


def test_without_it_and_without_cores_the_reasons_are_printed():
    report = Report("speed", "a test", {})
    each = Comparison(TestPhoto("photo", b"", 1.0), Side([2.0]), None)
    speed_report.add_to(report, Run([each], skipped="not here"))
    assert report.targets == []
    assert any("no SCRFD network was given" in note for note in report.notes)
    assert any("may not use 2 cores" in note for note in report.notes)
