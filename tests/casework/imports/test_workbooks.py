"""Excel workbooks in and out: what other programs write is read, what we write they read."""

import gzip
import io
import re
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.imports.formats import read_rows
from casework.imports.list_writers import workbook_of
from casework.imports.raw_rows import COLUMNS, WARNINGS
from casework.imports.workbook.cells import CellFormat, CellState, format_of, typed
from casework.imports.workbook.writer import Sheet, write_sheets, write_workbook
from casework.kernel.errors import ImportRefused
from tests.casework.imports.lists import binary, zip_of

HEADING = ["reference", "name", "birth_date", "documents", "decision_number"]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def saved(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def book_of(*rows, heading=HEADING):
    """A workbook, and its only sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (heading, *rows):
        sheet.append(row)
    return book, sheet


def rows_of(content):
    return list(read_rows(binary(content)))


def codes(row):
    return [(each.code, each.message.code) for each in (*row.faults, *row.warnings)]


def with_part(content, name, change):
    """The workbook with one part changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    parts[name] = change(parts[name])
    return zip_of(parts)


SHEET = "xl/worksheets/sheet1.xml"


def test_numbers_dates_and_texts_are_what_the_spreadsheet_shows():
    day, moment = date(1980, 2, 29), datetime(2027, 1, 1, 12, 30)  # noqa: DTZ001 - a spreadsheet's times have no zone
    heading = [*HEADING, "valid_until", "birth_year", "status"]
    row = [7, "Siti", day, "passport:0012:IDN", "0099", moment, 1980.0, None]
    book, sheet = book_of(row, heading=heading)
    sheet["A2"].number_format = "00000"
    (read,) = rows_of(saved(book))
    assert read.fields == {
        "reference": "00007",
        "name": "Siti",
        "birth_date": "1980-02-29",
        "documents": [{"kind": "passport", "number": "0012", "country": "IDN"}],
        "decision_number": "0099",
        "valid_until": "2027-01-01T12:30:00",
        "birth_year": "1980",
    }
    assert (read.number, codes(read)) == (2, [])


def test_dates_of_the_first_years_and_of_old_macs():
    assert typed("n", "1", CellFormat(dated=True), from_1904=False).text == "1900-01-01"
    assert typed("n", "59", CellFormat(dated=True), from_1904=False).text == "1900-02-28"
    assert typed("n", "61", CellFormat(dated=True), from_1904=False).text == "1900-03-01"
    assert typed("n", "0", CellFormat(dated=True), from_1904=True).text == "1904-01-01"
    assert typed("n", "0.125", CellFormat(dated=True), from_1904=False).text == "03:00:00"
    far = typed("n", "9999999", CellFormat(dated=True), from_1904=False)
    assert far.state is CellState.ERROR
    book, _ = book_of(["1", "x", date(1980, 2, 29)])
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    assert rows_of(saved(book))[0].fields["birth_date"] == "1980-02-29"


@pytest.mark.parametrize(
    ("code", "dated", "zeros"),
    [
        ("dd/mm/yyyy", True, 0),
        ("[$-421]d mmmm yyyy;@", True, 0),
        ("[h]:mm", True, 0),
        ("0000000000", False, 10),
        ('0.00" days"', False, 0),
        ("[Red]0", False, 1),
        ("General", False, 0),
        ("@", False, 0),
        ("#,##0", False, 0),
    ],
)
def test_formats_of_numbers(code, dated, zeros):
    assert format_of("164", code) == CellFormat(dated, zeros)


def test_what_cannot_be_known_refuses_the_row_and_what_looks_changed_is_told():
    day = date(2026, 2, 1)
    book, sheet = book_of(
        ["1", "=A2&B3", None, None, None],
        ["2", "ok", None, None, 12345678901234567],
        ["3", "ok", None, None, day],
        ["4", "#N/A", None, None, None],
    )
    sheet["B5"].data_type = "e"
    assert [codes(row) for row in rows_of(saved(book))] == [
        [("field_invalid", "row_formula_unknown")],
        [("known_in_part", "row_digits_lost")],
        [("written_otherwise", "row_cell_is_date")],
        [("field_invalid", "row_cell_is_error")],
    ]


def test_the_value_of_a_formula_is_read_not_the_formula():
    book, _ = book_of(["1", "=A1", None, None, None])
    content = with_part(
        saved(book), SHEET, lambda xml: re.sub(rb"<f>A1</f><v ?/>", b"<f>A1</f><v>12</v>", xml)
    )
    (row,) = rows_of(content)
    assert (row.fields["name"], codes(row)) == ("12", [])


def test_titles_hidden_rows_other_sheets_and_merged_cells():
    book = openpyxl.Workbook()
    book.active.append(["a cover sheet"])
    sheet = book.create_sheet("people")
    sheet.append(["List of our agency"])
    sheet.append(["Reference", "Name"])
    for place in range(3):
        sheet.append([f"R-{place}", "x"])
    sheet.append([])
    sheet.append(["R-9", "merged"])
    sheet.append([None, "into the row above"])
    sheet.merge_cells("A1:B1")
    sheet.merge_cells("A7:A8")
    sheet.row_dimensions[4].hidden = True
    rows = rows_of(saved(book))
    assert [row.number for row in rows] == [3, 4, 5, 7, 8]
    assert [(each.message.code, each.row) for each in rows[0].warnings] == [
        ("heading_spelt_otherwise", 2),
        ("row_sheet_of_several", 2),
        ("row_hidden_rows", 2),
    ]
    assert {each.code for each in rows[0].warnings} <= WARNINGS
    assert [codes(row) for row in rows[1:]] == [
        [],
        [],
        [("row_malformed", "row_merged")],
        [("row_malformed", "row_merged")],
    ]


def test_macros_are_nothing_that_is_run():
    book, _ = book_of(["1", "x", None, None, None])
    content = with_part(
        saved(book),
        "[Content_Types].xml",
        lambda xml: xml.replace(b"spreadsheetml.sheet.main", b"sheet.macroEnabled.main"),
    )
    assert rows_of(content)[0].fields["name"] == "x"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "list_is_old_excel"),
        (gzip.compress(b"reference,name\n1,Ann\n", mtime=0), "list_is_packed"),
        (
            zip_of({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}),
            "list_is_open_document",
        ),
        (zip_of({"[Content_Types].xml": b"", "xl/workbook.bin": b""}), "workbook_binary"),
        (zip_of({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "workbook_damaged"),
    ],
)
def test_other_workbooks_are_told_plainly(content, code):
    with pytest.raises(ImportRefused) as told:
        rows_of(content)
    assert told.value.message.code == code


