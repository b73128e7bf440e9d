"""Templates as rows: an embedding sealed for the photo and the model it belongs to."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from casework.gallery.change_log import log_added
from casework.gallery.model_key import ModelKey
from casework.kernel import rows
from casework.kernel.kernel import Kernel
from casework.tables import EnrolledPhoto, Template
from detector.embed import Embedding

_STORED: Final = "<f4"


class TemplateMaker:
    """Makes the rows of one model's templates."""

    def __init__(self, kernel: Kernel, model: ModelKey) -> None:
        self._vault = kernel.vault
        self._clock = kernel.clock
        self.model = model

    def make(self, photo: EnrolledPhoto, embedding: Embedding, agency_id: str) -> Template:
        """Return the template of a photo of an agency's; `embedding` is float32, shape (D,)."""
        vector = np.ascontiguousarray(embedding, _STORED).tobytes()
        name = rows.template(photo.id, str(self.model), photo.subject_id, agency_id)
        return Template(
            photo_id=photo.id,
            subject_id=photo.subject_id,
            model=str(self.model),
            sealed_vector=self._vault.seal(vector, name),
            created_at=self._clock(),
        )

    def log(self, session: Session, made: Sequence[Template]) -> None:
        """Write what the session holds, all rows of a kind at once, and log the new templates."""
        session.flush()
        log_added(session, sorted(template.id for template in made), self._clock)
