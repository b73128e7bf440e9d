"""The life of a case, and of an agency's part in it. Pure rules, no records.

    planned -> running -> closed        planned -> closed, where it never ran

    invited -> joined -> left | removed     invited -> declined | removed

Who is out can be invited again, and then begins with nothing: nothing that it was given before
comes back. The agency that leads takes part to the end. What is not listed here is not allowed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from casework.kernel.errors import IllegalTransition, InvalidCase
from casework.kernel.vocabulary import CaseOutcome, CaseState, MemberState

_C, _M = CaseState, MemberState

OPEN: Final = frozenset({_C.PLANNED, _C.RUNNING})
PRESENT: Final = frozenset({_M.INVITED, _M.JOINED})
"""Agencies that a case is there for: who is invited sees what it is about, and nothing of it."""

VIOLATIONS: Final = frozenset(
    {
        CaseOutcome.PERMIT_MISUSE,
        CaseOutcome.WORK_WITHOUT_PERMIT,
        CaseOutcome.OVERSTAY,
        CaseOutcome.FALSE_DOCUMENT,
        CaseOutcome.OTHER_VIOLATION,
    }
)
MEASURES: Final = frozenset(CaseOutcome) - VIOLATIONS - {CaseOutcome.NO_VIOLATION}


class CaseAct(StrEnum):
    """What is done with a case, or with who takes part in it."""

    OPEN = "open"
    EDIT = "edit"
    START = "start"
    CLOSE = "close"
    INVITE = "invite"
    JOIN = "join"
    DECLINE = "decline"
    LEAVE = "leave"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Ending:
    """One outcome of a case, and how many people it was found of or done to."""

    code: CaseOutcome
    persons: int = 0


_CASES: Final[Mapping[CaseAct, tuple[frozenset[CaseState], CaseState]]] = {
    CaseAct.START: (frozenset({_C.PLANNED}), _C.RUNNING),
    CaseAct.CLOSE: (OPEN, _C.CLOSED),
}
_MEMBERS: Final[Mapping[CaseAct, tuple[frozenset[MemberState], MemberState]]] = {
    CaseAct.INVITE: (frozenset({_M.DECLINED, _M.LEFT, _M.REMOVED}), _M.INVITED),
    CaseAct.JOIN: (frozenset({_M.INVITED}), _M.JOINED),
    CaseAct.DECLINE: (frozenset({_M.INVITED}), _M.DECLINED),
    CaseAct.LEAVE: (frozenset({_M.JOINED}), _M.LEFT),
    CaseAct.REMOVE: (PRESENT, _M.REMOVED),
}


def move(at: CaseState, step: CaseAct) -> CaseState:
    """Return the state of a case after it is started or closed; raises IllegalTransition."""
    allowed, after = _CASES[step]
    if at not in allowed:
        raise IllegalTransition("case_not_possible", state=at, into=after)
    return after


def require_open(at: CaseState) -> None:
    """Raise IllegalTransition unless something may be added to a case."""
    if at not in OPEN:
        raise IllegalTransition("case_closed")


def move_member(at: MemberState | None, step: CaseAct, *, leads: bool = False) -> MemberState:
    """Return an agency's state after a step; None stands for one that was never invited.

    Raises:
        IllegalTransition: it leads the case, or its state does not allow the step.
    """
    if leads:
        raise IllegalTransition("case_lead_stays")
    allowed, after = _MEMBERS[step]
    if at is None and step is CaseAct.INVITE:
        return after
    if at is None or at not in allowed:
        raise IllegalTransition(
            "case_member_not_possible", state=at or MemberState.REMOVED, into=after
        )
    return after


def check_endings(at: CaseState, endings: Collection[Ending]) -> None:
    """Raise InvalidCase unless a case can end with these outcomes.

    One that ran says how it ended. "No violation" stands beside no violation and counts nobody;
    every other outcome says of how many people.
    """
    field = "outcomes"
    if at is _C.PLANNED and endings:
        raise InvalidCase("case_outcomes_before_start", field=field)
    if at is _C.RUNNING and not endings:
        raise InvalidCase("case_outcomes_missing", field=field)
    codes = [each.code for each in endings]
    for code in codes:
        if codes.count(code) > 1:
            raise InvalidCase("case_outcome_twice", field=field, outcome=code)
    if CaseOutcome.NO_VIOLATION in codes and not VIOLATIONS.isdisjoint(codes):
        raise InvalidCase("case_nothing_found_alone", field=field)
    for each in endings:
        if (each.persons < 1) != (each.code is CaseOutcome.NO_VIOLATION):
            raise InvalidCase("case_outcome_persons", field=field, outcome=each.code)
