"""Re-embedding: templates of the pack in use for photos that were enrolled with another."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.gallery.templates import TemplateMaker
from casework.kernel import rows
from casework.kernel.kernel import Kernel
from casework.tables import EnrolledPhoto, Template
from detector.pipeline import Pipeline


class ReEmbedding:
    """Finds photos without a template of one model, and makes it."""

    def __init__(self, kernel: Kernel, pipeline: Pipeline, templates: TemplateMaker) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._pipeline = pipeline
        self._templates = templates

    def waiting(self) -> int:
        """Count enrolled photos that have no template of this model."""
        with self._database.read() as session:
            return len(self._untemplated(session))

    def run(self, batch: int = 64) -> Iterable[tuple[int, int]]:
        """Make templates of this model for photos that lack one; yields (done, total).

        It yields after each photo; what is done is written `batch` photos at a time.

        A photo that this model's detector cannot search keeps no template and counts as done; the
        other models' templates stay, so that the old pack can be returned to.
        """
        with self._database.read() as session:
            waiting = self._untemplated(session)
        for start in range(0, len(waiting), batch):
            made = []
            some = waiting[start : start + batch]
            for done, photo_id in enumerate(some, start + 1):
                with self._database.read() as session:
                    photo = session.get_one(EnrolledPhoto, photo_id)
                    name = rows.photo(photo_id, photo.subject_id, photo.subject.agency_id)
                    content = self._vault.open(photo.sealed_content, name)
                embedding = self._pipeline.analyse(content).embedding
                if embedding is not None:
                    made.append((photo_id, embedding))
                if photo_id != some[-1]:
                    yield done, len(waiting)
            with self._database.write() as session:
                found = [(session.get(EnrolledPhoto, each), vector) for each, vector in made]
                templates = [
                    self._templates.make(photo, vector, photo.subject.agency_id)
                    for photo, vector in found
                    if photo is not None  # not removed meanwhile
                ]
                session.add_all(templates)
                self._templates.log(session, templates)
            yield min(start + batch, len(waiting)), len(waiting)

    def _untemplated(self, session: Session) -> list[str]:
        ours = select(Template.photo_id).where(Template.model == str(self._templates.model))
        query = select(EnrolledPhoto.id).where(EnrolledPhoto.id.not_in(ours))
        return list(session.scalars(query.order_by(EnrolledPhoto.id)))
