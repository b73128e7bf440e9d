"""Siblings: alerts that ask the same question, for several lists of one agency.

A person may be on several watchlists of an agency, and then one traveller raises an alert for each.
All of them ask whether these two faces are the same, so that they are answered in one act, by the
strictest of the lists' rules, and veiled together: who must not know the first opinion on one must
not read it off another. Another agency's alert of the same face is that agency's own question.
"""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy.orm import joinedload, selectinload

from casework.kernel.rules import all_of
from casework.review.states import ReviewPolicy
from casework.tables import Alert, Encounter

WITH_ENCOUNTER: Final = joinedload(Alert.encounter).selectinload(Encounter.alerts)
"""The option that loads with each alert its encounter, and so its siblings."""

WITH_ALERTS: Final = selectinload(Encounter.alerts).joinedload(Alert.encounter)
"""The option that loads with an encounter its alerts, each with its siblings."""


def same_question(one: Any, other: Any) -> Any:  # noqa: ANN401 - alerts, or tables of them
    """Whether two alerts are about one traveller and one subject, for lists of one agency."""
    return all_of(
        one.encounter_id == other.encounter_id,
        one.subject_id == other.subject_id,
        one.owner_id == other.owner_id,
    )


def siblings_of(alert: Alert) -> list[Alert]:
    """Return the alerts that ask the same as one whose `encounter` is loaded, without itself."""
    return [
        each for each in alert.encounter.alerts if each is not alert and same_question(each, alert)
    ]


def strictest(policies: Iterable[ReviewPolicy]) -> ReviewPolicy:
    """Return the rules for alerts that are answered in one act."""
    found = list(policies)
    return ReviewPolicy(
        any(each.requires_acknowledgement for each in found),
        any(each.requires_second_officer for each in found),
    )
