"""Subjects are found by what people type, not by what a list's keyboard had."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.watchlists.subject_words import folded
from casework.watchlists.subjects import SubjectFilter
from tests.services import OPERATOR

NAMES = (
    "José Núñez",
    "Nur\u2019aini O\u2019Brien",
    "ÅSA ÖBERG",
    unicodedata.normalize("NFD", "Zoë Ångström"),
    "SUKARNO<<AHMAD<BIN",
    "محمد علي",
)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        *(("jose", "José Núñez"), ("NÚÑEZ", "José Núñez"), ("nunez jos", "José Núñez")),
        *(("O'Brien", "Nur\u2019aini O\u2019Brien"), ("åsa", "ÅSA ÖBERG")),
        *(("Ångström", NAMES[3]), ("AHMAD SUKARNO", "SUKARNO<<AHMAD<BIN"), ("علي", "محمد علي")),
        ("şükrü", "José Núñez"),
    ],
)
def test_a_name_is_found_as_it_is_typed(desk, typed, name):
    for person, each in enumerate(NAMES):
        aliases = ["Şükrü", "İbrahim"] if each == NAMES[0] else []
        named(desk, person, each, aliases)
    found = desk.service.lists.subjects.page(OPERATOR, None, 10, SubjectFilter(words=typed))
    assert [row.name for row in found] == [name]


def named(desk, person, name, aliases):
    subject = desk.enrol(person)
    changes = {"name": name, "aliases": aliases}
    desk.service.lists.subjects.edit(OPERATOR, subject, changes, None)


@given(st.text())
def test_a_text_is_compared_alike_however_it_is_composed(text):
    found = folded(text)
    assert folded(found) == found
    for form in ("NFC", "NFD"):
        assert folded(unicodedata.normalize(form, text)) == found
    assert folded(text.casefold()) == found
