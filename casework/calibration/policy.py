"""Policies: each watchlist's threshold and rules, at the gallery's present size."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.calibration.thresholds import BY_HAND, FalseMatchModel
from casework.kernel.messages import Message
from casework.kernel.vocabulary import Category, Direction, Stage
from casework.tables import Watchlist


@dataclass(frozen=True, slots=True)
class Policy:
    """One watchlist's rules, ready to be applied."""

    watchlist_id: str
    owner_id: str
    shared_with: frozenset[str]
    name: str
    category: Category
    direction: Direction
    stages: frozenset[Stage] | None
    ports: frozenset[str] | None
    instruction: Mapping[str, str]
    requires_acknowledgement: bool
    requires_second_officer: bool
    acknowledge_within_s: int
    threshold: float
    basis: Message
    """The basis of the threshold."""
    templates: int
    """Templates on the list."""
    chance: FalseMatchModel

    def concerns(self, direction: Direction, port: str, stage: Stage) -> bool:
        """Whether the watchlist looks at travellers of this direction, port and stage."""
        return (
            self.direction.covers(direction)
            and (self.ports is None or port in self.ports)
            and (self.stages is None or stage in self.stages)
        )

    def one_in(self, score: float) -> float:
        """Return N: about one stranger in N scores this high against this list by chance."""
        return self.chance.one_in(score, self.templates)


def read_policies(
    session: Session, sizes: Mapping[str, int], chance: FalseMatchModel
) -> dict[str, Policy]:
    """Return every active watchlist's policy by id, thresholds worked out for its own size.

    Args:
        session: where the watchlists are read.
        sizes: templates of the model in use by watchlist, none where one is missing.
        chance: how high strangers score with that model.
    """
    policies = {}
    for row in session.scalars(select(Watchlist).where(Watchlist.active)):
        size = sizes.get(row.id, 0)
        if row.threshold is not None:
            threshold, basis = row.threshold, BY_HAND
        else:
            threshold = chance.threshold(row.target_fpir, size)
            basis = chance.basis(row.target_fpir, size)
        policies[row.id] = Policy(
            row.id,
            row.agency_id,
            frozenset(share.agency_id for share in row.shares),
            row.name,
            Category(row.category),
            Direction(row.direction),
            frozenset(Stage(stage) for stage in row.stages) if row.stages is not None else None,
            frozenset(row.ports) if row.ports is not None else None,
            row.instruction,
            row.requires_acknowledgement,
            row.requires_second_officer,
            row.acknowledge_within_s,
            threshold,
            basis,
            size,
            chance,
        )
    return policies
