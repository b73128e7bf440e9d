"""Readers of imports against anything that somebody might send."""

import csv
import io
import json
import os
import re
import zipfile
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.imports import csv_cells
from casework.imports.csv_cells import cell_of, csv_line, unguarded
from casework.imports.formats import read_rows
from casework.imports.list_writers import csv_of as written_csv
from casework.imports.list_writers import json_lines_of
from casework.imports.photos import PhotoFolder, PhotoUnavailable
from casework.imports.raw_rows import COLUMNS
from casework.imports.source import ImportLimits, counted, opened
from casework.imports.store import CheckedRow
from casework.kernel.errors import ImportRefused
from casework.kernel.text import canonical
from casework.kernel.vocabulary import Sex, SubjectStatus
from tests.casework.imports.lists import CHECK, ZONE, binary, csv_of, person, zip_of

LIMITS = ImportLimits(upload_bytes=1 << 20, rows=500, photo_bytes=1000)
HEADS = (b"", b"reference,name,photos\n", b"reference;name\r\n", b'{"reference": ', b"PK\x03\x04")


def read(file, photos=None):
    """Everything that can be read of an upload."""
    with opened(binary(file), None if photos is None else binary(photos), LIMITS) as source:
        rows = counted(source, LIMITS)
        found = list(source.rows())
        assert len(found) == rows
        for row in found:
            CHECK(row.fields, "wl_x")
            for name in row.photos:
                source.photos.size(name)
                with suppress(PhotoUnavailable):
                    assert len(source.photos.read(name, 1000)) <= 1001
    return found


text = st.text(st.characters(codec="utf-8"), max_size=60)
words = st.sampled_from(
    ["", "reference", "name", '"', ";", ",", "\n", "[", "]", '{"', '":', "\\", "é"]
)


@given(
    head=st.sampled_from(HEADS),
    body=st.binary(max_size=300)
    | st.lists(words | text, max_size=40).map(lambda parts: "".join(parts).encode()),
)
def test_any_bytes_are_a_list_or_refused(head, body):
    with suppress(ImportRefused):
        # Of an object without fields, the check of the row says that it lacks its reference.
        assert all(row.fields or row.faults or row.reference is None for row in read(head + body))


@given(data=st.data())
def test_a_zip_that_was_tampered_with_is_read_or_refused(data):
    names = st.sampled_from(["subjects.csv", "a.jpg", "b/c.jpg", "é.png"])
    members = data.draw(st.dictionaries(names, st.binary(max_size=200), min_size=1))
    members["subjects.csv"] = csv_of(person(1, photos="a.jpg; b/c.jpg; é.png; ../x; /etc/passwd"))
    method = data.draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    content = bytearray(zip_of(members, method))
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, 40))
    with suppress(ImportRefused):
        read(bytes(content[: len(content) - cut]))


@given(photos=st.binary(max_size=400).map(lambda tail: b"PK\x05\x06" + tail))
def test_photos_that_are_no_zip_are_refused_or_empty(photos):
    with suppress(ImportRefused):
        read(csv_of(person(1, photos="a.jpg")), photos)


def test_a_directory_that_claims_to_be_huge_is_not_read():
    content = bytearray(zip_of({"a.jpg": b"x"}))
    end = content.rindex(b"PK\x05\x06")
    content[end + 12 : end + 16] = (0xF0000000).to_bytes(4, "little")
    with pytest.raises(ImportRefused, match="not a ZIP"):
        read(csv_of(person(1)), bytes(content))


