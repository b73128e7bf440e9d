"""Areas from a CSV file: what its lines say, and what is wrong with them."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.areas.area_file import LONGEST_NAME, read_areas
from casework.kernel.errors import AreasRefused
from casework.kernel.messages import Message
from casework.kernel.text import canonical
from tests.casework.areas.test_tree import CODES

NAMES = (
    st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=LONGEST_NAME)
    .map(canonical)
    .filter(lambda name: 0 < len(name) <= LONGEST_NAME)
)


def faults(content: str | bytes) -> list[tuple[int, str]]:
    """The lines that are wrong, and the codes of what is said of them."""
    with pytest.raises(AreasRefused) as refused:
        read_areas(content if isinstance(content, bytes) else content.encode())
    return [(line, message.code) for line, message in refused.value.faults]


@given(
    st.dictionaries(CODES, NAMES, min_size=1, max_size=6),
    st.sampled_from(",;"),
    st.sampled_from(["", "\ufeff"]),
    st.sampled_from(["\n", "\r\n"]),
    st.permutations(["code", "name"]),
)
def test_what_is_written_is_read(areas, delimiter, mark, end, columns):
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows({"code": code, "name": name} for code, name in areas.items())
    file = read_areas((mark + text.getvalue()).encode())
    assert {code: line.name for code, line in file.areas.items()} == areas
    assert list(file.areas) == sorted(areas)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_file_is_read_or_refused_by_line(content):
    found: tuple[tuple[int, Message], ...] = ()
    try:
        file = read_areas(content)
    except AreasRefused as error:
        found = error.faults
    else:
        assert file.areas
        return
    assert found
    assert all(line >= 1 and str(message) for line, message in found)


def test_levels_are_optional_and_written_in_either_language():
    lines = ("31,DKI Jakarta,Provinsi", "31.71,Kota Contoh,kota", "31.71.01,Contoh,kecamatan")
    plain = read_areas("\n".join(("code,name,level", *lines)).encode())
    assert list(plain.areas) == ["31", "31.71", "31.71.01"]
    assert plain.areas["31.71"].name == "Kota Contoh"


def test_villages_are_left_out_and_counted():
    file = read_areas(b"code,name\n31.71,Kota Contoh\n31.71.01.1001,Desa Contoh\n\n")
    assert (list(file.areas), file.left_out) == (["31.71"], 1)


def test_every_line_that_is_wrong_is_named():
    text = (
        "name;code;level\n"
        "Kota Contoh;31.71;\n"
        "Contoh;31.7;\n"
        ";31.72;\n"
        "Kota Lain;31.71;\n"
        "Kota Contoh;31.71;\n"
        "Contoh;31.73;kecamatan\n"
        f"{'x' * (LONGEST_NAME + 1)};31.74;\n"
    )
    text += '"two\nlines";31.75;\nbell\x07;31.76;\n'
    assert faults(text) == [
        (3, "area_file_code"),
        (4, "area_file_name"),
        (5, "area_file_twice"),
        (7, "area_file_level"),
        (8, "area_file_name"),
        (11, "area_file_name"),
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", (1, "area_file_columns")),
        ("31;DKI Jakarta", (1, "area_file_columns")),
        ("code,name,name\n31,a,b", (1, "area_file_columns")),
        ("code,name,postcode\n31,a,1", (1, "area_file_columns")),
        ("code,name\n", (1, "area_file_empty")),
        ("code,name\n31.71.01.1001,Desa\n", (2, "area_file_empty")),
        ("code,name\n31," + 200_000 * "x", (2, "area_file_broken")),
        (b"code,name\n31,\xff", (2, "area_file_unreadable")),
    ],
)
def test_a_file_that_is_no_list_of_areas_is_refused(content, expected):
    assert faults(content) == [expected]
