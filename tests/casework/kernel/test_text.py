"""Text as it is kept."""

import unicodedata

import pytest

from casework.kernel.text import canonical

MARKS = [chr(code) for code in (*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2066, 0x2069)]


@pytest.mark.parametrize("mark", MARKS, ids=unicodedata.name)
def test_nothing_without_a_look_is_kept_at_the_edges(mark):
    assert canonical(f"{mark} {mark}Siti Rahma{mark} ") == "Siti Rahma"
