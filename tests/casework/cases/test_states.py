"""The life of a case and of an agency's part in it, walked at random."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.cases.states import (
    MEASURES,
    OPEN,
    PRESENT,
    VIOLATIONS,
    CaseAct,
    Ending,
    check_endings,
    move,
    move_member,
    require_open,
)
from casework.kernel.errors import IllegalTransition, InvalidCase
from casework.kernel.vocabulary import CaseOutcome, CaseState, MemberState

C, M = CaseState, MemberState
OF_CASES = (CaseAct.START, CaseAct.CLOSE)
OF_MEMBERS = (CaseAct.INVITE, CaseAct.JOIN, CaseAct.DECLINE, CaseAct.LEAVE, CaseAct.REMOVE)

CASES = {
    (C.PLANNED, CaseAct.START): C.RUNNING,
    (C.PLANNED, CaseAct.CLOSE): C.CLOSED,
    (C.RUNNING, CaseAct.CLOSE): C.CLOSED,
}
MEMBERS = {
    (None, CaseAct.INVITE): M.INVITED,
    (M.DECLINED, CaseAct.INVITE): M.INVITED,
    (M.LEFT, CaseAct.INVITE): M.INVITED,
    (M.REMOVED, CaseAct.INVITE): M.INVITED,
    (M.INVITED, CaseAct.JOIN): M.JOINED,
    (M.INVITED, CaseAct.DECLINE): M.DECLINED,
    (M.INVITED, CaseAct.REMOVE): M.REMOVED,
    (M.JOINED, CaseAct.LEAVE): M.LEFT,
    (M.JOINED, CaseAct.REMOVE): M.REMOVED,
}
"""What each state allows; nothing else is."""


@given(st.lists(st.sampled_from(OF_CASES)))
def test_a_case_goes_where_its_rules_lead_and_never_back(steps):
    at = C.PLANNED
    for step in steps:
        after = CASES.get((at, step))
        if after is None:
            with pytest.raises(IllegalTransition):
                move(at, step)
        else:
            assert move(at, step) is after
            at = after
    if at is C.CLOSED:
        with pytest.raises(IllegalTransition, match="closed"):
            require_open(at)
    else:
        require_open(at)


@given(st.lists(st.sampled_from(OF_MEMBERS)))
def test_an_agency_goes_where_its_rules_lead(steps):
    at = None
    for step in steps:
        after = MEMBERS.get((at, step))
        if after is None:
            with pytest.raises(IllegalTransition):
                move_member(at, step)
        else:
            assert move_member(at, step) is after
            at = after


@pytest.mark.parametrize("step", OF_MEMBERS)
@pytest.mark.parametrize("at", [None, *M])
def test_the_lead_takes_part_to_the_end(at, step):
    with pytest.raises(IllegalTransition, match="leads"):
        move_member(at, step, leads=True)


def test_every_outcome_is_a_violation_a_measure_or_nothing():
    assert VIOLATIONS | MEASURES | {CaseOutcome.NO_VIOLATION} == set(CaseOutcome)
    assert not VIOLATIONS & MEASURES
    assert set(C) - {C.CLOSED} == OPEN
    assert set(M) > PRESENT


@given(
    st.sampled_from([C.PLANNED, C.RUNNING]),
    st.lists(st.builds(Ending, st.sampled_from(CaseOutcome), st.integers(-1, 3)), max_size=4),
)
def test_a_case_ends_with_outcomes_that_can_be_true_together(at, endings):
    codes = [each.code for each in endings]
    possible = (
        bool(endings) == (at is C.RUNNING)
        and len(set(codes)) == len(codes)
        and not (CaseOutcome.NO_VIOLATION in codes and VIOLATIONS & set(codes))
        and all((each.persons > 0) != (each.code is CaseOutcome.NO_VIOLATION) for each in endings)
    )
    if possible:
        check_endings(at, endings)
    else:
        with pytest.raises(InvalidCase) as error:
            check_endings(at, endings)
        assert error.value.field == "outcomes"
