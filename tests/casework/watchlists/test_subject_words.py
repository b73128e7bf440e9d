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
    "I\u015f\u0131k Y\u0131lmaz",
    "Jean-Luc Straße-\ufb01scher",
    "Søren Ælfred",
    "St. John",
    "Käthe Müller-Weiß",
    "Åse Østergård",
    "山田 太郎",
    "Юрий Жуков",
    "GRUEN<<JOERG",
    "김 철수",
)


TYPED = {
    NAMES[0]: "jose|NÚÑEZ|nunez jos|şükrü|sukru",
    NAMES[1]: "O'Brien|OBrien|o\u2019brien|nuraini",
    NAMES[2]: "åsa|oberg",
    NAMES[3]: "Ångström|zoe",
    NAMES[4]: "AHMAD SUKARNO|SUKARNO, AHMAD|SUKARNO<<AHMAD|\uff21hmad",
    NAMES[5]: "علي|مُحَمَّد|محمـــد|على|علی",
    NAMES[6]: "Isik|\u0131\u015f\u0131k|IŞIK-YILMAZ",
    NAMES[7]: "jeanluc|Jean Luc|jean\u2011luc|fischer|STRASSE",
    NAMES[8]: "soren|AELFRED",
    NAMES[9]: "st john|ST.JOHN",
    NAMES[10]: "MUELLER|Müller|muller|KAETHE MUELLER|kathe weiss|MUXXLLER|WEISS",
    NAMES[11]: "AASE|ase|åse|OESTERGAARD|ostergard|Østergaard|oestergard|OSTERGAARD<<AASE",
    NAMES[12]: "山田太郎|山田 太郎|太郎",
    NAMES[13]: "IURII ZHUKOV|ZHUKOV<<IURII|юрий",
    NAMES[14]: "Grün|Jörg Grün|GRUEN",
    NAMES[15]: "김철수|철수",
    None: "-'|nobody|MUELER|ь",
}


@pytest.mark.every_database
def test_a_name_is_found_as_it_is_typed(desk):
    for person, each in enumerate(NAMES):
        aliases = ["Şükrü", "İbrahim"] if each == NAMES[0] else []
        named(desk, person, each, aliases)
    for name, typed in TYPED.items():
        for words in typed.split("|"):
            page = desk.service.lists.subjects.page(OPERATOR, None, 10, SubjectFilter(words=words))
            assert (words, [row.name for row in page]) == (words, [name] if name else [])


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
