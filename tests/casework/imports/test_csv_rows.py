"""Lists as spreadsheets and exporters write them: what is around the values, and what breaks."""

import csv
import io
import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.imports.formats import read_rows
from casework.imports.photos import NoPhotos
from casework.imports.source import ImportLimits, ImportSource, counted, opened
from casework.imports.written_dates import read_birth
from casework.kernel.errors import ImportRefused
from tests.casework.imports.lists import binary


def read(text, encoding="utf-8"):
    return list(read_rows(binary(text.encode(encoding))))


def codes(row):
    return [each.code for each in (*row.faults, *row.warnings)]


@pytest.mark.parametrize(
    ("text", "remarks"),
    [
        ("reference;name;photos;;\r\nA1;Siti;a.jpg;;\r\n", 1),
        ("sep=;\r\nreference;name;photos\r\nA1;Siti;a.jpg\r\n", 1),
        ('"sep=|"\nreference|name|photos\nA1|Siti|a.jpg\n', 1),
        ("REFERENCE,Name,Photos\nA1,Siti,a.jpg\n", 1),
        ("sep=,\nReference, NAME ,photos,\nA1,Siti,a.jpg,\n", 3),
        ("reference\tname\tphotos\nA1\tSiti\ta.jpg\n", 0),
    ],
)
def test_a_heading_is_understood_and_remarked_upon_once(text, remarks):
    (row, *_) = rows = read(text + text.splitlines()[-1].replace("A1", "A2"))
    assert [each.reference for each in rows] == ["A1", "A2"]
    assert (row.number, row.fields, row.photos) == (
        2,
        {"reference": "A1", "name": "Siti"},
        ("a.jpg",),
    )
    assert [(each.code, each.row) for each in row.warnings] == [("heading_unusual", 1)] * remarks
    assert not rows[1].warnings
    source = ImportSource(binary(text.encode()), NoPhotos())
    assert counted(source, ImportLimits()) == 1
    if remarks:
        with pytest.raises(ImportRefused):
            counted(source, ImportLimits(), strict=True)


