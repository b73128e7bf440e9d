"""What an item of a case carries: the fields its agency chose, copied and sealed when it is given.

Of alerts and tips it is what a referral can carry; of subjects, what stands in their entry; of
referrals, how far they have come, and for their sender what they carry. Readers are shown these
copies and nothing else: no way leads from an item to what it is a copy of.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from casework.areas import known as areas
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.errors import IllegalTransition, InvalidCase, InvalidReferral
from casework.kernel.permissions import Permission, require
from casework.kernel.stored_photo import StoredPhoto
from casework.kernel.vault import Vault
from casework.kernel.vocabulary import (
    AlertState,
    CaseItemKind,
    ComparisonResult,
    ReferralState,
    Sex,
)
from casework.referrals import payload
from casework.referrals import referrals as referrals_
from casework.referrals.fields import (
    OF_LIST,
    AlertField,
    AlertSource,
    Field,
    FieldGroup,
    FieldKind,
    PhotoField,
    ReferralField,
)
from casework.referrals.payload import Payload
from casework.review import alerts, states
from casework.review.alerts import SubjectCard, subject_card
from casework.tables import CaseEntry, CasePhoto, Referral, Subject
from casework.tips import tips
from casework.tips.payload import TipField, TipSource
from casework.tips.tips import report_of
from casework.watchlists import subjects


@dataclass(frozen=True, slots=True)
class SubjectSource:
    """What the values of a subject's item are read from."""

    subject: Subject
    card: SubjectCard


def _enrolled(source: SubjectSource, _: Session, vault: Vault) -> StoredPhoto:
    kept = [photo for photo in source.subject.photos if photo.erase_at is None]
    if not kept:
        raise InvalidReferral("case_photo_missing", field="fields")
    photo = kept[-1]
    name = rows.photo(photo.id, photo.subject_id, source.subject.agency_id)
    return StoredPhoto.of(vault.open(photo.sealed_content, name), photo.format, photo.quality)


_OfSubject = Field[SubjectSource]
_OfReferral = Field[Referral]
_PERSON: Final = FieldGroup.PERSON
_TEXT: Final = FieldKind.TEXT


class SubjectField(ReferralField):
    """What can be given of a subject."""

    NAME = _OfSubject("name", "Name", _PERSON, _TEXT, lambda of: of.card.name, identifies=True)
    ALIASES = _OfSubject(
        "aliases", "Also known as", _PERSON, FieldKind.TEXTS, lambda of: list(of.card.aliases)
    )
    SEX = _OfSubject("sex", "Sex", _PERSON, Sex, lambda of: of.card.sex)
    BIRTH = _OfSubject("birth", "Born", _PERSON, FieldKind.BIRTH, lambda of: of.card.birth)
    NATIONALITY = _OfSubject(
        "nationality", "Nationality", _PERSON, FieldKind.COUNTRY, lambda of: of.card.nationality
    )
    DOCUMENTS = _OfSubject(
        "documents", "Documents", _PERSON, FieldKind.DOCUMENTS, lambda of: list(of.card.documents)
    )
    REASON = _OfSubject("reason", "Reason", _PERSON, _TEXT, lambda of: of.card.reason)
    DECISION_NUMBER = _OfSubject(
        "decision_number", "Decision", _PERSON, _TEXT, lambda of: of.card.decision_number
    )
    VALID_UNTIL = _OfSubject(
        "valid_until", "Valid until", _PERSON, FieldKind.DAY, lambda of: of.card.valid_until
    )
    ENROLLED_PHOTO = PhotoField[SubjectSource](
        "enrolled_photo", "Photo on the list", _PERSON, _enrolled
    )


class ReferralItemField(ReferralField):
    """What can be given of a referral by either of its agencies; its sender can give the rest."""

    STATE = _OfReferral(
        "referral_state", "State", FieldGroup.REPORT, ReferralState, lambda of: of.state
    )
    SENDER = _OfReferral(
        "referral_sender", "Sent by", FieldGroup.REPORT, _TEXT, lambda of: of.sender.code
    )
    RECEIVER = _OfReferral(
        "referral_receiver", "Sent to", FieldGroup.REPORT, _TEXT, lambda of: of.receiver.code
    )
    SENT_AT = _OfReferral(
        "referral_sent_at", "Sent on", FieldGroup.REPORT, FieldKind.TIME, lambda of: of.created_at
    )
    DUE_AT = _OfReferral(
        "referral_due_at",
        "Answer due by",
        FieldGroup.REPORT,
        FieldKind.TIME,
        lambda of: of.due_at,
    )


