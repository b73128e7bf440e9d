"""Files of guests."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.kernel.errors import StayRefused
from casework.stays.csv_file import COLUMNS, read_guests
from casework.stays.reports import MOST_ROWS

CELLS = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff'=+-@\uff1d\uff0b\uff0d\uff20"
    ),
    min_size=1,
    max_size=20,
).filter(lambda text: text.strip())


def written(rows, delimiter=","):
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows([COLUMNS, *rows])
    return file.getvalue().encode()


@given(
    st.lists(st.lists(CELLS, min_size=14, max_size=14), min_size=1, max_size=5),
    st.sampled_from(",;\t"),
)
def test_what_is_written_is_read(rows, delimiter):
    found = read_guests(written(rows, delimiter))
    assert [each.row for each in found] == list(range(2, len(rows) + 2))
    assert [[each.fields[name] for name in COLUMNS] for each in found] == [
        [cell.strip() for cell in row] for row in rows
    ]


@given(st.binary(max_size=300))
def test_anything_else_is_refused_in_words(content):
    with pytest.raises(StayRefused) as refused:
        read_guests(content)
    assert refused.value.field == "file"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "stay_file_empty"),
        (written([]), "stay_file_empty"),
        (b"lodging,checked_in\nHTL-1,2026-03-01\n", "stay_file_lacks_columns"),
        (b"lodging,lodging_name,checked_in,colour\n1,2,3,4\n", "stay_file_unknown_columns"),
        (b'lodging,lodging_name,checked_in\n"HTL-1"x,2,3\n', "stay_file_unreadable"),
        (
            b"lodging,lodging_name,checked_in\n" + b"HTL-1,2,3\n" * (MOST_ROWS + 1),
            "stay_file_too_long",
        ),
    ],
)
def test_a_file_that_is_none_says_why(content, code):
    with pytest.raises(StayRefused) as refused:
        read_guests(content)
    assert refused.value.message.code == code


def test_a_spreadsheet_s_own_ways_are_read():
    content = "\ufefflodging;lodging_name;checked_in;\r\nHTL-1;'=Melati;2026-03-01;\r\n;;;\r\n"
    (guest,) = read_guests(content.encode())
    assert guest.fields == {
        "lodging": "HTL-1",
        "lodging_name": "=Melati",
        "checked_in": "2026-03-01",
    }