def test_links_and_encrypted_members_are_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("a.jpg")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(ImportRefused, match="link"):
        read(csv_of(person(1)), out.getvalue())
    content = bytearray(zip_of({"a.jpg": b"x"}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ImportRefused, match="encrypted"):
        read(csv_of(person(1)), bytes(content))


def test_a_damaged_photo_is_told_by_itself():
    content = bytearray(zip_of({"a.jpg": b"plain and long", "b.jpg": b"x"}, zipfile.ZIP_STORED))
    content[content.index(b"plain")] ^= 1
    with opened(binary(csv_of(person(1))), binary(bytes(content)), LIMITS) as source:
        with pytest.raises(PhotoUnavailable) as told:
            source.photos.read("a.jpg", 100)
        assert told.value.code == "photo_damaged"
        assert source.photos.read("b.jpg", 100) == b"x"


def test_names_are_found_however_their_accents_and_folders_are_spelt():
    photos = zip_of({"cafe\u0301.jpg": b"1", "a/b.jpg": b"2"})
    with opened(binary(csv_of(person(1))), binary(photos), LIMITS) as source:
        assert source.photos.read("caf\u00e9.jpg", 9) == b"1"
        assert source.photos.read("./a/b.jpg", 9) == source.photos.read("a\\b.jpg", 9) == b"2"


def test_a_folder_gives_nothing_from_outside(tmp_path):
    (tmp_path / "outside.jpg").write_bytes(b"x")
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "in.jpg").write_bytes(b"y" * 10)
    photos = PhotoFolder(folder)
    assert photos.read("in.jpg", 4) == b"y" * 5
    assert photos.size("in.jpg") == 10
    outside = ("../outside.jpg", "link.jpg", str(tmp_path / "outside.jpg"))
    for name in (*outside, "loop.jpg", "none", "", "a\0b"):
        assert photos.size(name) in {0, folder.stat().st_size}
        with pytest.raises(PhotoUnavailable):
            photos.read(name, 9)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheets_of_any_country(delimiter):
    lines = (f"reference{delimiter}name{delimiter}aliases", f'1{delimiter}x{delimiter}"a;b"', "")
    (row,) = read(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert (row.number, row.fields["aliases"]) == (2, ["a", "b"])


def test_rows_are_numbered_as_a_spreadsheet_shows_them():
    rows = read(b'reference,name\n\n1,"two\nlines"\n,,\n2,x\n3\n')
    assert [(row.number, row.reference) for row in rows] == [(3, "1"), (5, "2"), (6, "3")]
    assert [each.code for each in rows[-1].warnings] == ["row_ragged"]


FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
saved = (
    st.builds(
        str.__add__,
        st.sampled_from(["", "", "=", "+1", "-", "@", "'", "'=", "''-", "'a", "\uff1d"]),
        st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=30),
    )
    .map(canonical)
    .filter(bool)
)
person_like = st.fixed_dictionaries(
    {
        "reference": saved,
        "name": saved,
        "aliases": st.lists(saved, max_size=3),
        "reason": saved | st.just(""),
        "decision_number": st.none() | saved,
        "birth_year": st.none() | st.integers(1900, 2020),
        "documents": st.lists(
            st.fixed_dictionaries(
                {"kind": saved, "number": saved, "country": st.none() | st.just("IDN")}
            ),
            max_size=3,
        ),
    }
)


def test_an_empty_text_of_json_says_what_an_empty_cell_says():
    said = person(1, **dict.fromkeys(set(COLUMNS) - {"reference", "name"}, ""))
    (of_json,) = read(json.dumps(said).encode())
    (of_csv,) = read(f"{','.join(said)}\n{','.join(map(str, said.values()))}".encode())
    assert (of_json.fields, of_json.faults) == (of_csv.fields, of_csv.faults)
    (of_nulls,) = read(json.dumps(person(1, aliases=None, documents=None, photos=None)).encode())
    assert (of_nulls.fields, of_nulls.photos) == (person(1, aliases=[], documents=[]), ())
    document = {"kind": "passport", "number": "C1", "country": " "}
    checked = CHECK(of_json.fields | {"documents": [document]}, "wl_x")
    assert isinstance(checked, CheckedRow), checked
    assert "status" not in checked.given


