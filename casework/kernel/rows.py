"""Rows: looking one up, asking that nobody changed it, and what sealed values are bound to.

A sealed value opens only under the name it was sealed for (`casework.kernel.vault`): the names
below are part of what is stored, and stay as they are for good.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy.orm import Session
from sqlalchemy.orm.interfaces import ORMOption

from casework.kernel.actor import Actor
from casework.kernel.errors import NotFound, StaleVersion
from casework.kernel.permissions import Permission, extends_to, require
from casework.kernel.vault import RowName


class Owned(Protocol):
    """A row that belongs to an agency."""

    @property
    def agency_id(self) -> Any:  # noqa: ANN401 - a column of texts, with or without None
        """The agency's id."""


class Versioned(Protocol):
    """A row whose changes are counted."""

    @property
    def version(self) -> Any:  # noqa: ANN401 - a column of whole numbers
        """One more after each change."""


T = TypeVar("T")
OwnedT = TypeVar("OwnedT", bound=Owned)


def one(
    session: Session,
    table: type[T],
    key: object,
    missing: NotFound,
    *,
    options: Sequence[ORMOption] = (),
    where: Callable[[T], bool] = lambda _row: True,
) -> T:
    """Return the row that has a key.

    Args:
        session: the transaction.
        table: whose row.
        key: its primary key.
        missing: what is raised where there is none.
        options: how to load it.
        where: a row that this is not true of counts as none.

    Raises:
        NotFound: `missing`.
    """
    row = session.get(table, key, options=options)
    if row is None or not where(row):
        raise missing
    return row


def one_within(
    session: Session,
    actor: Actor,
    act: Permission,
    table: type[OwnedT],
    key: object,
    missing: NotFound,
    *,
    options: Sequence[ORMOption] = (),
    shared_with: Callable[[OwnedT], Collection[str]] = lambda _row: (),
) -> OwnedT:
    """Return the row that has a key, if an act of the actor's extends to it.

    Args:
        session: the transaction.
        actor: who acts.
        act: what they do to it.
        table: whose row.
        key: its primary key.
        missing: what is raised where there is none, or none that the act extends to.
        options: how to load it.
        shared_with: agencies that the row's owner lets see it.

    Raises:
        NotPermitted: the actor may do this to nothing.
        NotFound: `missing`.
    """
    require(actor, act)
    row = one(session, table, key, missing, options=options)
    if not extends_to(actor, act, row.agency_id, shared_with(row)):
        raise missing
    return row


def require_version(row: Versioned, version: int | str | None, changed: str | None = None) -> None:
    """Raise StaleVersion unless a row is as it was read.

    Args:
        row: as it is.
        version: as it was read; None stands for any version.
        changed: the message's code, where it does not follow from the kind of row.
    """
    if version is None or row.version == version:
        return
    raise StaleVersion(changed or f"{type(row).__name__.lower()}_changed")


def photo(photo_id: str, subject_id: str, agency_id: str) -> RowName:
    """Name an enrolled photo."""
    return RowName(f"photo/{photo_id}", agency_id, subject_id, owner=subject_id)


def photo_face(photo_id: str, subject_id: str, agency_id: str) -> RowName:
    """Name the small face of an enrolled photo."""
    return RowName(f"photo/{photo_id}/face", agency_id, subject_id, owner=subject_id)


def template(photo_id: str, model: str, subject_id: str, agency_id: str) -> RowName:
    """Name the template that a model made of an enrolled photo."""
    return RowName(f"template/{photo_id}/{model}", agency_id, subject_id, owner=subject_id)


def encounter(encounter_id: str) -> RowName:
    """Name the portrait that an encounter keeps."""
    return RowName(f"encounter/{encounter_id}", owner=encounter_id)


def encounter_face(encounter_id: str) -> RowName:
    """Name the small face of the traveller that an encounter keeps."""
    return RowName(f"encounter/{encounter_id}/face", owner=encounter_id)


def encounter_reference(encounter_id: str) -> RowName:
    """Name the face of the reference that an encounter keeps."""
    return RowName(f"encounter/{encounter_id}/reference", owner=encounter_id)


def note(alert_id: str, agency_id: str) -> RowName:
    """Name the notes of an alert's review."""
    return RowName(f"note/{alert_id}", agency_id, owner=alert_id)


def alert_event(alert_id: str) -> RowName:
    """Name the fields of a step of an alert's review."""
    return RowName(f"alert-event/{alert_id}/fields", owner=alert_id)


def encounter_fields(encounter_id: str) -> RowName:
    """Name the fields of an encounter."""
    return RowName(f"encounter/{encounter_id}/fields", owner=encounter_id)


def photo_fields(photo_id: str, subject_id: str) -> RowName:
    """Name the fields of an enrolled photo."""
    return RowName(f"photo/{photo_id}/fields", subject=subject_id, owner=subject_id)


def subject(subject_id: str, agency_id: str) -> RowName:
    """Name the fields of a subject: its identity."""
    return RowName(f"subject/{subject_id}/fields", agency_id, owner=subject_id)


def known_lookalike(lookalike_id: str, model: str, subject_id: str, agency_id: str) -> RowName:
    """Name the template that a model made of a known look-alike."""
    name = f"known-lookalike/{lookalike_id}/{model}"
    return RowName(name, agency_id, subject_id, owner=lookalike_id)


def objection(objection_id: str, subject_id: str, agency_id: str) -> RowName:
    """Name the fields of an objection."""
    return RowName(f"objection/{objection_id}/fields", agency_id, subject_id, owner=subject_id)


