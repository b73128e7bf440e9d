"""The life of a referral, walked at random."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from casework.kernel.errors import IllegalTransition
from casework.kernel.vocabulary import ReferralState
from casework.referrals.states import AWAITED, Move, ReferralPosition, Side, move, open_to

S = ReferralState

ALLOWED = {
    (S.SENT, Side.RECEIVER): {Move.ACCEPT, Move.DECLINE, Move.ASK},
    (S.SENT, Side.SENDER): {Move.CLOSE},
    (S.ACCEPTED, Side.RECEIVER): {Move.DECLINE, Move.ASK, Move.ANSWER},
    (S.ACCEPTED, Side.SENDER): set(),
    (S.QUESTIONED, Side.RECEIVER): {Move.DECLINE, Move.ASK},
    (S.QUESTIONED, Side.SENDER): {Move.REPLY},
    (S.ANSWERED, Side.RECEIVER): {Move.CLOSE},
    (S.ANSWERED, Side.SENDER): {Move.CLOSE},
    (S.DECLINED, Side.RECEIVER): set(),
    (S.DECLINED, Side.SENDER): {Move.CLOSE},
    (S.CLOSED, Side.RECEIVER): set(),
    (S.CLOSED, Side.SENDER): set(),
}
"""What each side may do; the receiver may answer while a question is open, once it has accepted."""


def possible(at: ReferralPosition, side: Side) -> set[Move]:
    """Return what the rules let a side do."""
    found = set()
    for what in Move:
        try:
            move(at, side, what)
        except IllegalTransition:
            continue
        found.add(what)
    return found


@pytest.mark.parametrize(("state", "side"), ALLOWED)
def test_each_side_may_do_exactly_what_is_listed(state, side):
    accepted = state in (S.ACCEPTED, S.ANSWERED)
    at = ReferralPosition(state, accepted)
    assert possible(at, side) == open_to(at, side) == ALLOWED[state, side]


def test_the_table_covers_every_state():
    assert set(ALLOWED) == {(state, side) for state in S for side in Side}


def test_an_accepted_referral_can_be_answered_while_its_question_is_open():
    asked = ReferralPosition(S.QUESTIONED, accepted=True)
    assert move(asked, Side.RECEIVER, Move.ANSWER).state is S.ANSWERED


@pytest.mark.parametrize("accepted", [True, False])
def test_a_reply_leads_back_to_where_the_question_came(accepted):
    asked = ReferralPosition(S.QUESTIONED, accepted)
    after = move(asked, Side.SENDER, Move.REPLY)
    assert after == ReferralPosition(S.ACCEPTED if accepted else S.SENT, accepted)


class Walk(RuleBasedStateMachine):
    """Random acts of both sides, legal or not."""

    def __init__(self) -> None:
        super().__init__()
        self.at = ReferralPosition(S.SENT)
        self.history: list[tuple[Side, Move]] = []

    @rule(side=st.sampled_from(Side), what=st.sampled_from(Move))
    def act(self, side, what):
        if what in possible(self.at, side):
            self.at = move(self.at, side, what)
            self.history.append((side, what))
        else:
            with pytest.raises(IllegalTransition):
                move(self.at, side, what)

    @invariant()
    def nothing_is_answered_that_was_not_accepted(self):
        done = [what for _, what in self.history]
        if Move.ANSWER in done:
            assert Move.ACCEPT in done[: done.index(Move.ANSWER)]

    @invariant()
    def what_is_open_can_be_moved_and_what_is_closed_cannot(self):
        ways = possible(self.at, Side.SENDER) | possible(self.at, Side.RECEIVER)
        assert bool(ways) == (self.at.state is not S.CLOSED)

    @invariant()
    def only_the_receiver_s_own_acts_end_the_wait_but_for_taking_it_back(self):
        if self.at.state not in AWAITED and self.history:
            ending = next(
                (side, what)
                for side, what in self.history
                if what in (Move.ANSWER, Move.DECLINE, Move.CLOSE)
            )
            assert ending[0] is Side.RECEIVER or ending[1] is Move.CLOSE

    @invariant()
    def accepted_is_remembered(self):
        assert self.at.accepted == (Move.ACCEPT in [what for _, what in self.history])


TestWalk = Walk.TestCase
