"""ANSI/NIST-ITL files as lists, in and out."""

import random
from datetime import UTC, date, datetime
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.imports.nist.files import NistFile, NistFiles
from casework.imports.nist.records import write_record
from casework.imports.nist.subject_files import PhotoRecord, file_of, read_file
from casework.imports.photos import PhotoUnavailable
from casework.imports.raw_rows import COLUMNS
from casework.imports.source import counted, opened
from casework.imports.store import CheckedRow
from casework.kernel.errors import ImportRefused
from casework.kernel.text import canonical
from detector.containers.nist import read_records
from detector.errors import PhotoError
from detector.header import PhotoFormat, read_header
from detector.interchange import plain_photo
from detector.limits import Limits
from tests.casework.imports.lists import CHECK, LIMITS, binary, zip_of
from tests.fakes import photo_of

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
NOBODY: dict[str, Any] = {
    **dict.fromkeys(COLUMNS),
    "reference": "R",
    "name": "x",
    "aliases": [],
    "documents": [],
}
PHOTO = PhotoRecord(b"\xff\xd8\x1c\x1d\xff\xd9", "JPEGB", 10, 20, date(2026, 1, 2))


def police_file(*fields, photos=(), between=(), domain="NORAM"):
    """A file as a police system writes it."""
    kinds = [(2, 0), *((kind, place) for place, kind in enumerate(between, 1))]
    kinds += [(10, place) for place in range(len(photos))]
    listed = "\x1e".join(f"{kind}\x1f{place:02d}" for kind, place in [(1, len(kinds)), *kinds])
    head = [(2, b"0400"), (3, listed.encode()), (4, b"CAR"), (5, b"20260101"), (9, b"TCN-1")]
    binaries = [(len(b"fingers") + 4).to_bytes(4, "big") + b"fingers" for _ in between]
    images = [write_record(10, [(3, b"FACE"), (999, each)]) for each in photos]
    person = write_record(2, [(2, b"00"), *fields])
    return b"".join([write_record(1, [*head, (13, domain.encode())]), person, *binaries, *images])


def test_the_fields_of_ebts():
    content = police_file(
        (9, b"OCA-7"),
        (17, b"PP-C123\x1eAR-9"),
        (18, b"DOE,JOHN ALBERT"),
        (19, b"DOE,JACK\x1eROE"),
        (21, b"IDN"),
        (22, b"19800229"),
        (24, b"M"),
        (37, b"theft"),
        photos=(b"one", b"two\x1c\x1d"),
        between=(4, 4),
    )
    said = read_file(content)
    assert said.fields == {
        "reference": "OCA-7",
        "name": "JOHN ALBERT DOE",
        "aliases": ["JACK DOE", "ROE"],
        "birth_date": "1980-02-29",
        "sex": "M",
        "nationality": "IDN",
        "documents": [{"kind": "passport", "number": "C123"}],
        "reason": "theft",
    }
    assert (said.warnings, said.photos) == ((), (b"one", b"two\x1c\x1d"))


def test_what_is_not_sure_is_left_out_and_told():
    said = read_file(
        police_file((18, b"DOE\x1fJOHN\x1fALBERT"), (21, b"MM"), (22, b"00000000"), (24, b"G"))
    )
    assert said.fields == {"reference": "TCN-1", "name": "JOHN ALBERT DOE", "sex": "U"}
    assert [each.message.code for each in said.warnings] == ["row_citizenship_ambiguous"]
    fields = read_file(police_file((18, "M\u00dcLLER,JOS\u00c9".encode("latin-1")))).fields
    assert fields["name"] == "JOS\u00c9 M\u00dcLLER"
    assert read_file(police_file((22, b"19800000"))).fields["birth_date"] == "1980-00-00"


texts = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\x1c\x1d\x1e\x1f"), min_size=1, max_size=12
).map(lambda text: canonical(text) or "x")
people = st.fixed_dictionaries(
    {
        "reference": texts,
        "name": texts,
        "aliases": st.lists(texts, max_size=3),
        "sex": st.none() | st.just("F"),
        "birth_date": st.none() | st.dates(date(1900, 1, 1), date(2020, 1, 1)).map(str),
        "nationality": st.none() | st.just("IDN"),
        "documents": st.lists(
            st.fixed_dictionaries(
                {"kind": texts, "number": texts, "country": st.none() | st.just("MYS")}
            ),
            max_size=2,
        ),
        "reason": st.just("") | texts,
        "decision_number": st.none() | texts,
        "status": st.sampled_from(["active", "suspended"]),
    }
)


