"""A slice of the campaign of `tests.detector.mutations`, which `make test-more` runs whole."""

from detector.decode import open_photo
from detector.limits import Limits
from tests.detector.mutations import campaign, seeds


def test_what_mutants_are_made_of_is_read():
    for data in seeds().values():
        assert open_photo(data, Limits()).pixels().image.size


def test_mutants_crash_nothing_and_stay_within_bounds():
    found = campaign(190, first=1_000_000)
    assert found["crashed"] == found["slow"] == found["large"] == []
