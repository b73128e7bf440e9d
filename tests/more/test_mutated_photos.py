"""Ten thousand mutated photos: none crashes a decoder, none takes a second or 300 MB."""

import pytest

from tests.detector.mutations import campaign

pytestmark = [pytest.mark.more, pytest.mark.timeout(1_800)]


def test_ten_thousand_mutants():
    found = campaign(10_000)
    assert found["crashed"] == found["slow"] == found["large"] == []
