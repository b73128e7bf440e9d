"""Cases: what several agencies work on together, and what each of them gave to which."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from casework.tables.areas import AREA_LENGTH
from casework.tables.base import Serial, Table
from casework.tables.keys import OwnKey
from casework.tables.people import Agency
from casework.tables.sealed import Sealed, SealedFields, nothing


class Case(SealedFields, Table):
    """A joint operation, led by one agency."""

    __tablename__ = "joint_case"
    __table_args__ = (UniqueConstraint("number"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(60))
    """What it is called on the telephone and on paper."""
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"), index=True)
    """Who leads it."""
    state: Mapped[str] = mapped_column(String(10))
    area: Mapped[str | None] = mapped_column(String(AREA_LENGTH), index=True)
    team_id: Mapped[str | None] = mapped_column(
        ForeignKey("team.id", ondelete="SET NULL"), index=True
    )
    """The team whose operation it is, in which its lead takes part."""
    title = Sealed[str](str)
    purpose = Sealed[str](str)
    legal_basis = Sealed[str](str)
    summary = Sealed[str | None](nothing)
    """The result in words; None until it is closed."""
    started_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    lead: Mapped[Agency] = relationship(lazy="joined")
    members: Mapped[list["CaseMember"]] = relationship(
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="CaseMember.agency_id",
        lazy="selectin",
    )
    outcomes: Mapped[list["CaseOutcomeRow"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, lazy="selectin"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class CaseMember(Table):
    """An agency's place in a case."""

    __tablename__ = "case_member"

    case_id: Mapped[str] = mapped_column(
        ForeignKey("joint_case.id", ondelete="CASCADE"), primary_key=True
    )
    agency_id: Mapped[str] = mapped_column(
        ForeignKey("agency.id", ondelete="RESTRICT"), primary_key=True, index=True
    )
    state: Mapped[str] = mapped_column(String(10))
    invited_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    """When it joined, declined, left or was removed."""

    agency: Mapped[Agency] = relationship(lazy="joined")


class CaseEntry(SealedFields, Table):
    """What one agency put into a case: an item, a task, a comment or a file."""

    __tablename__ = "case_entry"
    __table_args__ = (Index("ix_case_entry_case_id", "case_id", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("joint_case.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10))
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"), index=True)
    """Whose it is."""
    officer_id: Mapped[str]
    at: Mapped[datetime]
    officer_name = Sealed[str](str)
    text = Sealed[str | None](nothing)
    """What the officer wrote."""
    withdrawn_at: Mapped[datetime | None]
    """Since when nothing of its content is kept."""

    object_kind: Mapped[str | None] = mapped_column(String(10))
    """Of an item: what it is a copy of."""
    object_id: Mapped[str | None] = mapped_column(index=True)
    """Never shown to another agency."""
    subject_id: Mapped[str | None] = mapped_column(index=True)
    """Whom the item is about, so that what is held about a subject can be found."""
    fields: Mapped[list[str] | None]
    """Names of what the item carries."""
    sealed_carried: Mapped[bytes | None]
    """JSON object of the carried fields, as they were when it was given."""

    assignee_id: Mapped[str | None] = mapped_column(
        ForeignKey("agency.id", ondelete="RESTRICT"), index=True
    )
    """Of a task: the agency that does it."""
    taken_by: Mapped[str | None]
    """The officer of that agency who does it."""
    taken_by_name = Sealed[str | None](nothing)
    due_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    done_by_name = Sealed[str | None](nothing)
    result = Sealed[str | None](nothing)
    """What was done."""

    file_name = Sealed[str | None](nothing)
    format: Mapped[str | None] = mapped_column(String(20))
    """Of a file: what its content was found to be."""
    size: Mapped[int | None]
    """Bytes."""
    sealed_content: Mapped[bytes | None] = mapped_column(deferred=True)
    version: Mapped[int] = mapped_column()

    agency: Mapped[Agency] = relationship(foreign_keys=[agency_id], lazy="joined")
    assignee: Mapped[Agency | None] = relationship(foreign_keys=[assignee_id], lazy="joined")
    readers: Mapped[list["CaseReader"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, lazy="selectin"
    )
    photos: Mapped[list["CasePhoto"]] = relationship(
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="CasePhoto.name",
        lazy="selectin",
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class CaseReader(Table):
    """An agency that something was given to, besides the one that gave it."""

    __tablename__ = "case_reader"

    entry_id: Mapped[str] = mapped_column(
        ForeignKey("case_entry.id", ondelete="CASCADE"), primary_key=True
    )
    agency_id: Mapped[str] = mapped_column(
        ForeignKey("agency.id", ondelete="RESTRICT"), primary_key=True, index=True
    )

    agency: Mapped[Agency] = relationship(lazy="joined")


class CasePhoto(Table):
    """A photo that an item carries."""

    __tablename__ = "case_photo"

    entry_id: Mapped[str] = mapped_column(
        ForeignKey("case_entry.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    """Which of the carried fields it is."""
    format: Mapped[str] = mapped_column(String(20))
    turn: Mapped[int]
    """Degrees clockwise by which it has to be turned so that its face is upright."""
    sealed_content: Mapped[bytes] = mapped_column(deferred=True)


class CaseStep(SealedFields, Table):
    """What was done with a case itself, or with who takes part: every member sees it."""

    __tablename__ = "case_step"

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    case_id: Mapped[str] = mapped_column(
        ForeignKey("joint_case.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    officer_id: Mapped[str]
    officer_name = Sealed[str](str)
    agency_id: Mapped[str] = mapped_column(ForeignKey("agency.id", ondelete="RESTRICT"), index=True)
    """Who acted."""
    action: Mapped[str] = mapped_column(String(20))
    about_id: Mapped[str | None] = mapped_column(
        ForeignKey("agency.id", ondelete="RESTRICT"), index=True
    )
    """Whom it was about: of a member, where another agency acted."""

    agency: Mapped[Agency] = relationship(foreign_keys=[agency_id], lazy="joined")
    about: Mapped[Agency | None] = relationship(foreign_keys=[about_id], lazy="joined")


class CaseOutcomeRow(Table):
    """One of the outcomes that a case was closed with."""

    __tablename__ = "case_outcome"

    case_id: Mapped[str] = mapped_column(
        ForeignKey("joint_case.id", ondelete="CASCADE"), primary_key=True
    )
    code: Mapped[str] = mapped_column(String(30), primary_key=True)
    persons: Mapped[int]
    """How many people it was found of, or done to."""


class JointCaseCounter(Table):
    """How many cases an agency has opened: a number is given once, whatever is erased."""

    __tablename__ = "joint_case_counter"

    agency_id: Mapped[str] = mapped_column(
        ForeignKey("agency.id", ondelete="RESTRICT"), primary_key=True
    )
    last: Mapped[int]


class CaseKey(OwnKey, Table):
    """Seals a case and everything that was put into it."""

    __tablename__ = "case_key"

    owner: Mapped[str] = mapped_column(
        ForeignKey("joint_case.id", ondelete="CASCADE"), primary_key=True
    )
