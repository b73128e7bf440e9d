"""What is known of a photo's format stands once, and everything else follows."""

import re
from pathlib import Path

import pytest

from detector.containers.base import ACCEPTED_FORMATS, PHOTO_SUFFIXES, PhotoFormat
from detector.errors import UnsupportedFormat
from detector.header import READERS, read_header


def test_every_format_has_a_reader():
    assert set(READERS) == set(PhotoFormat)
    assert all(READERS.values())


def test_no_suffix_and_no_media_type_is_of_two_formats():
    assert sum(len(each.suffixes) for each in PhotoFormat) == len(PHOTO_SUFFIXES)
    assert len({each.media_type for each in PhotoFormat}) == len(PhotoFormat)
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in PHOTO_SUFFIXES)


@pytest.mark.parametrize("kind", PhotoFormat)
def test_a_format_is_answered_by_its_media_type_and_named_to_who_sent_another(kind):
    with pytest.raises(UnsupportedFormat, match=kind.label):
        read_header(b"%PDF-1.7")


def test_the_recorded_names_are_plain_text():
    assert [f"{each}" for each in PhotoFormat] == [each.value for each in PhotoFormat]
    assert PhotoFormat("jpeg2000") is PhotoFormat.JPEG_2000


def test_the_documentation_names_every_format():
    root = Path(__file__).parents[2]
    page = (root / "docs" / "http.md").read_text()
    row = re.search(r"^\| `photo` .*$", page, re.MULTILINE)
    assert row
    assert all(each.label in row[0] for each in PhotoFormat)
    assert all(f"\n| {each.label} |" in page for each in PhotoFormat)
    assert f"Photos are {ACCEPTED_FORMATS}" in " ".join(
        (root / "README.md").read_text().split("\n")
    )
