"""Finding subjects by what stands sealed: how a reference looks, the number of a document.

Beside each subject stand keyed digests of them: equal ones of one agency are found, and nobody can
test a guess without the key.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Final

from casework.kernel.text import look
from casework.kernel.vault import Vault
from casework.tables import Subject, SubjectDocument

_NO_LETTERS: Final = re.compile(r"[\W_]+")


def normal(number: str) -> str:
    """Return a number as equal ones are written alike: capitals, no spaces, hyphens or points."""
    folded = unicodedata.normalize("NFKC", number).upper()
    return _NO_LETTERS.sub("", folded) or folded


def document_digest(vault: Vault, agency_id: str, number: str) -> str:
    """Return the digest under which an agency's subjects with this document are found."""
    return vault.digest("subject.document", agency_id, normal(number))


def document_digests(
    vault: Vault, agency_id: str, documents: Iterable[Mapping[str, Any]]
) -> set[str]:
    """Return the digests of a subject's documents, as `Subject.documents` has them."""
    return {document_digest(vault, agency_id, each["number"]) for each in documents}


def look_digest(vault: Vault, agency_id: str, reference: str | None) -> str | None:
    """Return the digest under which an agency's subjects are found whose references look so."""
    if not reference:
        return None
    return vault.digest("subject.reference_look", agency_id, look(reference))


def index_subject(vault: Vault, row: Subject) -> None:
    """Have a subject found by the reference and the documents that it has now."""
    row.look_digest = look_digest(vault, row.agency_id, row.reference)
    standing = {each.digest: each for each in row.document_digests}
    wanted = document_digests(vault, row.agency_id, row.documents)
    if wanted != set(standing):
        row.document_digests = [
            standing.get(each) or SubjectDocument(digest=each) for each in sorted(wanted)
        ]
