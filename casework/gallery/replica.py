"""Keeps the in-memory gallery equal to the database.

The database is the truth. A write commits first; the gallery then follows the change log up to
that commit, by itself (`follow`). A restart follows the same log, and so does another process on
the same database, before each search.
"""

import threading
from collections.abc import Sequence
from typing import Final

import numpy as np
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from casework.gallery.change_log import TOPIC, position
from casework.gallery.list_sizes import Sizes
from casework.gallery.model_key import ModelKey
from casework.kernel import rows
from casework.kernel.kernel import Kernel
from casework.kernel.vocabulary import Change
from casework.tables import GalleryChange, Subject, SubjectKey, Template
from index.gallery import Gallery

# Rows read, decrypted and added at a time when the gallery is loaded.
_CHUNK: Final = 8192

_TEMPLATES: Final = select(
    Template.id,
    Template.photo_id,
    Template.sealed_vector,
    Template.subject_id,
    Subject.agency_id,
    SubjectKey.wrapped_by,
    SubjectKey.wrapped,
).join(Subject, Subject.id == Template.subject_id)
_SEALED: Final = _TEMPLATES.outerjoin(SubjectKey, SubjectKey.owner == Template.subject_id)


class GalleryReplica:
    """One gallery, one database, one model."""

    def __init__(self, kernel: Kernel, gallery: Gallery, model: ModelKey) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self.model = str(model)
        self._following = threading.Lock()
        self.gallery = gallery
        self.sizes = Sizes(self.model, kernel.clock)

    def load(self) -> int:
        """Fill the empty gallery from the database; returns how many templates it holds.

        Raises:
            WrongDataKey: a template cannot be decrypted.
        """
        query = (
            _SEALED.where(Template.model == self.model)
            .order_by(Template.id)
            .execution_options(yield_per=_CHUNK)
        )
        with self._following, self._database.read() as session:
            # One transaction: the position and the rows belong to the same state.
            until = position(session)
            self.sizes.load(session)
            # Through the connection: 100,000 rows need no session to keep track of them.
            with session.connection().execute(query) as result:
                for some in result.partitions():
                    self._add(some, until)
            if len(self.gallery) == 0:
                self.gallery.advance(until)
        return len(self.gallery)

    def follow(self) -> None:
        """From now on, catch up after each commit of this process that changes the gallery."""
        self._database.after_commit(TOPIC, self.catch_up)

    def catch_up(self) -> int:
        """Apply every change committed since; returns the position reached.

        Call before a search whose answer must reflect what other processes have written.
        """
        with self._database.read_one() as connection:
            if position(connection) <= self.gallery.version:
                return self.gallery.version
        with self._following, self._database.read() as session:
            changes = session.execute(
                select(GalleryChange.seq, GalleryChange.kind, GalleryChange.template_id)
                .where(GalleryChange.seq > self.gallery.version)
                .order_by(GalleryChange.seq)
            ).all()
            for start in range(0, len(changes), _CHUNK):
                chunk = changes[start : start + _CHUNK]
                self._apply(session, [(kind, template_id) for _, kind, template_id in chunk])
                self.gallery.advance(chunk[-1].seq)
        return self.gallery.version

    def _apply(self, session: Session, changes: Sequence[tuple[str, int | None]]) -> None:
        removed = {t for kind, t in changes if kind == Change.REMOVE and t is not None}
        added = {t for kind, t in changes if kind == Change.ADD and t is not None}
        # The log is not what the audit trail protects: it silences nobody who is still there.
        there = select(Template.id).where(Template.id.in_(removed), Template.model == self.model)
        removed -= set(session.scalars(there))
        # Ids are never reused, so within a chunk only the balance counts.
        for template_id in removed:
            if template_id in self.gallery:
                self.gallery.remove(template_id, version=self.gallery.version)
        missing = [t for t in sorted(added - removed) if t not in self.gallery]
        found = session.execute(
            _SEALED.where(
                # A template that is gone already has its removal further on in the log.
                Template.id.in_(missing),
                Template.model == self.model,
            )
        ).all()
        if found:
            self._add(found, self.gallery.version)
        self.sizes.update(session, {t for _, t in changes if t is not None})

    def _add(
        self, found: Sequence[Row[int, str, bytes, str, str, str, bytes]], version: int
    ) -> None:
        """Decrypt templates and put them into the gallery."""
        open_sealed, opened, model = self._vault.open, self._vault.own_keys.opened, self.model
        plain = b"".join(
            [
                open_sealed(
                    sealed,
                    rows.template(photo_id, model, subject_id, agency_id),
                    # Those of before have none.
                    opened(subject_id, by, key) if key else None,
                )
                for _, photo_id, sealed, subject_id, agency_id, by, key in found
            ]
        )
        vectors = np.frombuffer(plain, "<f4").reshape(len(found), -1)
        self.gallery.add([each.id for each in found], vectors, version=version)
