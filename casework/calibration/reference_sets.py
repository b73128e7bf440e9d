"""Reference photos that may be searched again: their templates, sealed, if somebody asked for it.

A calibration tells how high strangers score against the gallery as it was. After a bulk import only
searches of the new gallery can say it, and travellers take days to make them; templates of people
known to be on no list can be searched at once. They are biometric data of people who gave a photo
for this, so they are kept only if asked to, one set at a time, until they are erased.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, undefer

from casework.kernel import rows
from casework.kernel.kernel import Kernel
from casework.tables import ReferenceSet

Embeddings = npt.NDArray[np.float32]
"""Shape (photos, dim), unit vectors."""

_STORED: Final = "<f4"


@dataclass(frozen=True, slots=True)
class KeptReference:
    """What is kept, without the templates."""

    photos: int
    kept_at: datetime


class ReferenceSets:
    """Keeps and reads the reference set of one model."""

    def __init__(self, kernel: Kernel, model: str) -> None:
        self._vault = kernel.vault
        self._clock = kernel.clock
        self._model = model

    def keep(self, session: Session, templates: Embeddings) -> None:
        """Keep templates instead of whatever set was kept before."""
        self.erase(session)
        # Files come in the order of names.
        order = np.random.default_rng().permutation(len(templates))
        vectors = np.ascontiguousarray(templates[order], _STORED).tobytes()
        row = ReferenceSet(
            model=self._model,
            photos=len(templates),
            kept_at=self._clock(),
            sealed_vectors=self._vault.seal(vectors, rows.reference_set(self._model)),
        )
        session.add(row)

    def held(self, session: Session) -> KeptReference | None:
        """Return what is kept of this model."""
        row = session.get(ReferenceSet, self._model)
        return KeptReference(row.photos, row.kept_at) if row is not None else None

    def read(self, session: Session) -> Embeddings | None:
        """Return the templates that are kept of this model.

        Raises:
            WrongDataKey: they cannot be decrypted.
        """
        row = session.get(ReferenceSet, self._model, options=[undefer(ReferenceSet.sealed_vectors)])
        if row is None:
            return None
        plain = self._vault.open(row.sealed_vectors, rows.reference_set(self._model))
        return np.frombuffer(plain, _STORED).reshape(row.photos, -1).astype(np.float32)

    def erase(self, session: Session) -> int:
        """Erase the set of whatever model; returns how many photos' templates it held."""
        photos = sum(session.scalars(select(ReferenceSet.photos)))
        session.execute(delete(ReferenceSet))
        return photos
