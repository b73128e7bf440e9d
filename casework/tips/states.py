"""The life of a tip: recorded, searched, and then settled. Pure rules, no records.

    new -> searched -> referred | enrolled | dismissed

The search may be left out: many tips come without a photo. A tip that was referred comes back when
its referral is declined, answered or taken back; then anything may be done with it again.
"""

from dataclasses import dataclass
from typing import Final

from casework.kernel.errors import IllegalTransition
from casework.kernel.vocabulary import TipState

_S = TipState

OPEN: Final = frozenset({_S.NEW, _S.SEARCHED})
SETTLED: Final = frozenset({_S.ENROLLED, _S.DISMISSED})


@dataclass(frozen=True, slots=True)
class TipPosition:
    """Where a tip stands."""

    state: TipState
    in_hand: bool = False
    """Whether another agency has it in hand: a referral whose answer is still to come."""


def require_turn(at: TipPosition, into: TipState) -> None:
    """Raise unless a tip can be searched, referred, enrolled or dismissed.

    Raises:
        IllegalTransition: the tip is settled, or another agency has it in hand.
    """
    if at.state in SETTLED or into is _S.NEW:
        raise IllegalTransition("tip_settled", state=at.state, into=into)
    if at.state is _S.REFERRED and at.in_hand:
        raise IllegalTransition("tip_in_hand")
