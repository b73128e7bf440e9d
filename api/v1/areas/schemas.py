"""Areas, and where ports lie."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints

from api.queries import AfterPage, QueryModel
from api.v1.common import Answer, AreaCode, Port, ShortText, Strict
from casework.areas.areas import AreasTaken
from casework.areas.known import Area, AreaFilter
from casework.areas.ports import PlacedPort
from casework.kernel.vocabulary import AreaLevel


class AreaQuery(AfterPage):
    """Which areas are listed."""

    parent: AreaCode | None = Field(
        default=None, description="Those one level below this area: `ID` gives the provinces."
    )
    level: AreaLevel | None = None
    q: Annotated[str, StringConstraints(max_length=100)] | None = Field(
        default=None, description="What the name has in it, in capitals or not."
    )

    def chosen(self) -> AreaFilter:
        """Return the filter as the areas take it."""
        return AreaFilter(self.parent, self.level, self.q or None)


class AreaIn(Strict):
    """An area's name."""

    name: ShortText = Field(examples=["Kota Contoh"])


class AreaOut(Answer):
    """The country, a province, a regency or city, or a district."""

    code: AreaCode
    name: str
    level: AreaLevel
    parent: AreaCode | None = Field(description="The area next above; null of the country.")
    built_in: bool
    version: int = Field(description="0 of a built-in one that nobody has renamed.")

    @classmethod
    def of(cls, area: Area) -> Self:
        """Make the answer from the area."""
        return cls.model_validate(area)


class AreasTakenQuery(QueryModel):
    """How a file of areas is taken in."""

    dry_run: bool = Field(default=False, description="Say what it would make, and make nothing.")


class AreasTakenOut(Answer):
    """What a file of areas made, or would make."""

    added: int
    renamed: int
    unchanged: int
    left_out: int = Field(description="Villages: no area is that small here.")

    @classmethod
    def of(cls, taken: AreasTaken) -> Self:
        """Make the answer from the counts."""
        return cls.model_validate(taken)


class PortAreaIn(Strict):
    """Where a port lies."""

    area: AreaCode | None = Field(
        description="The smallest area that is known; null: in none of them."
    )


class PortAreaOut(Answer):
    """A port, and where it lies."""

    port: Port
    area: AreaCode | None = Field(description="The smallest area that is known.")
    version: int = Field(description="0 of what is built in.")

    @classmethod
    def of(cls, port: PlacedPort) -> Self:
        """Make the answer from the port."""
        return cls.model_validate(port)