def test_a_strict_workbook_and_one_without_a_list_are_told():
    book, _ = book_of(["1", "x", None, None, None])
    strict = with_part(
        saved(book),
        "xl/workbook.xml",
        lambda xml: xml.replace(MAIN.encode(), b"http://purl.oclc.org/ooxml/spreadsheetml/main"),
    )
    with pytest.raises(ImportRefused, match="strict"):
        rows_of(strict)
    with pytest.raises(ImportRefused, match="reference"):
        rows_of(saved(book_of(heading=["a", "b"])[0]))


def sheet_xml(body):
    return f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>'.encode()


HEAD_ROW = '<row r="1"><c t="str"><v>reference</v></c><c t="str"><v>name</v></c></row>'


@pytest.mark.parametrize(
    "xml",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>',
        sheet_xml(HEAD_ROW + '<row r="99999999"><c><v>1</v></c></row>'),
        sheet_xml(HEAD_ROW + '<row r="2"><c r="XFE2"><v>1</v></c></row>'),
        sheet_xml(HEAD_ROW + '<row r="3"/><row r="2"><c><v>1</v></c></row>'),
        sheet_xml(HEAD_ROW + '<row r="2"><c t="s"><v>7</v></c></row>'),
        sheet_xml(HEAD_ROW + '<row r="2"><c><v>one</v></c></row>'),
        sheet_xml(HEAD_ROW + '<row r="2"><c><v>1e999999999</v></c></row>'),
        sheet_xml(HEAD_ROW + f'<row r="2"><c t="str"><v>{"x" * 70_000}</v></c></row>'),
        sheet_xml(HEAD_ROW + f'<row r="2">{"<c><v>1</v></c>" * 1100}</row>'),
        sheet_xml(HEAD_ROW + f'<row r="2" x="{"x" * (2 << 20)}"/>'),
        sheet_xml(HEAD_ROW)[:-20],
    ],
)
def test_hostile_sheets_are_refused(xml):
    book, _ = book_of(["1", "x", None, None, None])
    content = with_part(saved(book), SHEET, lambda _: xml)
    with pytest.raises(ImportRefused):
        rows_of(content)


