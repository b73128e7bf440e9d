"""The compile benchmark on the real networks, with few turns: agreement, not speed."""

import pytest

from benchmarks.report import Report
from benchmarks.speed import compiled, compiled_report
from models.root import default_root
from models.store import ModelStore


@pytest.fixture(scope="module")
def faces(pipeline, pack) -> list[compiled.Batch]:
    return compiled.recogniser_inputs(pipeline, pack)


def test_compiled_networks_agree_with_the_same_weights_as_shipped(faces, pack):
    pairs = compiled.compare_all(pack, ModelStore(default_root()), faces, repeats=1)
    assert len(faces) == 7 * 6
    assert compiled.least_cosine(pairs.recogniser) >= compiled_report.WANTED_COSINE
    assert compiled.least_cosine(pairs.recogniser_dequantised) >= compiled_report.WANTED_COSINE
    assert compiled.largest_difference(pairs.detector) < 1e-3
    assert pairs.recogniser.fed > 0

    report = Report("compile", "a test", {})
    compiled_report.add_to(report, pairs, len(faces))
    agreement = next(each for each in report.targets if "cosine" in each.name)
    assert agreement.passed
