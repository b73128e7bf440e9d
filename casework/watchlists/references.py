"""Finding an agency's subjects by its own references.

References that look the same are one (`casework.kernel.text.look`): a list that is typed with
another hyphen names the same person. Earlier versions let two of them in; both stay, and each is
found exactly as it is written. What could be either is neither.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from casework.kernel.sealed_fields import vault_of
from casework.kernel.subject_index import look_digest
from casework.kernel.text import look
from casework.tables import Subject


class References:
    """Subjects by agency and reference, or by id where they have no reference."""

    def __init__(self, subjects: Iterable[Subject] = ()) -> None:
        self._alike: dict[tuple[str, str], list[Subject]] = {}
        for each in subjects:
            self.add(each)

    def add(self, subject: Subject) -> None:
        """Have a subject found from now on."""
        key = subject.agency_id, look(subject.reference or subject.id)
        self._alike.setdefault(key, []).append(subject)

    def alike(self, owner_id: str, reference: str | None) -> Sequence[Subject]:
        """Return an agency's subjects whose references look like this one."""
        return self._alike.get((owner_id, look(reference)), ()) if reference is not None else ()

    def others(self, subject: Subject, reference: str | None) -> tuple[str, ...]:
        """Return the ids of the agency's other subjects whose references look like this one."""
        alike = self.alike(subject.agency_id, reference)
        return tuple(each.id for each in alike if each is not subject)

    def of(self, owner_id: str, reference: str | None) -> Subject | None:
        """Return the subject that an agency calls so, None where there is none or could be two."""
        alike = self.alike(owner_id, reference)
        if len(alike) == 1:
            return alike[0]
        return next((each for each in alike if (each.reference or each.id) == reference), None)


def by_reference(
    session: Session, owner_ids: Iterable[str], references: Iterable[str | None]
) -> References:
    """Return the subjects of these agencies that have these references, with their photos.

    Where a subject has no reference, its id stands in for one: exports write it.
    """
    given = {each for each in references if each is not None}
    if not given:
        return References()
    vault, owners = vault_of(session), sorted(set(owner_ids))
    theirs = (
        select(Subject).options(selectinload(Subject.photos)).where(Subject.agency_id.in_(owners))
    )
    # Two questions, each with an index of its own: together a database would read every subject.
    digests = [look_digest(vault, owner, each) for owner in owners for each in sorted(given)]
    named = session.scalars(theirs.where(Subject.look_digest.in_(digests)))
    nameless = session.scalars(theirs.where(Subject.id.in_(given), Subject.look_digest.is_(None)))
    return References((*named, *nameless))