def residence(residence_id: str, subject_id: str, agency_id: str) -> RowName:
    """Name the fields of a permit by which a subject stays."""
    return RowName(f"residence/{residence_id}/fields", agency_id, subject_id, owner=subject_id)


def held_permit(permit_id: str) -> RowName:
    """Name the fields of a permit that is held for a traveller on no list."""
    return RowName(f"held-permit/{permit_id}/fields", owner=permit_id)


def reference_set(model: str) -> RowName:
    """Name a model's templates of people who are on no list, kept to calibrate again."""
    return RowName(f"reference-set/{model}")


def officer(officer_id: str, agency_id: str) -> RowName:
    """Name the fields of an officer."""
    return RowName(f"officer/{officer_id}/fields", agency_id)


def probe_search(search_id: str) -> RowName:
    """Name the fields of an officer's search."""
    return RowName(f"search/{search_id}/fields", owner=search_id)


def import_job(import_id: str, agency_id: str) -> RowName:
    """Name the fields of an import."""
    return RowName(f"import/{import_id}/fields", agency_id, owner=import_id)


def import_fault(import_id: str) -> RowName:
    """Name the fields of what is wrong with an import's rows."""
    return RowName(f"import-fault/{import_id}/fields", owner=import_id)


def tip_fields(tip_id: str, agency_id: str) -> RowName:
    """Name the fields of a tip."""
    return RowName(f"tip/{tip_id}/fields", agency_id, owner=tip_id)


def referral_message(referral_id: str) -> RowName:
    """Name the fields of a step of a referral."""
    return RowName(f"referral-message/{referral_id}/fields", owner=referral_id)


def referral_payload(referral_id: str) -> RowName:
    """Name the fields that a referral hands over."""
    return RowName(f"referral/{referral_id}/carried", owner=referral_id)


def referral_photo(referral_id: str, name: str) -> RowName:
    """Name a photo that a referral hands over."""
    return RowName(f"referral/{referral_id}/photo/{name}", owner=referral_id)


def referral_messages(referral_id: str) -> RowName:
    """Name what two agencies write to each other about a referral."""
    return RowName(f"referral/{referral_id}/messages", owner=referral_id)


def joint_case(case_id: str) -> RowName:
    """Name the fields of a case."""
    return RowName(f"case/{case_id}/fields", owner=case_id)


def case_entry(case_id: str, entry_id: str) -> RowName:
    """Name the fields of what was put into a case."""
    return RowName(f"case/{case_id}/entry/{entry_id}/fields", owner=case_id)


def case_payload(case_id: str, entry_id: str) -> RowName:
    """Name the fields that an item of a case carries."""
    return RowName(f"case/{case_id}/entry/{entry_id}/carried", owner=case_id)


def case_photo(case_id: str, entry_id: str, name: str) -> RowName:
    """Name a photo that an item of a case carries."""
    return RowName(f"case/{case_id}/entry/{entry_id}/photo/{name}", owner=case_id)


def case_file(case_id: str, entry_id: str) -> RowName:
    """Name a file of a case."""
    return RowName(f"case/{case_id}/entry/{entry_id}/content", owner=case_id)


def case_step(case_id: str) -> RowName:
    """Name the fields of a step of a case."""
    return RowName(f"case/{case_id}/step/fields", owner=case_id)


def stay(stay_id: str, agency_id: str) -> RowName:
    """Name the fields of a stay: the guest and the lodging."""
    return RowName(f"stay/{stay_id}/fields", agency_id, owner=stay_id)


def stay_photo(photo_id: str) -> RowName:
    """Name a guest's photo that waits to be screened."""
    return RowName(f"stay-photo/{photo_id}", owner=photo_id)


def tip_report(tip_id: str, agency_id: str) -> RowName:
    """Name what a tip says."""
    return RowName(f"tip/{tip_id}/report", agency_id, owner=tip_id)


def tip_photo(tip_id: str, agency_id: str) -> RowName:
    """Name the photo of a tip."""
    return RowName(f"tip/{tip_id}/photo", agency_id, owner=tip_id)


def tip_source(tip_id: str, agency_id: str) -> RowName:
    """Name whom a tip comes from."""
    return RowName(f"tip/{tip_id}/source", agency_id, owner=tip_id)


def tip_dismissal(tip_id: str, agency_id: str) -> RowName:
    """Name the reason for which a tip was dismissed."""
    return RowName(f"tip/{tip_id}/dismissal", agency_id, owner=tip_id)


def import_piece(import_id: str, stream: str, number: int) -> RowName:
    """Name a piece of an uploaded file."""
    return RowName(f"import/{import_id}/{stream}/{number}", owner=import_id)


def totp(officer_id: str, agency_id: str) -> RowName:
    """Name an officer's shared secret."""
    return RowName(f"totp/{officer_id}", agency_id)


def sign_in(visitor: str) -> RowName:
    """Name what a browser holds between password and code; not a row of the database."""
    return RowName(f"sign-in/{visitor}")


def sign_on() -> RowName:
    """Name what a browser holds while it is at the identity provider; not a row either."""
    return RowName("sign-on")


def webhook_secret(webhook_id: str) -> RowName:
    """Name the secrets that a webhook's deliveries are signed with."""
    return RowName(f"webhook/{webhook_id}")


def approval(approval_id: str) -> RowName:
    """Name what a request for a second person asks for."""
    return RowName(f"approval/{approval_id}", owner=approval_id)


def audit_text(node: str, seq: int, name: str) -> RowName:
    """Name a text that stands beside a record of the audit trail."""
    return RowName(f"audit/{node}/{seq}/{name}")


def audit_actor(digest: str) -> RowName:
    """Name what the audit trail knows of an actor."""
    return RowName(f"audit/actor/{digest}")
