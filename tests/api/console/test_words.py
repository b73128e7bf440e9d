"""Each member of a vocabulary is called what its own vocabulary calls it."""

from enum import StrEnum
from itertools import permutations

import pytest

from api.console.i18n import LANGUAGES
from api.console.labels import LABELS
from api.console.templating import build_environment


def same_text():
    """Members of several vocabularies that have one text, and not one label."""
    members: dict[str, list[StrEnum]] = {}
    for kind, member in LABELS:
        members.setdefault(str(member), []).append(kind(member))
    return [group for group in members.values() if len({LABELS[type(m), m] for m in group}) > 1]


def test_there_are_such_members():
    assert len(same_text()) > 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_members_of_one_text_keep_their_own_words_in_any_order(language):
    console = build_environment.__wrapped__("Asia/Jakarta", secure=False)
    environment, speech = console.environments[language], console.speeches[language]
    word = environment.filters["word"]
    for group in same_text():
        for order in permutations(group[:3]):
            for member in order:
                assert word(member) == speech(LABELS[type(member), member])
