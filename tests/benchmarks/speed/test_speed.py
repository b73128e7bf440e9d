"""The speed benchmark: it goes on without its peer, and says why."""

import io
import json

import pytest
from rich.console import Console

from benchmarks.packaged import people
from benchmarks.report import Report, Target
from benchmarks.speed import peer, speed
from benchmarks.speed import report as speed_report
from benchmarks.speed.photos import TestPhoto, compose_all
from benchmarks.speed.speed import Comparison, Run, Side, overlap, ratio
from detector.faces import Box
from models.root import default_root
from models.runtimes import Runtime
from models.store import ModelStore


def test_without_the_peer_ours_is_measured_and_the_reason_printed(pipeline, pack, tmp_path):
    not_a_folder = tmp_path / "cache"
    not_a_folder.touch()
    photos = compose_all(people(pipeline)[:1])[:2]
    ours = speed.Contestant(pipeline, pack)
    store = ModelStore(default_root())
    run = speed.compare(photos, ours, pack, store, repeats=2, cache=not_a_folder)
    assert "opencv4 cannot be installed" in run.skipped

    report = Report("speed", "a test", {})
    speed_report.add_to(report, run)
    printed = io.StringIO()
    report.print(Console(file=printed, width=200))
    assert "No peer, so no ratio: opencv4 cannot be installed" in printed.getvalue()
    assert report.targets == []
    path = report.write(tmp_path / "speed.json")
    written = json.loads(path.read_text())
    assert written["figures"]["photos"][0]["peer_ms"] is None
    assert len(written["figures"]["photos"][0]["ours_ms"]) == 2


def test_an_environment_that_cannot_be_made_leaves_nothing_behind(tmp_path):
    scripts, cache = tmp_path / "scripts", tmp_path / "cache"
    scripts.mkdir()
    (scripts / "absent.txt").write_text(f"./absent.whl --hash=sha256:{'0' * 64}\n")
    with pytest.raises(peer.PeerUnavailable, match=r"absent cannot be installed: .*absent\.whl"):
        peer.environment("absent", cache, scripts)
    assert list(cache.iterdir()) == []


def comparison(ours: list[float], theirs: list[float]) -> Comparison:
    return Comparison(TestPhoto("photo", b"", 1.0), Side(ours), Side(theirs))


def test_the_ratio_is_of_the_median_photo_over_its_median_turn():
    photos = [
        comparison([1, 2, 90], [20, 20, 20]),
        comparison([4, 4, 4], [20, 24, 20]),
        comparison([8, 8, 8], [90, 90, 90]),
    ]
    assert ratio(photos) == 20 / 4
    assert ratio(photos, turn=1) == 24 / 4


def test_a_report_says_which_stage_the_peer_lacks():
    each = comparison([1.0], [2.0])
    each.ours.stages = [{"search": 0.5}]
    report = Report("speed", "a test", {})
    speed_report.add_to(report, Run([each], "Peer 1"))
    (search,) = [row for row in report.grids[1].rows if row[0] == "search"]
    assert search[1:] == ("0.50", "-")


@pytest.mark.parametrize(
    ("runtime", "wanted"),
    [
        (Runtime.ONNXRUNTIME, {"times faster than Peer 1": 7}),
        (
            Runtime.OPENVINO_BF16,
            {
                "times faster with openvino-bf16 than Peer 1": 9,
                "times faster with openvino-bf16 than Peer 1, from 3 MP on": 12,
            },
        ),
    ],
)
def test_more_is_wanted_of_openvino(runtime, wanted):
    report = Report("speed", "a test", {})
    pictures = [TestPhoto(f"{size} MP", b"", size) for size in (1.0, 3.1)]
    each = [Comparison(picture, Side([1.0]), Side([11.0])) for picture in pictures]
    speed_report.add_to(report, Run(each, "Peer 1"), runtime=runtime)
    assert {target.name: target.wanted for target in report.targets} == wanted
    assert {target.measured for target in report.targets} == {11.0}


def test_overlap_of_boxes():
    box = Box(0, 0, 10, 10)
    assert overlap(box, box) == 1
    assert overlap(box, Box(5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert overlap(box, Box(20, 20, 5, 5)) == 0


@pytest.mark.parametrize(
    ("measured", "bound", "passed"),
    [(4.0, ">=", True), (3.9, ">=", False), (3.9, "<=", True), (float("nan"), ">=", False)],
)
def test_a_target_is_met_or_missed(measured, bound, passed):
    assert Target("speed", measured, bound, 4.0).passed is passed