FIELDS: Final[Mapping[CaseItemKind, type[ReferralField]]] = {
    CaseItemKind.ALERT: AlertField,
    CaseItemKind.TIP: TipField,
    CaseItemKind.REFERRAL: ReferralItemField,
    CaseItemKind.SUBJECT: SubjectField,
}
"""What can be given of each kind."""

BY_NAME: Final[Mapping[str, ReferralField]] = {
    each.value: each
    for fields in (SubjectField, ReferralItemField, TipField, AlertField)
    for each in fields
}
"""Every field by its name: one name is one field, of whatever it was copied."""


@dataclass(frozen=True, slots=True)
class Copied:
    """Copies of what was chosen, and whom they are about."""

    payload: Payload
    subject_id: str | None


def choices(
    session: Session, actor: Actor, kind: CaseItemKind, object_id: str
) -> list[ReferralField]:
    """Return what the actor may give of something, in order; raises NotPermitted, NotFound."""
    if kind is CaseItemKind.ALERT:
        alert = alerts.find(session, actor, Permission.REFER_ALERT, object_id)
        owns = alert.owner_id == actor.agency_id
        return [each for each in AlertField if owns or each not in OF_LIST]
    if kind is CaseItemKind.TIP:
        tips.find(session, actor, Permission.HANDLE_TIP, object_id)
    if kind is CaseItemKind.SUBJECT:
        subjects.find(session, actor, Permission.READ_SUBJECT, object_id)
    if kind is CaseItemKind.REFERRAL:
        row = referrals_.find(session, actor, object_id)
        mine = row.sender_id == actor.agency_id
        return [*ReferralItemField, *(BY_NAME[name] for name in row.fields if mine)]
    return list(FIELDS[kind])


def offered(
    session: Session, vault: Vault, actor: Actor, kind: CaseItemKind, object_id: str
) -> dict[str, Any]:
    """Return what the actor may give of something, by name, each with what it says now.

    None of a photo, and of what is not known; a photo that is not there is left out.

    Raises:
        NotPermitted, NotFound: the actor gives none, or not this one.
    """
    names = choices(session, actor, kind, object_id)
    own = [each for each in names if isinstance(each, FIELDS[kind])]
    source = _SOURCES[kind](session, vault, actor, object_id)
    values = payload.preview(own, source)
    if kind is CaseItemKind.REFERRAL:
        values |= payload.values_of(vault, referrals_.find(session, actor, object_id))
    missing = {each for each in own if not _there(each, source, session, vault)}
    return {each.value: values.get(each.value) for each in names if each not in missing}


def _there(member: ReferralField, source: object, session: Session, vault: Vault) -> bool:
    """Whether a field is no photo, or a photo that there is."""
    if not isinstance(member.field, PhotoField):
        return True
    try:
        member.field.read(source, session, vault)
    except InvalidReferral:
        return False
    return True


def copied(
    session: Session,
    vault: Vault,
    actor: Actor,
    item: tuple[CaseItemKind, str],
    fields: Collection[str],
) -> Copied:
    """Copy fields of what an agency gives, within a transaction.

    Raises:
        NotPermitted, NotFound: the actor gives none, or not this one.
        IllegalTransition: an alert that nobody has looked at, or that is somebody else.
        InvalidCase: something that was chosen cannot be given.
        InvalidReferral: it is not there any more.
    """
    kind, object_id = item
    if not fields:
        raise InvalidCase("case_fields_missing", field="fields")
    return _COPIERS[kind](session, vault, actor, object_id, fields)


def put(vault: Vault, entry: CaseEntry, carried: Payload) -> None:
    """Seal the copies into a new item, which has its id already."""
    entry.fields = sorted([*carried.values, *carried.photos])
    name = rows.case_payload(entry.case_id, entry.id)
    entry.sealed_carried = vault.seal(json.dumps(dict(carried.values)).encode(), name)
    entry.photos = [
        CasePhoto(
            name=each,
            format=photo.format,
            turn=photo.turn,
            sealed_content=vault.seal(
                photo.content, rows.case_photo(entry.case_id, entry.id, each)
            ),
        )
        for each, photo in carried.photos.items()
    ]


def values_of(vault: Vault, entry: CaseEntry) -> dict[str, Any]:
    """Open the carried fields that are no photos; none where the item was withdrawn."""
    if entry.sealed_carried is None:
        return {}
    name = rows.case_payload(entry.case_id, entry.id)
    values: dict[str, Any] = json.loads(vault.open(entry.sealed_carried, name))
    return values


def photo_of(vault: Vault, entry: CaseEntry, photo: CasePhoto) -> StoredPhoto:
    """Open a carried photo: one that was reported may never have been decoded."""
    name = rows.case_photo(entry.case_id, entry.id, photo.name)
    checked = photo.name == SubjectField.ENROLLED_PHOTO
    kind = StoredPhoto if checked else payload.kind_of(photo.name)
    return kind(vault.open(photo.sealed_content, name), photo.format, photo.turn)


