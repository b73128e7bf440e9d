"""Options that several commands share."""

from typing import Annotated

import typer

from casework.kernel.actor import Actor
from casework.kernel.errors import NotFound
from casework.records import Records
from casework.tables import Agency, Watchlist
from config.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing unless something fails.")]
As = Annotated[
    str | None,
    typer.Option(
        "--as", metavar="NAME", envvar="SIAGA_AS", help="Who you are, for the audit trail."
    ),
]
Why = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why, for the audit trail.")
]

UsePack = Annotated[
    str | None,
    typer.Option("--pack", metavar="PACK", help="A pack other than the one in use."),
]


def with_pack(settings: Settings, pack: str | None) -> Settings:
    """Return the settings, with another pack where `--pack` names one."""
    return settings if pack is None else settings.model_copy(update={"pack": pack})


def machine_owner(name: str | None, reason: str | None) -> Actor:
    """Return who runs a command that acts on an agency's work or people.

    Raises:
        BadParameter: the name or the reason is missing.
    """
    name, reason = (name or "").strip(), (reason or "").strip()
    if not name or not reason:
        raise typer.BadParameter(
            "this acts on an agency's work: say who you are and why, with --as NAME and "
            "--reason TEXT; the agency's auditors read it"
        )
    return Actor.operator(name, reason)


def owner_of(records: Records, code: str | None) -> Agency:
    """Return the agency that `--agency` names; without it, the only one there is.

    Raises:
        NotFound: there is none of that code, or there are several.
    """
    if code is not None:
        return records.accounts.agencies.by_code(code)
    return records.accounts.agencies.only()


def list_of(records: Records, actor: Actor, name: str, holder: Agency) -> Watchlist:
    """Return an agency's watchlist of that name; raises NotFound."""
    row = records.lists.watchlists.named(actor, name, holder.id)
    if row is None:
        raise NotFound("watchlist_name_unknown", name=name, agency=holder.code)
    return row
