"""Comparing two photos, without JavaScript: nothing is kept, and only the act is recorded."""

import re

import pytest

from casework.kernel.audit.reader import AuditFilter
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import Role
from tests.fakes import photo_of
from tests.services import OPERATOR


def compare(browser, first, second):
    browser.open("/compare")
    return browser.send("/compare", files={"first": first, "second": second})


def test_two_photos_of_one_person_resemble_each_other(signed_in, desk):
    officer = signed_in("siti", Role.OFFICER)
    assert compare(officer, photo_of(3), photo_of(3, brightness=0.9)).status_code == 200
    for words in ("Resemblance", "by chance", "Quality of the first photo", "A score decides"):
        assert words in officer.text, words
    # The photos are for the browser alone to show.
    assert officer.page.text.count("data-chosen") == 2
    assert "data:" not in officer.page.text
    rows = desk.service.oversight.trail.page(
        OPERATOR, None, 5, AuditFilter(action=Permission.COMPARE)
    )
    assert [(row.object_id, row.detail) for row in rows] == [(None, None)]


def test_different_people_are_told_apart(signed_in):
    officer = signed_in("siti", Role.OFFICER)
    compare(officer, photo_of(3), photo_of(3, brightness=0.9))
    alike = officer.text
    compare(officer, photo_of(3), photo_of(4))
    assert "Score" in officer.text
    assert alike != officer.text


def test_a_photo_of_nobody_gets_advice_and_no_score(signed_in):
    officer = signed_in("siti", Role.OFFICER)
    compare(officer, photo_of(3), photo_of())
    assert "They cannot be compared" in officer.text
    assert "the face has to look into the camera" in officer.text
    assert "Score" not in officer.text


@pytest.mark.parametrize(
    ("files", "wrong", "said"),
    [
        ({"first": photo_of(1)}, ["second"], "Choose one photo."),
        ({}, ["first", "second"], "Choose one photo."),
        (
            {"first": photo_of(1), "second": b"no photo"},
            ["second"],
            "send one of JPEG, PNG, WebP, BMP, TIFF",
        ),
        ({"first": photo_of(1)[:200], "second": photo_of(1)}, ["first"], "damaged"),
    ],
)
def test_what_is_no_pair_of_photos_is_said_beside_the_field(signed_in, files, wrong, said):
    officer = signed_in("siti", Role.OFFICER)
    officer.open("/compare")
    answer = officer.send("/compare", files=files)
    assert answer.status_code == 422
    assert said in officer.text
    assert re.findall(r'<input id="(\w+)"[^>]*aria-invalid', answer.text) == wrong
    assert "Nothing was compared." in officer.text