def _chosen(kind: CaseItemKind, fields: Collection[str]) -> list[ReferralField]:
    """Return the fields of a kind that have these names; raises InvalidCase."""
    there = {each.value: each for each in FIELDS[kind]}
    if not there.keys() >= set(fields):
        raise InvalidCase("case_fields_unknown", field="fields")
    return [there[name] for name in dict.fromkeys(fields)]


def _alert(
    session: Session, vault: Vault, actor: Actor, object_id: str, fields: Collection[str]
) -> Copied:
    row = alerts.find(session, actor, Permission.REFER_ALERT, object_id)
    chosen = _chosen(CaseItemKind.ALERT, fields)
    if row.owner_id != actor.agency_id and not OF_LIST.isdisjoint(chosen):
        own = tuple(sorted(OF_LIST.intersection(chosen)))
        raise InvalidCase("case_fields_of_list", field="fields", fields=own)
    at = alerts.position(row, actor)
    if at.state is not AlertState.CLOSED:
        # As for a referral: nothing goes to others before somebody has looked at both faces.
        states.refer(at, alerts.policy(row), in_hand=False)
    elif row.found == ComparisonResult.OTHER_PERSON:
        raise IllegalTransition("alert_not_to_refer", state=at.state)
    carried = payload.copied(session, vault, chosen, payload.alert_source(session, row))
    return Copied(carried, row.subject_id)


def _tip(
    session: Session, vault: Vault, actor: Actor, object_id: str, fields: Collection[str]
) -> Copied:
    source = _tip_source(session, vault, actor, object_id)
    chosen = _chosen(CaseItemKind.TIP, fields)
    return Copied(payload.copied(session, vault, chosen, source), source.tip.subject_id)


def _subject(
    session: Session, vault: Vault, actor: Actor, object_id: str, fields: Collection[str]
) -> Copied:
    source = _subject_source(session, vault, actor, object_id)
    chosen = _chosen(CaseItemKind.SUBJECT, fields)
    return Copied(payload.copied(session, vault, chosen, source), source.subject.id)


def _referral(
    session: Session, vault: Vault, actor: Actor, object_id: str, fields: Collection[str]
) -> Copied:
    require(actor, Permission.HANDLE_REFERRAL)
    row = referrals_.find(session, actor, object_id)
    carried = sorted(set(fields) & set(row.fields))
    if carried and row.sender_id != actor.agency_id:
        raise InvalidCase("case_fields_of_sender", field="fields", fields=tuple(carried))
    own = _chosen(CaseItemKind.REFERRAL, [name for name in fields if name not in carried])
    made = payload.copied(session, vault, own, row)
    known = payload.values_of(vault, row)
    values = {**made.values, **{name: known[name] for name in carried if name in known}}
    photos = {
        each.name: payload.photo_of(vault, each) for each in row.photos if each.name in carried
    }
    return Copied(Payload(values, photos), row.subject_id)


def _alert_source(session: Session, _: Vault, actor: Actor, object_id: str) -> AlertSource:
    row = alerts.find(session, actor, Permission.REFER_ALERT, object_id)
    return payload.alert_source(session, row)


def _tip_source(session: Session, vault: Vault, actor: Actor, object_id: str) -> TipSource:
    row = tips.find(session, actor, Permission.HANDLE_TIP, object_id)
    return TipSource(row, report_of(vault, row), areas.place(session, row.area))


def _subject_source(session: Session, _: Vault, actor: Actor, object_id: str) -> SubjectSource:
    row = subjects.find(session, actor, Permission.READ_SUBJECT, object_id)
    subjects.require_kept(row)
    return SubjectSource(row, subject_card(row))


def _referral_source(session: Session, _: Vault, actor: Actor, object_id: str) -> Referral:
    return referrals_.find(session, actor, object_id)


_SOURCES: Final[Mapping[CaseItemKind, Callable[[Session, Vault, Actor, str], object]]] = {
    CaseItemKind.ALERT: _alert_source,
    CaseItemKind.TIP: _tip_source,
    CaseItemKind.REFERRAL: _referral_source,
    CaseItemKind.SUBJECT: _subject_source,
}
"""What the values of each kind are read from."""

_COPIERS: Final[
    Mapping[CaseItemKind, Callable[[Session, Vault, Actor, str, Collection[str]], Copied]]
] = {
    CaseItemKind.ALERT: _alert,
    CaseItemKind.TIP: _tip,
    CaseItemKind.REFERRAL: _referral,
    CaseItemKind.SUBJECT: _subject,
}
