"""Policies: each watchlist's threshold and rules, at the gallery's present size."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.calibration.thresholds import BY_HAND, FalseMatchModel
from casework.codes import lists
from casework.codes.instructions import complete
from casework.codes.priorities import priority_of
from casework.kernel.lodgings import is_lodging
from casework.kernel.messages import Message
from casework.kernel.vocabulary import Direction, Stage
from casework.tables import Watchlist
from casework.watchlists.watchlists import LOOSEST_FPIR


@dataclass(frozen=True, slots=True)
class Policy:
    """One watchlist's rules, ready to be applied."""

    watchlist_id: str
    owner_id: str
    shared_with: frozenset[str]
    name: str
    category: str
    """A code of the categories: see `casework.codes`."""
    direction: Direction
    stages: frozenset[Stage] | None
    ports: frozenset[str] | None
    instruction: Mapping[str, str]
    requires_acknowledgement: bool
    requires_second_officer: bool
    requires_person_on_failed_pad: bool
    acknowledge_within_s: int
    priority: int
    """Which alerts officers see first, from 1 to 3."""
    threshold: float
    basis: Message
    """The basis of the threshold."""
    templates: int
    """Templates on the list."""
    chance: FalseMatchModel
    set_by_hand: float | None = None
    """The threshold that somebody set, where somebody did."""
    tripped_at: datetime | None = None
    """Since when the list's breaker keeps it to the threshold that follows from its target."""

    @property
    def raised(self) -> bool:
        """Whether the threshold in force is above the one that was set by hand."""
        return self.set_by_hand is not None and self.threshold > self.set_by_hand

    @property
    def extrapolated(self) -> bool:
        """Whether the threshold is carried over from a calibration with far fewer templates."""
        return self.basis.code == "basis_extrapolated"

    def concerns(self, direction: Direction, port: str, stage: Stage) -> bool:
        """Whether the watchlist looks at travellers of this direction, port and stage.

        A guest of a lodging travels in no direction and is at no port: the stage alone counts, but
        a list that is limited to ports looks at lodgings only where it names that stage.
        """
        if is_lodging(port):
            return self.ports is None if self.stages is None else stage in self.stages
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
    categories = lists.categories(session)
    for row in session.scalars(select(Watchlist).where(Watchlist.active)):
        size = sizes.get(row.id, 0)
        threshold, basis = _in_force(row, size, chance)
        usual = lists.known(categories, row.category)
        policies[row.id] = Policy(
            row.id,
            row.agency_id,
            frozenset(share.agency_id for share in row.shares),
            row.name,
            row.category,
            Direction(row.direction),
            frozenset(Stage(stage) for stage in row.stages) if row.stages is not None else None,
            frozenset(row.ports) if row.ports is not None else None,
            complete(row.instruction, usual.instruction),
            row.requires_acknowledgement,
            row.requires_second_officer,
            row.requires_person_on_failed_pad,
            row.acknowledge_within_s,
            priority_of(usual.priority, row.priority),
            threshold,
            basis,
            size,
            chance,
            row.threshold,
            row.breaker_tripped_at,
        )
    return policies


def least_threshold(templates: int, chance: FalseMatchModel) -> float:
    """Return the floor: no list of so many templates alarms at a lower score than this."""
    return chance.threshold(LOOSEST_FPIR, templates)


def kept_fpir(target_fpir: float) -> float:
    """Return the target that a list is held to: stored ones may be looser than is accepted now."""
    return min(target_fpir, LOOSEST_FPIR)


def _in_force(row: Watchlist, size: int, chance: FalseMatchModel) -> tuple[float, Message]:
    """Return a list's threshold, and its basis.

    What somebody set by hand counts as long as it is not below the floor; while the breaker is
    tripped, not below what the target asks for. Neither ever lowers it.
    """
    fpir = kept_fpir(row.target_fpir)
    if row.threshold is None:
        return chance.threshold(fpir, size), chance.basis(fpir, size)
    tripped = row.breaker_tripped_at is not None
    bound = fpir if tripped else LOOSEST_FPIR
    least = chance.threshold(bound, size)
    if row.threshold >= least:
        return row.threshold, BY_HAND
    code = "basis_breaker" if tripped else "basis_raised"
    params = {"hand": f"{row.threshold:g}", "fpir": f"{bound:g}", "templates": size}
    return least, Message(code, params)
