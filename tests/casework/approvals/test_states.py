"""The life of a request, walked at random."""

from datetime import timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from casework.approvals.states import (
    OPEN,
    SETTLED,
    ApprovalPosition,
    ApprovalStep,
    advance,
    open_steps,
)
from casework.kernel.errors import IllegalTransition
from casework.kernel.vocabulary import ApprovalState
from tests.services import BEGIN

S, T = ApprovalState, ApprovalStep
COOLING, EXPIRES = timedelta(hours=24), timedelta(days=7)

ALLOWED = {
    S.WAITING: {T.ACCEPT, T.REFUSE, T.WITHDRAW, T.LAPSE},
    S.ACCEPTED: {T.REFUSE, T.WITHDRAW, T.TAKE_EFFECT, T.LAPSE},
    S.IN_EFFECT: set(),
    S.REFUSED: set(),
    S.WITHDRAWN: set(),
    S.LAPSED: set(),
}


@pytest.mark.parametrize("state", S)
def test_between_cooling_and_lapse_exactly_what_is_listed_is_possible(state):
    at = ApprovalPosition(state, BEGIN, BEGIN + EXPIRES)
    assert open_steps(at, BEGIN) == ALLOWED[state]


class Walk(RuleBasedStateMachine):
    """Steps in any order, at any time: what takes effect was accepted, and has cooled."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.state = S.WAITING
        self.history: list[tuple[ApprovalStep, timedelta]] = []

    @property
    def position(self) -> ApprovalPosition:
        return ApprovalPosition(self.state, BEGIN + COOLING, BEGIN + COOLING + EXPIRES)

    @rule(hours=st.integers(1, 100))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(step=st.sampled_from(T))
    def try_a_step(self, step: ApprovalStep) -> None:
        possible = open_steps(self.position, self.now)
        try:
            self.state = advance(self.position, step, self.now)
        except IllegalTransition:
            assert step not in possible
            return
        assert step in possible
        self.history.append((step, self.now - BEGIN))

    @invariant()
    def nothing_takes_effect_uncooled_unaccepted_or_twice(self) -> None:
        steps = [step for step, _ in self.history]
        if self.state is S.IN_EFFECT:
            assert steps == [T.ACCEPT, T.TAKE_EFFECT]
            accepted, effect = (after for _, after in self.history)
            assert accepted < COOLING + EXPIRES
            assert effect >= COOLING
        assert len(set(steps)) == len(steps)

    @invariant()
    def what_is_settled_stays_so(self) -> None:
        assert (self.state in SETTLED) == (not open_steps(self.position, self.now))
        assert (self.state in OPEN) != (self.state in SETTLED)


TestWalk = Walk.TestCase
