"""Reading who is to be enrolled."""

import csv
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.roster import OPTIONAL_COLUMNS, REQUIRED_COLUMNS, RosterError, read_roster


def write(path, rows, columns=(*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_folder_per_person(tmp_path):
    for name in ("B_B/2.JPG", "B_B/1.png", "A/1.jpeg", "A/notes.txt", "empty/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    people = read_roster(tmp_path)
    assert [(p.reference, p.name, [f.name for f in p.photos]) for p in people] == [
        ("A", "A", ["1.jpeg"]),
        ("B_B", "B B", ["1.png", "2.JPG"]),
    ]


def test_a_photo_per_person(tmp_path):
    (tmp_path / "Siti_R.jpg").touch()
    (person,) = read_roster(tmp_path)
    assert (person.reference, person.name) == ("Siti_R", "Siti R")


def test_a_csv_file(tmp_path):
    row = {
        "reference": "K-1/2026",
        "name": "Siti, R.",
        "photos": "a.jpg; b/c.jpg",
        "nationality": "IDN",
        "birth_date": "1980-02-29",
        "reason": "overstay",
        "valid_from": "2026-01-01",
        "valid_until": "2026-06-30T12:00:00+07:00",
    }
    (person,) = read_roster(write(tmp_path / "x.csv", [row]))
    assert person.photos == (tmp_path / "a.jpg", tmp_path / "b" / "c.jpg")
    assert person.birth_date == date(1980, 2, 29)
    assert person.valid_from == datetime(2026, 1, 1, tzinfo=UTC)
    assert person.valid_until == datetime(2026, 6, 30, 5, tzinfo=UTC)


def test_everything_that_is_known_of_a_person(tmp_path):
    row = {
        "reference": "K-2",
        "name": "Siti",
        "photos": "a.jpg",
        "aliases": "Siti R.; Nyai",
        "sex": "F",
        "birth_year": "1980",
        "nationality": "D",
        "documents": "passport:X 12-3:IDN; visa : V1",
        "decision_number": "12/2026",
        "status": "suspended",
    }
    (person,) = read_roster(write(tmp_path / "x.csv", [row]))
    assert (person.aliases, person.sex, person.birth_year) == (("Siti R.", "Nyai"), "F", 1980)
    assert (person.nationality, person.decision_number, person.status) == (
        "DEU",
        "12/2026",
        "suspended",
    )
    assert person.documents == (
        {"kind": "passport", "number": "X 12-3", "country": "IDN"},
        {"kind": "visa", "number": "V1", "country": None},
    )


def test_a_file_with_the_old_columns_is_still_read(tmp_path):
    old = ("nationality", "birth_date", "reason", "valid_from", "valid_until")
    row = {"reference": "1", "name": "x", "photos": "a.jpg", "birth_date": "1980-02-29"}
    (person,) = read_roster(write(tmp_path / "x.csv", [row], (*REQUIRED_COLUMNS, *old)))
    assert (person.aliases, person.documents, person.status) == ((), (), "active")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sex": "W"}, "line 2: sex 'W' is none of F, M, X"),
        ({"status": "gone"}, "status 'gone'"),
        ({"birth_year": "c. 1980"}, "line 2"),
        ({"birth_year": "2999"}, "future"),
        ({"birth_date": "1980-02-29", "birth_year": "1981"}, "not that of the date"),
        ({"documents": "X123"}, "kind:number"),
        ({"documents": "passport:X1:ZZZ"}, "is not a nationality"),
        ({"name": "x" * 201}, "name is longer than 200"),
        ({"valid_from": "2026-02-01", "valid_until": "2026-01-01"}, "later than valid_from"),
        ({"reference": " "}, "line 2: reference, name and photos"),
        ({"photos": ";"}, "line 2: reference, name and photos"),
        ({"nationality": "Indonesia"}, "alpha-3"),
        ({"birth_date": "29-02-1981"}, "line 2"),
        ({"valid_until": "2026-06-30T12:00:00"}, "time zone"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, change, message):
    row = {"reference": "1", "name": "x", "photos": "a.jpg", **change}
    with pytest.raises(RosterError, match=message):
        read_roster(write(tmp_path / "x.csv", [row]))


def test_missing_and_unknown_columns_are_named(tmp_path):
    with pytest.raises(RosterError, match="lacks photos"):
        read_roster(write(tmp_path / "x.csv", [], ("reference", "name")))
    with pytest.raises(RosterError, match="unknown column colour"):
        read_roster(write(tmp_path / "x.csv", [], (*REQUIRED_COLUMNS, "colour")))


def test_a_reference_stands_once(tmp_path):
    row = {"reference": "1", "name": "x", "photos": "a.jpg"}
    with pytest.raises(RosterError, match="twice"):
        read_roster(write(tmp_path / "x.csv", [row, row]))


def test_nobody_is_an_error(tmp_path):
    with pytest.raises(RosterError, match="holds nobody"):
        read_roster(tmp_path)


@given(content=st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode()))
def test_any_file_is_a_roster_or_a_roster_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("roster") / "x.csv"
    path.write_bytes(b"reference,name,photos\n" + content)
    try:
        people = read_roster(path)
    except RosterError:
        return
    assert all(person.reference and person.name and person.photos for person in people)
