"""The two faces of an alert, small, as lists of alerts show them.

They are made with the alert and at enrolment, and kept sealed beside what they come from, so that
what erases that erases them. Of what was kept before, they are made when they are first asked for:
one at a time, and never where a traveller waits.
"""

import threading
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute

from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.errors import NotFound
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require
from casework.kernel.vault import RowName
from casework.review.alerts import visible
from casework.tables import Alert, Encounter, EnrolledPhoto, Subject
from detector.errors import PhotoError
from detector.pipeline import Pipeline
from detector.portrait import small
from detector.timing import Stopwatch

_PATIENCE_S: Final = 2.0
"""How long a request waits for its turn to have one made: it holds a thread meanwhile."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """Where a face stands, and what it is made of."""

    key: str
    face: bytes | None
    """Sealed; None where it has not been made."""
    name: RowName
    """Of the face."""
    column: InstrumentedAttribute[bytes | None]
    whole: InstrumentedAttribute[bytes] | InstrumentedAttribute[bytes | None]
    """The column of the photo."""
    whole_name: RowName
    erased: NotFound
    """Raised where the photo is gone."""


class SmallFaces:
    """Gives small faces to those who may see the alert. The record of their list covers them."""

    def __init__(self, kernel: Kernel, pipeline: Pipeline) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._pipeline = pipeline
        self._one_at_a_time = threading.Lock()

    def probe(self, actor: Actor, alert_id: str) -> bytes:
        """Return the traveller's face as JPEG, `detector.portrait.SMALL_SIDE` pixels square.

        Raises:
            NotPermitted, NotFound: the actor may see none, or not this one, or it was erased, or
                too many others have to be made first.
        """
        require(actor, Permission.READ_ALERT)
        query = (
            select(Encounter.id, Encounter.sealed_face)
            .join(Alert, Alert.encounter_id == Encounter.id)
            .where(Alert.id == alert_id, visible(actor))
        )
        with self._database.read() as session:
            found = session.execute(query).first()
        if found is None:
            raise NotFound("probe_photo_erased")
        return self._face(
            _Kept(
                found.id,
                found.sealed_face,
                rows.encounter_face(found.id),
                Encounter.sealed_face,
                Encounter.sealed_portrait,
                rows.encounter(found.id),
                NotFound("probe_photo_erased"),
            )
        )

    def enrolled(self, actor: Actor, alert_id: str) -> bytes:
        """Return the face that the subject was found by, as `probe` does the traveller's.

        Raises:
            NotPermitted, NotFound: as `probe`.
        """
        require(actor, Permission.READ_ALERT)
        query = (
            select(
                EnrolledPhoto.id,
                EnrolledPhoto.subject_id,
                EnrolledPhoto.sealed_face,
                Subject.agency_id,
            )
            .join(Alert, Alert.photo_id == EnrolledPhoto.id)
            .join(Subject, Subject.id == EnrolledPhoto.subject_id)
            .where(
                Alert.id == alert_id,
                visible(actor),
                EnrolledPhoto.erase_at.is_(None),
                Subject.erase_at.is_(None),
            )
        )
        with self._database.read() as session:
            found = session.execute(query).first()
        if found is None:
            raise NotFound("enrolled_photo_erased")
        place = (found.id, found.subject_id, found.agency_id)
        return self._face(
            _Kept(
                found.id,
                found.sealed_face,
                rows.photo_face(*place),
                EnrolledPhoto.sealed_face,
                EnrolledPhoto.sealed_content,
                rows.photo(*place),
                NotFound("enrolled_photo_erased"),
            )
        )

    def _face(self, kept: _Kept) -> bytes:
        if kept.face is not None:
            name = kept.name
            return self._vault.open(kept.face, name)
        if not self._one_at_a_time.acquire(timeout=_PATIENCE_S):
            raise NotFound("face_not_ready")
        try:
            return self._make(kept)
        finally:
            self._one_at_a_time.release()

    def _make(self, kept: _Kept) -> bytes:
        """Make a face of the photo, and keep it, unless it was made or erased meanwhile."""
        table, name, whole_name = kept.column.class_, kept.name, kept.whole_name
        with self._database.read() as session:
            found = session.execute(
                select(kept.column, kept.whole).where(table.id == kept.key)
            ).first()
        if found is None or found[1] is None:
            raise kept.erased
        if found[0] is not None:
            return self._vault.open(found[0], name)
        content = self._vault.open(found[1], whole_name)
        try:
            face = small(self._pipeline.locate(content, Stopwatch()))
        except PhotoError as error:  # was taken under other limits
            raise kept.erased from error
        with self._database.write() as session:
            # Of a record that had none yet: what is sealed for it has to go with it.
            self._vault.own_keys.ensure(session, [name.owner])
            session.execute(
                update(table)
                .where(table.id == kept.key, kept.whole.is_not(None))
                .values({kept.column.key: self._vault.seal(face, name)})
                .execution_options(synchronize_session=False)
            )
        return face
