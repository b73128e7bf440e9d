"""Finding who is to be enrolled in a folder; lists are imported (tests/casework/imports)."""

import os
import socket
import unicodedata

import pytest

from cli.people_folder import RosterError, read_roster
from tests.fakes import photo_of

PHOTO = photo_of(1, side=64)


def put(folder, *names, content=PHOTO):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def taken(roster):
    return {each.reference: [photo.name for photo in each.photos] for each in roster.people}


def left_out(roster):
    return {(each.reference, each.file, each.code, each.whole) for each in roster.left_out}


def test_every_file_of_a_person_s_folder_is_taken_but_litter(tmp_path):
    put(tmp_path, "B_B/2.JPG", "B_B/1.jfif", "B_B/photo", "B_B/2019/old/3.jpc", "A/notes.txt")
    put(tmp_path, "B_B/Thumbs.db", "B_B/.DS_Store", "B_B/._2.JPG", "B_B/__MACOSX/x", "desktop.ini")
    roster = read_roster(tmp_path)
    assert taken(roster) == {
        "A": ["notes.txt"],  # examining it tells what it is
        "B_B": ["1.jfif", "2.JPG", "photo", "3.jpc"],
    }
    assert [person.name for person in roster.people] == ["A", "B B"]
    assert not roster.left_out


def test_a_photo_per_person_whatever_its_suffix(tmp_path):
    put(tmp_path, "Siti_R.jfif", "Budi")
    put(tmp_path, "Siti_R.json", "README.md", content=b"a long text about nobody, in plain words")
    roster = read_roster(tmp_path)
    assert taken(roster) == {"Budi": ["Budi"], "Siti_R": ["Siti_R.jfif"]}
    assert left_out(roster) == {
        ("README", "README.md", "photo_format_unsupported", True),
        ("Siti_R", "Siti_R.json", "photo_format_unsupported", False),
    }


def test_an_empty_folder_is_a_person_without_photos(tmp_path):
    put(tmp_path, "A/1.jpg")
    (tmp_path / "Empty" / "deeper").mkdir(parents=True)
    assert taken(read_roster(tmp_path)) == {"A": ["1.jpg"], "Empty": []}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Jos\u00e9/a.jpg", unicodedata.normalize("NFD", "Jos\u00e9") + "/b.jpg"),
        ("K-17/a.jpg", "K\u201117/b.jpg"),
        ("Siti.jpg", "Siti.png"),
        ("Siti/a.jpg", "Siti.png"),
    ],
)
def test_of_two_names_of_one_look_the_first_counts_and_the_other_is_named(tmp_path, first, second):
    put(tmp_path, first, second)
    roster = read_roster(tmp_path)
    (person,) = roster.people
    ((reference, file, code, whole),) = left_out(roster)
    assert unicodedata.is_normalized("NFC", person.reference)
    assert (file, code, whole) == (None, "duplicate_reference", True)
    assert reference.replace("\u2011", "-") == person.reference


def test_names_that_are_not_utf_8_show_their_bytes_and_stay_two(tmp_path):
    for name in (b"/Caf\xe8", b"/Caf\xe9"):
        folder = os.fsencode(tmp_path) + name
        os.mkdir(folder)  # noqa: PTH102 - a name of bytes
        with open(folder + b"/fot\xf3.jpg", "wb") as file:  # noqa: PTH123
            file.write(PHOTO)
    put(tmp_path, "Ok/b.jpg")
    roster = read_roster(tmp_path)
    assert [person.reference for person in roster.people] == ["Caf\\xe8", "Caf\\xe9", "Ok"]
    assert roster.people[0].photos[0].read_bytes() == PHOTO
    assert roster.renamed == ["Caf\\xe8", "Caf\\xe9"]


def test_what_cannot_be_read_is_named_and_links_are_followed_once(tmp_path):
    people, elsewhere = tmp_path / "people", tmp_path / "elsewhere"
    put(people, "A/1.jpg")
    put(elsewhere, "2.jpg")
    (people / "A" / "gone.jpg").symlink_to(tmp_path / "nowhere")
    (people / "A" / "again").symlink_to(people / "A")
    (people / "A" / "more").symlink_to(elsewhere)
    os.mkfifo(people / "A" / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(people / "A" / "s"))
        os.mkfifo(people / "Budi.jpg")
        roster = read_roster(people)
    assert taken(roster) == {"A": ["1.jpg", "2.jpg"]}
    assert left_out(roster) == {
        ("A", "gone.jpg", "file_unreadable", False),
        ("A", "pipe.jpg", "file_unreadable", False),
        ("A", "s", "file_unreadable", False),
        ("Budi", "Budi.jpg", "file_unreadable", True),
    }


def test_a_folder_of_people_is_not_taken_for_one_person(tmp_path):
    put(tmp_path, "export/A/1.jpg", "export/B/1.jpg", ".DS_Store")
    with pytest.raises(RosterError, match="export"):
        read_roster(tmp_path)
    assert taken(read_roster(tmp_path / "export")) == {"A": ["1.jpg"], "B": ["1.jpg"]}


def test_nobody_is_an_error(tmp_path):
    put(tmp_path, "Thumbs.db")
    with pytest.raises(RosterError, match="holds nobody"):
        read_roster(tmp_path)


def test_a_list_is_for_siaga_import(tmp_path):
    path = tmp_path / "list.csv"
    path.touch()
    with pytest.raises(RosterError, match="siaga import"):
        read_roster(path)
