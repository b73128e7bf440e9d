"""What an installation may do with people who are on no list: nothing, until it says by what right.

Whatever screens or follows such people is off. It is on from the moment that the operator names its
legal basis, its purpose and for how long its records are kept (UU 27/2022, articles 16 and 20).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from casework.kernel.errors import CaseworkError, OverstayOff, SetUpError, StaysOff


class Processing(StrEnum):
    """What can be switched on."""

    STAYS = "stays"
    """Reports of foreign guests, by the lodgings where they stay."""
    OVERSTAY = "overstay"
    """Permits of travellers on no list, by the port's reference, until they leave."""
    PUBLIC = "public"
    """Reports from the public, by a form of its own."""


_OFF: Final[Mapping[Processing, tuple[type[CaseworkError], str]]] = {
    Processing.STAYS: (StaysOff, "stays_off"),
    Processing.OVERSTAY: (OverstayOff, "overstay_off"),
    Processing.PUBLIC: (SetUpError, "public_off"),
}


@dataclass(frozen=True, slots=True)
class Ground:
    """By what right, what for and for how long."""

    legal_basis: str
    purpose: str
    keep_days: int


@dataclass(frozen=True, slots=True)
class Grounds:
    """What is switched on."""

    named: Mapping[Processing, Ground] = field(default_factory=dict)

    def is_on(self, kind: Processing) -> bool:
        """Whether an installation does this."""
        return kind in self.named

    def require(self, kind: Processing) -> Ground:
        """Return the ground on which this is done; raises the kind's error where none is named."""
        ground = self.named.get(kind)
        if ground is None:
            error, code = _OFF[kind]
            raise error(code)
        return ground
