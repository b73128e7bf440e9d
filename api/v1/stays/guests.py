"""Files of guests: each row checked as a report that comes alone, and the sound ones taken in."""

from dataclasses import dataclass
from datetime import tzinfo

from pydantic import ValidationError

from api.field_errors import name_of, sentence_of
from api.v1.stays.schemas import StayFields
from casework.kernel.actor import Actor
from casework.kernel.errors import CaseworkError
from casework.kernel.messages import Message
from casework.kernel.vocabulary import StaySource
from casework.stays.csv_file import GuestRow, read_guests
from casework.stays.reports import NewStay, Receipt, StayReports


@dataclass(frozen=True, slots=True)
class RefusedGuest:
    """A row that was not taken in, and why."""

    row: int
    field: str | None
    message: Message


@dataclass(frozen=True, slots=True)
class GuestsTaken:
    """What became of a file."""

    receipts: tuple[tuple[int, Receipt], ...]
    """By row."""
    refused: tuple[RefusedGuest, ...]


def take_guests(
    reports: StayReports,
    actor: Actor,
    content: bytes,
    zone: tzinfo,
    idempotency_key: str | None = None,
) -> GuestsTaken:
    """Take the guests of a CSV file in, those that can be; each answers to a key of its own.

    Raises:
        StaysOff, NotPermitted: the actor may report none.
        StayRefused: the file is none.
        IdempotencyClash: a row that has a receipt was changed since.
    """
    reports.check(actor)
    sound: list[tuple[int, NewStay]] = []
    refused: list[RefusedGuest] = []
    for guest in read_guests(content):
        key = f"{idempotency_key}/{guest.row}" if idempotency_key is not None else None
        found = _checked(reports, actor, guest, zone, key)
        if isinstance(found, RefusedGuest):
            refused.append(found)
        else:
            sound.append((guest.row, found))
    receipts = reports.report_all(actor, [new for _, new in sound], StaySource.FILE)
    rows = (row for row, _ in sound)
    return GuestsTaken(tuple(zip(rows, receipts, strict=True)), tuple(refused))


def _checked(
    reports: StayReports, actor: Actor, guest: GuestRow, zone: tzinfo, key: str | None
) -> NewStay | RefusedGuest:
    try:
        new = StayFields.model_validate(guest.fields).new(zone, idempotency_key=key)
        reports.require_sound(actor, new)
    except ValidationError as error:
        (first, *_) = error.errors(include_url=False, include_input=False)
        return RefusedGuest(guest.row, name_of(first), sentence_of(first))
    except CaseworkError as error:
        return RefusedGuest(guest.row, error.field, error.message)
    return new
