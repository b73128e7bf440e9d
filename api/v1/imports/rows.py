"""The check of an import's row: the same as of a new subject that comes alone.

It needs no web framework: `siaga import` checks its rows by it, too.
"""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

from pydantic import ValidationError

from api.field_errors import name_of, sentence_of
from api.v1.subjects.schemas import SubjectIn
from casework.imports.descriptions import understood
from casework.imports.raw_rows import INVALID, Fault
from casework.imports.store import CheckedRow
from casework.kernel.messages import Message

# Pydantic's words for what deserves a code of its own.
_CODES: Final = {"missing": "field_missing", "extra_forbidden": "field_unknown"}
_LONGEST_FIELD: Final = 200


def check_row(
    fields: Mapping[str, Any], watchlist_id: str, zone: tzinfo
) -> CheckedRow | Sequence[Fault]:
    """Check a row's fields as those of `POST /v1/subjects`; a reference is required too.

    What only describes the person is brought into its form first, with a warning.

    Args:
        fields: as the file has them.
        watchlist_id: the list that the file is for.
        zone: whose days are meant.
    """
    if "watchlist_ids" in fields:
        return [Fault("watchlist_ids", "field_unknown", Message("row_names_watchlist"))]
    taken, warnings = understood(fields, zone)
    try:
        body = SubjectIn.model_validate({**taken, "watchlist_ids": [watchlist_id]})
    except ValidationError as error:
        return [
            Fault(
                name_of(each)[:_LONGEST_FIELD],
                _CODES.get(each["type"], INVALID),
                sentence_of(each),
            )
            for each in error.errors(include_url=False, include_input=False)
        ]
    if body.reference is None:
        return [Fault("reference", "field_missing", Message("row_lacks_reference"))]
    given = frozenset(body.model_fields_set - {"watchlist_ids"})
    return CheckedRow(body.new(zone), given, warnings)