def test_words_of_a_heading_may_stand_apart():
    (row,) = read("Reference,Name,Birth Date,Decision-Number\n1,x,1980-02-29,K\n")
    assert row.fields.keys() == {"reference", "name", "birth_date", "decision_number"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_unicode_text_of_a_spreadsheet_is_read(encoding):
    (row,) = read("reference\tname\r\nD1\tJosé\r\n", encoding)
    assert row.fields == {"reference": "D1", "name": "José"}


def test_cells_left_out_at_the_end_change_nothing():
    long, short, wide = read("reference,name,reason,photos\n1,a,r,a.jpg\n2,b\n3,c,r,c.jpg,,\n")
    assert not long.warnings
    assert (short.fields, short.photos) == ({"reference": "2", "name": "b"}, ())
    assert codes(short) == codes(wide) == ["row_ragged"]


@pytest.mark.parametrize("row", ["3,Doe, John,a.jpg", "3,Doe,John,a.jpg,x", "3,Doe,John,a.jpg,,x"])
def test_a_separator_within_a_value_moves_nothing_into_another_column(row):
    (read_row,) = read(f"reference,name,photos,\n{row}\n")
    assert codes(read_row)[0] == "row_malformed"


@pytest.mark.parametrize(
    "bad",
    [
        'X,"Abu" Bakar,a.jpg',
        'X,"Abu Bakar,a.jpg',
        'X,Abu,"a.jpg',
        '"X,Abu,a.jpg',
        'X,"Abu ""Bakar"",a.jpg',
        'X,"' + "a" * 140_000 + '",a.jpg',
    ],
)
@pytest.mark.parametrize("last", ["9,Siti,z.jpg", '9,"Siti, R.",z.jpg', '9,Siti 5",z.jpg'])
def test_a_quotation_mark_swallows_no_other_row(bad, last):
    good = [f"{number},Person {number},{number}.jpg" for number in range(1, 9)]
    lines = ["reference,name,photos", *good[:4], bad, *good[4:], last]
    rows = read("\n".join(lines) + "\n")
    assert [row.reference for row in rows if not row.faults] == [*"1234", *"5678", "9"]
    (refused,) = [row for row in rows if row.faults]
    assert (refused.number, refused.faults[0].message.code) == (6, "row_quotes")


def test_a_text_of_several_lines_stays_one():
    text = "overstay,\nsee file 7; 12\n\ncourt order"
    out = io.StringIO()
    csv.writer(out).writerows([["reference", "name", "reason"], ["1", "a", text], ["2", "b", "x"]])
    assert [row.fields["reason"] for row in read(out.getvalue())] == [text, "x"]


cell = st.text(st.sampled_from("ab\"',;\n "), max_size=5)


@given(
    rows=st.lists(st.tuples(st.text("xyz", min_size=1, max_size=3), cell), max_size=8),
    broken=st.integers(0, 7),
)
def test_a_row_that_breaks_leaves_every_line_after_it_to_be_read(rows, broken):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    lines = [f'B,"b" b,{broken}']
    for name, reason in rows:
        writer.writerow(["R", name, reason.replace("\n", "")])
        lines.append(out.getvalue())
        out.seek(out.truncate(0))
    read_back = read("reference,name,reason\n" + "\n".join(line.strip("\n") for line in lines))
    assert [row.fields.get("name") for row in read_back] == [None, *(name for name, _ in rows)]
    assert read_back[0].faults


def test_a_null_refuses_its_row_and_a_second_mark_nothing():
    rows = read("\ufeff\ufeffreference,name\nA1,Si\0ti\nA2,Ben\n")
    assert [(row.reference, codes(row)) for row in rows] == [(None, ["row_malformed"]), ("A2", [])]


@pytest.mark.parametrize("text", ["00:00:00", "12:12:12", "000000", "00/00/00", "0000-00-00"])
def test_an_empty_date_says_nothing(text):
    assert read_birth(text, date(2026, 11, 30)) is None


def test_of_two_lists_in_a_zip_none_is_left_out_in_silence():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in ("subjects.csv", "more/subjects.csv"):
            archive.writestr(name, "reference,name\nA1,Siti\n")
    with pytest.raises(ImportRefused), opened(content, None, ImportLimits()):
        pass


LATIN = (
    "reference,name,reason,photos\nA1,Siti,ok,a.jpg\nA2,Jos\xe9,ok,b.jpg\nA3,Ann,caf\xe9,c.jpg\n"
)
IN_PART = LATIN.encode("latin-1") + "A4,Núñez,ok,d.jpg\n".encode()
"""A line of it is UTF-8."""


def test_a_byte_that_is_not_utf8_is_its_own_row_s():
    rows = list(read_rows(binary(IN_PART)))
    assert [codes(row) for row in rows] == [[], ["text_not_utf8"], ["text_not_utf8"], []]
    assert [each.field for each in rows[1].faults] == ["name"]
    assert (rows[2].faults, rows[2].fields["reason"]) == ((), "caf\ufffd")


@pytest.mark.parametrize("text", [LATIN.encode("latin-1"), IN_PART])
def test_a_strict_list_is_utf8_all_through(text):
    with (
        opened(binary(text), None, ImportLimits()) as source,
        pytest.raises(ImportRefused, match="row 3"),
    ):
        counted(source, ImportLimits(), strict=True)


WESTERN = "José Núñez|Zoë Müller|Åse Østergård|O\u2019Brien \u2013 café|Françoise|Ö. Émile|MUÑOZ"


@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_a_list_of_windows_1252_is_read_with_a_warning_for_each_row_it_matters_to(separator):
    lines = ["reference,name,photos", "A0,Ann,a.jpg"]
    lines += [f"A{place},{name},{name}.jpg" for place, name in enumerate(WESTERN.split("|"), 1)]
    rows = read("\r\n".join(lines).replace(",", separator), "cp1252")
    assert [row.fields["name"] for row in rows] == ["Ann", *WESTERN.split("|")]
    assert not any(row.faults for row in rows)
    assert [codes(row) for row in rows] == [[], *[["text_not_utf8"]] * (len(rows) - 1)]


def test_json_lines_of_windows_1252_are_read():
    (row,) = read('{"reference": "A2", "name": "Jos\xe9"}\n', "cp1252")
    assert (row.fields["name"], codes(row)) == ("José", ["text_not_utf8"])


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        *(("Иванов", "cp1251"), ("Иванов", "koi8-r"), ("王伟", "gbk"), ("山田", "shift_jis")),
        *(
            ("Łukasz", "cp1250"),
            ("I\u015f\u0131k", "cp1254"),
            ("محمد", "cp1256"),
            ("สมชาย", "cp874"),
        ),
        *(("José", "cp850"), ("Martínez", "cp850"), ("Jörg", "cp437"), ("José", "mac_roman")),
        *(
            ("ŁUKASZ Żółw", "iso8859-2"),
            ("김철수", "cp949"),
            ("李明", "big5"),
            ("鈴木", "shift_jis"),
            ("Σωκράτης", "cp1253"),
        ),
    ],
)
def test_what_does_not_read_well_as_windows_1252_is_not_guessed(name, encoding):
    (row,) = read(f"reference,name\nA1,{name}\n", encoding)
    assert codes(row) == ["text_not_utf8"]
    assert row.faults