@given(said=people, photos=st.lists(st.binary(min_size=1, max_size=30), max_size=3))
def test_what_goes_out_comes_back(said, photos):
    said = {**dict.fromkeys(COLUMNS), **said}
    records = [PhotoRecord(each, "JPEGB", 1, 1, NOW.date()) for each in photos]
    read = read_file(file_of(said, records, "IMI", NOW))
    checked = CHECK(read.fields, "wl_x")
    assert isinstance(checked, CheckedRow), checked
    assert not read.warnings
    for name in ("reference", "name", "aliases", "documents", "reason", "decision_number"):
        assert getattr(checked.person, name) == said[name]
    assert str(checked.person.birth_date or "") == (said["birth_date"] or "")
    assert (checked.person.sex, checked.person.nationality) == (said["sex"], said["nationality"])
    assert list(read.photos) == photos


def test_the_header_says_what_the_standard_asks_for():
    content = file_of(NOBODY, [PHOTO, PHOTO], "IMI", NOW)
    head, person, *images = read_records(content)
    assert int(head.text(1)) == content.index(b"2.001:")
    assert head.fields[3] == (("1", "03"), ("2", "00"), ("10", "01"), ("10", "02"))
    for number in (2, 4, 5, 7, 8, 9, 11, 12):
        assert head.text(number)
    assert person.text(18) == "x"
    assert [image.text(11) for image in images] == ["JPEGB", "JPEGB"]
    assert (images[0].text(6), images[0].text(7)) == ("10", "20")
    assert images[0].picture is not None
    assert content[slice(*images[0].picture)] == PHOTO.content


def test_files_alone_and_in_a_zip():
    one = police_file((18, b"DOE,JOHN"), (9, b"1"), photos=(b"a", b"b"))
    two = police_file((18, b"ROE,JANE"), (9, b"2"))
    with opened(binary(one), None, LIMITS) as source:
        assert counted(source, LIMITS) == 1
        (row,) = source.rows()
        assert [source.photos.read(name, 10) for name in row.photos] == [b"a", b"b"]
        with pytest.raises(PhotoUnavailable):
            source.photos.read(f"{row.photos[0]}0", 10)
    members = {"b/1.an2": one, "2.nist": two, "notes.txt": b"hello", "__MACOSX/._1.an2": b"x"}
    with opened(binary(zip_of(members)), None, LIMITS) as source:
        rows = {row.reference: row for row in source.rows()}
        assert rows["1"].photos == ("b/1.an2#1", "b/1.an2#2")
        assert source.photos.size("b/1.an2#2") == len(one)
        assert source.photos.read("b/1.an2#2", 10) == b"b"
        assert rows["2"].photos == ()
        assert rows[None].faults[0].message.params == {"name": "notes.txt"}
    with pytest.raises(ImportRefused), opened(binary(zip_of({"a": b"x"})), None, LIMITS):
        pass


def test_a_file_is_read_once_for_all_its_photos():
    content, read = police_file((9, b"OCA-7"), photos=(b"one", b"two")), []

    def reader(most):
        read.append(most)
        return content

    files = NistFiles([NistFile("a", 9, reader)])
    assert [files.read(f"a#{place}", 9) for place in (1, 2)] == [b"one", b"two"]
    assert len(read) == 1


def test_any_damage_is_refused_at_once():
    content = file_of(NOBODY, [PHOTO], "IMI", NOW)
    chance = random.Random(1)
    for _ in range(500):
        changed = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        cut = chance.randint(0, len(changed)) if chance.random() < 0.3 else len(changed)
        try:
            read_file(bytes(changed[:cut]))
        except PhotoError:
            continue
    for broken in (b"", b"1.001:", b"1.001:5\x1d", b"1.001:99999999\x1d1.002:0502\x1c"):
        with pytest.raises(PhotoError):
            read_file(broken)


def test_photos_go_out_in_formats_that_all_systems_know():
    jpeg = photo_of(1, side=96)
    assert plain_photo(jpeg, Limits()).content == jpeg
    turned = jpeg[:2] + _exif(6) + jpeg[2:]
    plain = plain_photo(turned, Limits())
    assert (plain.format, read_header(plain.content).orientation) == (PhotoFormat.JPEG, 1)
    bitmap = _bmp(np.full((8, 6, 3), 90, np.uint8))
    plain = plain_photo(bitmap, Limits())
    assert (plain.format, plain.width, plain.height) == (PhotoFormat.JPEG, 6, 8)


def _exif(orientation):
    tiff = (
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + bytes([orientation, 0, 0, 0]) + bytes(4)
    )
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body


def _bmp(image):
    return cv2.imencode(".bmp", image)[1].tobytes()