@given(data=st.data())
def test_a_workbook_that_was_tampered_with_is_read_or_refused(data):
    content = b"".join(write_workbook(["reference", "name"], [9, 9], [["R-1", "x"], ["R-2", "y"]]))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    part = parts[data.draw(st.sampled_from(sorted(parts)))]
    for _ in range(data.draw(st.integers(1, 4))):
        part[data.draw(st.integers(0, len(part) - 1))] = data.draw(st.integers(0, 255))
    try:
        rows = rows_of(zip_of({name: bytes(part) for name, part in parts.items()}))
    except ImportRefused:
        return
    assert all(row.fields or row.faults for row in rows)


letters = st.text(
    st.characters(codec="utf-8", exclude_characters="\0") | st.sampled_from("'=+-@_x0;[]\r\n\t"),
    max_size=20,
)
texts = st.builds(str.__add__, st.sampled_from(["", "=", "'=", "_x000D_", "["]), letters).map(
    str.strip
)


@given(
    reference=texts,
    aliases=st.lists(texts.filter(bool), max_size=3),
    year=st.none() | st.integers(1900, 2020),
)
def test_what_goes_out_as_a_workbook_comes_back(reference, aliases, year):
    said = {
        **dict.fromkeys(COLUMNS),
        "reference": reference or "R",
        "name": "x",
        "aliases": aliases,
        "documents": [{"kind": "passport", "number": "007", "country": None}],
        "birth_year": year,
        "photos": ["photos/a.jpg"],
    }
    content = b"".join(workbook_of([said]))
    (row,) = rows_of(content)
    assert (row.number, codes(row), row.photos) == (2, [], ("photos/a.jpg",))
    assert row.fields["reference"] == said["reference"]
    assert row.fields["aliases"] == aliases
    assert row.fields["documents"] == [{"kind": "passport", "number": "007"}]
    assert row.fields["birth_year"] == (None if year is None else str(year))


def test_other_programs_find_texts_a_heading_and_no_formula_in_it():
    content = b"".join(
        write_workbook(["reference", "name", "year"], [9, 30, 9], [["=1+1", "\u00e9 <&>\nb", 1980]])
    )
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["reference", "name", "year"],
        ["=1+1", "\u00e9 <&>\nb", 1980],
    ]
    assert [cell.data_type for cell in sheet[2]] == ["s", "s", "n"]
    assert sheet["A2"].number_format == "@"
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:C2")
    assert sheet.column_dimensions["B"].width == 30


@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_sheets_have_names_that_spreadsheets_take(headings):
    written = b"".join(write_sheets([Sheet(each, ["a"], [9], []) for each in headings]))
    names = openpyxl.load_workbook(io.BytesIO(written)).sheetnames
    assert len({each.casefold() for each in names}) == len(headings)
    assert all(0 < len(each) <= 31 for each in names)
    assert not any(re.search(r"[\[\]:*?/\\]|^'|'$", each) for each in names)


def test_a_long_name_ends_between_words():
    headings = ["Alerts: agency", "Why photos could not be searched", "x" * 40]
    written = b"".join(write_sheets([Sheet(each, ["a"], [9], []) for each in headings]))
    assert openpyxl.load_workbook(io.BytesIO(written)).sheetnames == [
        "Alerts agency",
        "Why photos could not be…",
        "x" * 31,
    ]
