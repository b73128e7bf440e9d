"""Options that several commands share."""

from typing import Annotated

import typer

from casework.kernel.actor import Actor
from casework.records import Records
from casework.tables import Agency

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing unless something fails.")]


def owner_of(records: Records, code: str | None) -> Agency:
    """Return the agency that `--agency` names; without it, the only one there is.

    Raises:
        NotFound: there is none of that code, or there are several.
    """
    if code is not None:
        return records.accounts.agencies.by_code(code)
    return records.accounts.agencies.only(Actor.operator())
