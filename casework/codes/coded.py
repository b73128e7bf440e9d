"""Members of the code lists: what each is called, and what it means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from casework.codes.instructions import Instruction
from casework.kernel.vocabulary import ComparisonResult, Direction, Disposition, Requirement, Stage

OWN_PREFIX: Final = "x-"
"""An installation's own codes begin with it: no later version has a code of that name."""
LONGEST_CODE: Final = 30
OWN_PATTERN: Final = r"^x-[a-z0-9]+([_-][a-z0-9]+)*$"
PATTERN: Final = r"^[a-z0-9]+([_-][a-z0-9]+)*$"
"""Of any code, the built-in ones too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A member of a code list."""

    code: str
    label: Mapping[str, str]
    """What people call it, by language."""
    active: bool = True
    """Whether it may be chosen; what has it keeps it."""
    version: int = 0
    """0 of a built-in member that nobody has changed."""

    @property
    def built_in(self) -> bool:
        """Whether it comes with the program."""
        return not self.code.startswith(OWN_PREFIX)

    def called(self, language: str) -> str:
        """Return what it is called in a language."""
        return self.label.get(language) or self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedCategory(Coded):
    """Why a watchlist exists, and what is usual for such lists."""

    instruction: Instruction
    """What a port does on an alert, by language."""
    priority: int
    """Whose alerts officers see first, from 1 to 3."""
    requires: frozenset[Requirement] = frozenset()
    """What lists of it, and their entries, have to have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedOutcome(Coded):
    """How an alert can end."""

    disposition: Disposition
    """Whether the traveller may go on: released or held."""
    directions: frozenset[Direction] | None = None
    """Of travellers who go these ways; None means any."""
    stages: frozenset[Stage] | None = None
    """At these stages of their journey; None means any."""
    after: frozenset[ComparisonResult] = frozenset({ComparisonResult.SAME_PERSON})
    """Results of the comparison that it can follow."""

    def fits(self, direction: Direction, stage: Stage) -> bool:
        """Whether alerts can end so, of travellers who go this way and are at this stage."""
        return (self.directions is None or direction in self.directions) and (
            self.stages is None or stage in self.stages
        )
