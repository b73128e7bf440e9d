"""A warning at enrolment: this face is already on a list that you may see.

Never a reason to refuse: one person may well be on several lists, under several names. Of the
agency's own subjects the warning names whom; of a list that another agency shares it names the list
alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.calibration.policy import Policy
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditedAct, AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, extends_to
from casework.kernel.rows import subject
from casework.kernel.sealed_fields import open_fields_in
from casework.screening.matching import Candidate, Matching
from casework.tables import Agency, Subject
from casework.watchlists.enrolment import Enrolled

MOST_NAMED: Final = 20
"""Of one enrolment."""

# Templates looked up for one face: a list that holds the same face a thousand times must not make
# an import of more of them slower with every row.
_MOST_HITS: Final = 64


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Somebody on a list whose face resembles the one just enrolled."""

    watchlist: str
    """Its name."""
    owner_code: str
    subject_id: str | None = None
    """None where the list is another agency's."""
    name: str | None = None


class Lookalikes:
    """Finds who resembles people that were just enrolled, by each list's own threshold."""

    def __init__(self, kernel: Kernel, matching: Matching) -> None:
        self._database = kernel.database
        self._matching = matching
        self._audit = kernel.audit
        self._clock = kernel.clock

    def of(self, actor: Actor, enrolled: Sequence[Enrolled]) -> list[tuple[Lookalike, ...]]:
        """Return, for each enrolment, whom its new photos resemble besides the subject itself.

        Only lists count that both the actor and the agency which owns the subject may see.
        """
        faces = [(n, face) for n, each in enumerate(enrolled) for face in each.faces]
        if not faces:
            return [()] * len(enrolled)
        self._matching.catch_up()
        lists = {
            owner_id: self._policies(actor, owner_id)
            for owner_id in {each.owner_id for each in enrolled if each.owner_id is not None}
        }
        anywhere = {each: policy for some in lists.values() for each, policy in some.items()}
        matches = self._matching.find_all(
            [face for _, face in faces], anywhere, self._clock(), most=_MOST_HITS
        )
        found: list[list[Candidate]] = [[] for _ in enrolled]
        for (n, _), matched in zip(faces, matches, strict=True):
            of = enrolled[n]
            found[n] += [
                each
                for each in matched.candidates
                if each.subject_id != of.subject_id
                and each.policy.watchlist_id in lists.get(of.owner_id or "", {})
            ]
        if not any(found):
            return [()] * len(enrolled)
        with self._database.read() as session:
            known = _Names.of(session, enrolled, found)
        named = [known.named(of.owner_id, each) for of, each in zip(enrolled, found, strict=True)]
        self._note(actor, zip(enrolled, found, strict=True))
        return named

    def _policies(self, actor: Actor, owner_id: str) -> Mapping[str, Policy]:
        return {
            watchlist_id: policy
            for watchlist_id, policy in self._matching.policies().items()
            if extends_to(actor, Permission.SEARCH, policy.owner_id, policy.shared_with)
            and (policy.owner_id == owner_id or owner_id in policy.shared_with)
        }

    def _note(self, actor: Actor, shown: Iterable[tuple[Enrolled, Sequence[Candidate]]]) -> None:
        """Record that somebody was shown subjects; each owner's auditors see it."""
        with self._database.write() as session:
            acts = [
                AuditedAct(AuditEntry(actor, "subject.similar", of.subject_id, owner_id))
                for of, candidates in shown
                for owner_id in sorted({each.policy.owner_id for each in candidates})
            ]
            self._audit.append_all(session, acts)


@dataclass(frozen=True, slots=True)
class _Names:
    """What there is to say of candidates: read at once for all of them."""

    names: Mapping[str, str]
    """Of subjects that are shown to their own agency, by id."""
    codes: Mapping[str, str]
    """Of agencies, by id."""

    @classmethod
    def of(
        cls, session: Session, enrolled: Sequence[Enrolled], found: Sequence[Sequence[Candidate]]
    ) -> "_Names":
        shown = list(zip(enrolled, found, strict=True))
        own = {
            each.subject_id
            for of, candidates in shown
            for each in candidates
            if each.policy.owner_id == of.owner_id
        }
        owners = {each.policy.owner_id for candidates in found for each in candidates}
        # Without their photos and lists, which nobody asks for here.
        subjects = select(Subject.id, Subject.agency_id, Subject.sealed_fields)
        agencies = select(Agency.id, Agency.code).where(Agency.id.in_(owners))
        return cls(
            {
                row.id: open_fields_in(session, subject(row.id, row.agency_id), row.sealed_fields)[
                    "name"
                ]
                for row in session.execute(subjects.where(Subject.id.in_(own)))
            },
            {row.id: row.code for row in session.execute(agencies)},
        )

    def named(self, owner_id: str | None, candidates: Sequence[Candidate]) -> tuple[Lookalike, ...]:
        """Say who the candidates are, as far as a new subject's owner may know; best first."""
        ranked = sorted(candidates, key=lambda each: -each.score)
        own = {each.subject_id for each in ranked if each.policy.owner_id == owner_id}
        named = dict.fromkeys(
            Lookalike(
                each.policy.name,
                self.codes[each.policy.owner_id],
                each.subject_id if each.subject_id in own else None,
                self.names.get(each.subject_id) if each.subject_id in own else None,
            )
            for each in ranked
        )
        return tuple(islice(named, MOST_NAMED))
