"""The life of a referral: which side may do what, and where it leads. Pure rules, no records.

    sent -> accepted -> answered -> closed
         -> declined              -> closed

The receiving agency may ask back before it answers (`questioned`); the sender's reply puts the
referral where it was. Either side closes what is answered; the sender alone closes what was
declined, or takes back what nobody has accepted yet. What is not listed here is not allowed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from casework.kernel.errors import IllegalTransition
from casework.kernel.vocabulary import ReferralState

_S = ReferralState

OPEN: Final = frozenset(ReferralState) - {_S.CLOSED}
AWAITED: Final = frozenset({_S.SENT, _S.ACCEPTED, _S.QUESTIONED})
"""The receiver's answer is still to come: only these can be overdue."""

ENDED: Final = frozenset({_S.DECLINED, _S.ANSWERED, _S.CLOSED})
"""The receiver has nothing in hand, so the sender may turn to another agency."""


class Side(StrEnum):
    """Which of the two agencies acts."""

    SENDER = "sender"
    RECEIVER = "receiver"


class Move(StrEnum):
    """What is done with a referral."""

    ACCEPT = "accept"
    DECLINE = "decline"
    ASK = "ask"
    REPLY = "reply"
    """The sender answers a question."""
    ANSWER = "answer"
    """The receiver states the outcome."""
    CLOSE = "close"


YOUR_TURN: Final[Mapping[Side, frozenset[ReferralState]]] = {
    Side.SENDER: frozenset({_S.QUESTIONED, _S.ANSWERED, _S.DECLINED}),
    Side.RECEIVER: frozenset({_S.SENT}),
}
"""In which something waits for a side that nobody there has taken up yet."""


@dataclass(frozen=True, slots=True)
class ReferralPosition:
    """Where a referral stands."""

    state: ReferralState
    accepted: bool = False
    """Whether the receiving agency has accepted it; a reply to a question leads back there."""


# Move and side -> the states that it may be done in, and the state it leads to. A reply leads to
# `accepted`, or to `sent` where the question came before acceptance.
_RULES: Final = {
    (Move.ACCEPT, Side.RECEIVER): (frozenset({_S.SENT}), _S.ACCEPTED),
    (Move.DECLINE, Side.RECEIVER): (AWAITED, _S.DECLINED),
    (Move.ASK, Side.RECEIVER): (AWAITED, _S.QUESTIONED),
    (Move.REPLY, Side.SENDER): (frozenset({_S.QUESTIONED}), _S.ACCEPTED),
    (Move.ANSWER, Side.RECEIVER): (frozenset({_S.ACCEPTED, _S.QUESTIONED}), _S.ANSWERED),
    (Move.CLOSE, Side.RECEIVER): (frozenset({_S.ANSWERED}), _S.CLOSED),
    (Move.CLOSE, Side.SENDER): (frozenset({_S.SENT, _S.ANSWERED, _S.DECLINED}), _S.CLOSED),
}


def move(at: ReferralPosition, side: Side, what: Move) -> ReferralPosition:
    """Return where a referral stands after one of its agencies acts.

    Raises:
        IllegalTransition: the act is not this side's, or not possible in this state.
    """
    if (rule := _RULES.get((what, side))) is None:
        other = Side.RECEIVER if side is Side.SENDER else Side.SENDER
        raise IllegalTransition("referral_other_side", side=other, move=what)
    allowed, state = rule
    if at.state not in allowed or (what is Move.ANSWER and not at.accepted):
        unaccepted = what is Move.ANSWER and not at.accepted
        code = "referral_not_accepted" if unaccepted else "referral_not_possible"
        raise IllegalTransition(code, side=side, move=what, state=at.state)
    if what is Move.REPLY and not at.accepted:
        state = _S.SENT
    return ReferralPosition(state, at.accepted or state is _S.ACCEPTED)


def open_to(at: ReferralPosition, side: Side) -> frozenset[Move]:
    """Return what a side may do with a referral as it stands: what to offer its officers."""
    return frozenset(each for each in Move if _allowed(at, side, each))


def _allowed(at: ReferralPosition, side: Side, what: Move) -> bool:
    try:
        move(at, side, what)
    except IllegalTransition:
        return False
    return True
