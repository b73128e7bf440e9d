"""The life of a tip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.kernel.errors import IllegalTransition
from casework.kernel.vocabulary import TipState
from casework.tips.states import TipPosition, require_turn

S = TipState
MADE = {S.SEARCHED, S.REFERRED, S.ENROLLED, S.DISMISSED}

ALLOWED = {
    (S.NEW, False): MADE,
    (S.SEARCHED, False): MADE,
    (S.REFERRED, False): MADE,
    (S.REFERRED, True): set(),
    (S.ENROLLED, False): set(),
    (S.DISMISSED, False): set(),
}


@pytest.mark.parametrize(("state", "in_hand"), ALLOWED)
def test_a_tip_may_become_exactly_what_is_listed(state, in_hand):
    found = set()
    for into in S:
        try:
            require_turn(TipPosition(state, in_hand), into)
        except IllegalTransition:
            continue
        found.add(into)
    assert found == ALLOWED[state, in_hand]


@given(st.sampled_from(S), st.booleans())
def test_nothing_is_ever_new_again(state, in_hand):
    with pytest.raises(IllegalTransition):
        require_turn(TipPosition(state, in_hand), S.NEW)
