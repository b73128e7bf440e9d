"""Finding who is to be enrolled in a folder; lists are imported (tests/casework/exchange)."""

import pytest

from cli.people_folder import RosterError, read_roster


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


def test_a_reference_stands_once(tmp_path):
    for name in ("Siti.jpg", "Siti.png"):
        (tmp_path / name).touch()
    with pytest.raises(RosterError, match="twice"):
        read_roster(tmp_path)


def test_nobody_is_an_error(tmp_path):
    with pytest.raises(RosterError, match="holds nobody"):
        read_roster(tmp_path)


def test_a_list_is_for_siaga_import(tmp_path):
    path = tmp_path / "list.csv"
    path.touch()
    with pytest.raises(RosterError, match="siaga import"):
        read_roster(path)
