"""Matching by document: a number in, the subjects out whose documents on a list have it.

Numbers stand sealed, so they are found by the keyed digests beside each subject
(`casework.kernel.subject_index`). The rules of the lists are those that faces are matched by.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from casework.calibration.policy import Policy
from casework.kernel import rows
from casework.kernel.errors import WrongDataKey
from casework.kernel.kernel import Kernel
from casework.kernel.period import in_force
from casework.kernel.sealed_fields import open_fields_in
from casework.kernel.subject_index import document_digest, normal
from casework.kernel.vocabulary import Agreement, SubjectStatus
from casework.review.identities import same_document
from casework.screening.matching import MOST_CANDIDATES
from casework.screening.travel_document import ReadDocument
from casework.tables import EnrolledPhoto, Subject, SubjectDocument, WatchlistEntry
from casework.watchlists.subjects import LONGEST_REASON

_LEAST_SIGNS: Final = 4
"""A shorter number, or one without a digit or of one sign alone, is what is typed for none."""
_log: Final = logging.getLogger(__name__)

BY_DOCUMENT: Final[Mapping[str, str]] = {
    "id": "Dokumen ini ada dalam daftar; ditemukan dari nomornya, bukan dari wajah. Curian atau "
    "pinjaman? Tahan dokumen dan cocokkan fotonya dengan pelintas.",
    "en": "This document is on a list; it was found by its number, not by the face. Stolen or "
    "lent? Keep it, and compare its photo with the traveller.",
}
"""What comes before an instruction where the face did not raise the alert, by language."""


def by_document(instruction: Mapping[str, str]) -> dict[str, str]:
    """Return the instruction of an alert that a document alone raised, within `LONGEST_REASON`."""
    return {
        language: f"{first} {instruction.get(language, '')}".strip()[:LONGEST_REASON]
        for language, first in BY_DOCUMENT.items()
    }


@dataclass(frozen=True, slots=True)
class DocumentMatch:
    """A subject, on one watchlist, whose document the traveller carries."""

    subject_id: str
    photo_id: str | None
    """The subject's newest photo; None of one without a photo."""
    policy: Policy


class DocumentMatching:
    """Looks documents up. Safe to call from several threads at once."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._vault = kernel.vault

    def find(
        self, document: ReadDocument, policies: Mapping[str, Policy], at: datetime
    ) -> tuple[DocumentMatch, ...]:
        """Return whose document it is, on the lists of these policies, at a time.

        A document of the same number that another state issued is another one.

        Args:
            document: the traveller's.
            policies: of the watchlists that look at the traveller, by their ids.
            at: when an entry has to be in force.
        """
        carried = [each for each in document.lookups if _is_number(each.get("number") or "")]
        digests = {
            document_digest(self._vault, owner_id, each["number"])
            for owner_id in {policy.owner_id for policy in policies.values()}
            for each in carried
        }
        if not digests:
            return ()
        with self._database.read() as session:
            query = _LISTED.where(SubjectDocument.digest.in_(digests))
            found = [row for row in session.execute(query) if row.watchlist_id in policies]
            theirs = {
                row.id
                for row in {row.id: row for row in found}.values()
                if in_force(row.valid_from, row.valid_until, at)
                and _is_theirs(session, row, carried)
            }
            photos = _newest_photos(session, sorted(theirs)) if theirs else {}
        listed: dict[str, set[str]] = defaultdict(set)
        for row in found:
            if row.id in theirs:
                listed[row.watchlist_id].add(row.id)
        return tuple(_bounded(listed, photos, policies))


def _is_number(number: str) -> bool:
    plain = normal(number)
    digits = any(map(str.isdigit, plain))
    return digits and len(plain) >= _LEAST_SIGNS and len(set(plain)) > 1


def _is_theirs(
    session: Session,
    row: Any,  # noqa: ANN401 - of `_LISTED`
    carried: Sequence[Mapping[str, Any]],
) -> bool:
    try:
        fields = open_fields_in(session, rows.subject(row.id, row.agency_id), row.sealed_fields)
    except WrongDataKey:
        # One entry that was altered must not keep its traveller from being screened. The digest
        # says that the number is the same: who reviews the alert sees what is wrong.
        _log.exception("subject %s does not open: only the number is compared", row.id)
        return True
    return any(
        same_document(one, other) is Agreement.AGREES
        for other in fields.get("documents") or ()
        if other.get("number")
        for one in carried
    )


def _newest_photos(session: Session, subject_ids: Sequence[str]) -> dict[str, str]:
    newest = (
        select(EnrolledPhoto.subject_id, func.max(EnrolledPhoto.id))
        .where(EnrolledPhoto.subject_id.in_(subject_ids), EnrolledPhoto.erase_at.is_(None))
        .group_by(EnrolledPhoto.subject_id)
    )
    return {row[0]: row[1] for row in session.execute(newest)}


def _bounded(
    listed: Mapping[str, set[str]], photos: Mapping[str, str], policies: Mapping[str, Policy]
) -> Iterator[DocumentMatch]:
    """Keep so many of each watchlist as of faces."""
    for watchlist_id, subject_ids in sorted(listed.items()):
        for subject_id in sorted(subject_ids)[:MOST_CANDIDATES]:
            yield DocumentMatch(subject_id, photos.get(subject_id), policies[watchlist_id])


_LISTED: Final = (
    select(
        Subject.id,
        Subject.agency_id,
        Subject.valid_from,
        Subject.valid_until,
        Subject.sealed_fields,
        WatchlistEntry.watchlist_id,
    )
    .join(SubjectDocument, SubjectDocument.subject_id == Subject.id)
    .join(WatchlistEntry, WatchlistEntry.subject_id == Subject.id)
    .where(Subject.status == SubjectStatus.ACTIVE, Subject.erase_at.is_(None))
)
