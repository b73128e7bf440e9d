from pathlib import Path

import pytest

from benchmarks.report import Report
from benchmarks.speed import between, startup
from tests.data import packaged


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "one.png"
    path.write_bytes(packaged("astronaut"))
    return path


@pytest.mark.usefixtures("weights")
def test_a_photo_is_timed_in_both_checkouts(photo):
    spent = between.measure([startup.HERE, startup.HERE], [photo], "open", repeats=2)
    assert [len(each.cpu) for each in spent] == [2, 2]
    assert all(0 < figure < 60_000 for each in spent for figure in (*each.cpu, *each.wall))
    report = Report("photo", "", {})
    between.add_to(report, spent, Path("/another"))
    assert report.grids[0].columns == ("ms a photo", "another", startup.HERE.name, "added")
    assert len(report.grids[0].rows) == 4


def test_a_folder_that_is_no_checkout_is_refused(tmp_path, photo):
    with pytest.raises(ValueError, match="is no checkout"):
        between.measure([tmp_path], [photo], "open", repeats=1)


def test_a_checkout_that_does_not_work_is_refused(tmp_path, photo):
    (tmp_path / "detector").mkdir()
    (tmp_path / "detector" / "__init__.py").touch()
    with pytest.raises(ValueError, match="does not take one"):
        between.measure([tmp_path], [photo], "open", repeats=1)
