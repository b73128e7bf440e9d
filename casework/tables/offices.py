"""Offices of agencies, and teams of several."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from casework.tables.areas import AREA_LENGTH
from casework.tables.base import Protected, Table


class Office(Protected, Table):
    """An office of an agency, such as that of a regency."""

    __tablename__ = "office"
    __table_args__ = (UniqueConstraint("agency_id", "name"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"))
    name: Mapped[str]
    area: Mapped[str] = mapped_column(String(AREA_LENGTH), index=True)
    """Which it is for."""
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Team(Protected, Table):
    """A coordination team of several agencies (tim pengawasan orang asing) for one area."""

    __tablename__ = "team"
    __table_args__ = (UniqueConstraint("area", "name"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"), index=True)
    """Which leads it."""
    name: Mapped[str]
    area: Mapped[str] = mapped_column(String(AREA_LENGTH))
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    members: Mapped[list["TeamMember"]] = relationship(
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="TeamMember.agency_id",
        lazy="selectin",
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class TeamMember(Protected, Table):
    """An agency that takes part in a team, beside the one that leads it."""

    __tablename__ = "team_member"

    team_id: Mapped[str] = mapped_column(
        ForeignKey("team.id", ondelete="CASCADE"), primary_key=True
    )
    agency_id: Mapped[str] = mapped_column(
        ForeignKey("agency.id", ondelete="RESTRICT"), primary_key=True, index=True
    )