@given(fields=person_like, photos=st.lists(st.sampled_from(["a.jpg", "b;c.jpg"]), max_size=2))
def test_what_is_exported_is_read_as_it_was(fields, photos):
    said = {**dict.fromkeys(COLUMNS), "status": "active", **fields, "photos": photos}
    table = b"".join(written_csv([said]))
    assert table.startswith(b"\xef\xbb\xbfreference,")
    _, cells = csv.reader(io.StringIO(table.decode("utf-8-sig"), newline=""))
    assert not [cell for cell in cells if cell.startswith(FORMULAS)]
    for content in (table, b"".join(json_lines_of([said]))):
        (row,) = read_rows(binary(content))
        assert row.photos == tuple(photos)
        checked = CHECK(row.fields, "wl_x")
        assert isinstance(checked, CheckedRow), checked
        for name, value in fields.items():
            assert getattr(checked.person, name) == value
        assert checked.given >= fields.keys()


@given(cells=st.lists(st.text(st.sampled_from("'=+-@\t\r\n,;\"a \uff1d"), max_size=6), min_size=2))
def test_no_cell_that_goes_out_is_a_formula(cells):
    (read,) = csv.reader(io.StringIO(csv_line(cells), newline=""))
    assert not [cell for cell in read if cell.startswith(FORMULAS)]
    assert list(map(unguarded, read)) == cells


def test_csv_is_written_in_one_place():
    root = Path(csv_cells.__file__).parents[2]
    writers = {
        path.relative_to(root).as_posix()
        for package in ("api", "casework", "cli", "client", "config", "detector", "index", "models")
        for path in (root / package).rglob("*.py")
        if re.search(r"csv\.(writer|DictWriter)", path.read_text())
    }
    assert writers == {"casework/imports/csv_cells.py"}


def test_everything_that_is_known_of_a_person():
    row = person(
        1,
        aliases="a; b",
        sex="F",
        birth_date="1980-02-29",
        birth_year="1980",
        nationality="IDN",
        documents="passport:C1:IDN; ktp:31",
        reason="overstay",
        decision_number="K-1",
        status="suspended",
        valid_from="2026-01-01",
        valid_until="2026-06-30T12:00:00+07:00",
        photos="a.jpg; b/c.jpg",
    )
    (read_row,) = read(csv_of(row))
    assert read_row.photos == ("a.jpg", "b/c.jpg")
    checked = CHECK(read_row.fields, "wl_x")
    assert isinstance(checked, CheckedRow)
    assert checked.given == set(COLUMNS) - {"photos"}
    assert asdict(checked.person) == {
        "name": "Person 1",
        "watchlist_ids": ("wl_x",),
        "reference": "R-1",
        "aliases": ["a", "b"],
        "sex": Sex.FEMALE,
        "birth_date": date(1980, 2, 29),
        "birth_year": 1980,
        "nationality": "IDN",
        "documents": [
            {"kind": "passport", "number": "C1", "country": "IDN"},
            {"kind": "ktp", "number": "31", "country": None},
        ],
        "reason": "overstay",
        "decision_number": "K-1",
        "status": SubjectStatus.SUSPENDED,
        "valid_from": datetime(2026, 1, 1, tzinfo=ZONE),
        "valid_until": datetime(2026, 6, 30, 5, tzinfo=UTC),
    }


def test_cells_stay_plain_where_they_can():
    assert cell_of("aliases", ["a", "b"]) == "a; b"
    assert cell_of("aliases", ["a;b"]) == json.dumps(["a;b"])
    assert cell_of("documents", [{"kind": "p", "number": "1", "country": None}]) == "p:1"
    assert cell_of("name", None) == ""


def test_a_pipe_or_a_folder_is_told_apart_from_nothing(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    (tmp_path / "b.jpg").mkdir()
    for name in ("a.jpg", "b.jpg"):
        with pytest.raises(PhotoUnavailable, match="no file"):
            PhotoFolder(tmp_path).read(name, 10)