@given(st.binary(max_size=30))
def test_any_bytes_are_read_or_refused(content):
    try:
        rows = list(read_rows(binary(b"reference,name\nA1," + content)))
    except ImportRefused:
        return
    assert all(isinstance(row.number, int) for row in rows)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        *((b"", "list_is_nothing"), (b"\xef\xbb\xbf\r\n", "list_is_nothing")),
        *((b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "list_is_pdf"), (b"<html><table>", "list_is_html")),
        *(
            (b"\n <!DOCTYPE html>", "list_is_html"),
            (b'\xef\xbb\xbf<?xml version="1.0"?>', "list_is_html"),
        ),
    ],
)
def test_a_file_that_is_no_list_is_told_what_it_is(content, code):
    with pytest.raises(ImportRefused) as refused:
        list(read_rows(binary(content)))
    assert refused.value.message.code == code


@pytest.mark.parametrize("cell", ["C1234567", "passport:", ":C1234567", "passport:C1;C2"])
def test_a_document_without_its_kind_is_told_how_it_is_written(cell):
    (row,) = read(f'reference;name;documents\nA1;Siti;"{cell}"\n')
    assert [each.message.code for each in row.faults] == ["row_document_incomplete"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize("text", [LATIN, '{"reference": "A2", "name": "Jos\xe9"}\n'])
def test_every_unicode_text_is_read_with_or_without_its_mark(text, encoding):
    names = [row.fields["name"] for row in read(text, encoding) if row.reference == "A2"]
    assert names == ["Jos\xe9"]


def test_a_heading_that_is_not_utf8_is_refused():
    with pytest.raises(ImportRefused, match="UTF-8 in row 1"):
        read("reference,name,\u0438\u043c\u044f\nA1,Siti,IDN\n", "koi8-r")


def test_half_a_character_of_json_is_a_fault():
    (row,) = read('{"reference": "A1", "name": "a\\ud800", "aliases": ["b\\udc80"]}\n')
    assert codes(row) == ["text_not_utf8", "text_not_utf8"]
    (row,) = read('{"reference": "A1", "n\\udc80": 1}\n')
    assert codes(row) == ["row_malformed"]


def test_a_space_may_stand_before_a_cell_in_quotation_marks():
    (row,) = read('reference, name, photos\nA1, "Ann, B", "a, b.jpg"\n')
    assert (row.fields["name"], row.photos, codes(row)) == ("Ann, B", ("a, b.jpg",), [])
