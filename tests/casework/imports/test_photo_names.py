"""Names of photos, as archives of every system write them."""

import unicodedata
import zipfile

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from casework.imports.photo_names import _CODE_PAGES, PhotoNames
from casework.imports.photos import names_of

PAGES = st.sampled_from(("utf-8", *_CODE_PAGES))
LETTERS = (
    "\u00e9\u00fc\u00f1\u00e7\u00f8\u0141\u010d\u015f\u0131\u017e\u03b1"
    "\u03c9\u0431\u044f\u05d0\u0628\u30d1\u4e2d\ud55c\u0e17\u0111aB1 "
)


def _is_utf8(raw):
    try:
        return bool(raw.decode())
    except UnicodeDecodeError:
        return False


def stored(raw):
    """A member of a ZIP whose name is these bytes, in what code page nobody says."""
    info = zipfile.ZipInfo()
    info.orig_filename, info.flag_bits = raw.decode("cp437"), 0
    return info


@settings(max_examples=60)
@given(page=PAGES, name=st.text(st.sampled_from(LETTERS), min_size=1, max_size=8))
def test_a_name_is_found_in_the_code_page_it_was_written_in(page, name):
    known = (each for each in name if each.encode(page, "ignore"))
    name = f"{''.join(known)}.jpg"
    raw = name.encode(page)
    assume(page == "utf-8" or not _is_utf8(raw))
    files = [(each, "wanted") for each in names_of(stored(raw))]
    names = PhotoNames([*files, *((each, "other") for each in names_of(stored(b"plain.jpg")))])
    assert names.find(name) == "wanted"
    assert names.find(unicodedata.normalize("NFD", name)) == "wanted"


@settings(max_examples=60)
@given(st.lists(st.binary(min_size=1, max_size=12), max_size=5), st.text(max_size=12))
def test_any_names_are_taken_and_asked_for(raws, name):
    members = [(each, raw) for raw in raws for each in names_of(stored(raw))]
    names = PhotoNames(members)
    assert names.find(name) in (None, *raws)
    assert len(names.near(name)) <= 3
