"""`siaga officers`: accounts of the people who work with the service."""

import re
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from api.v1.officers.schemas import LOGIN_PATTERN, SERVICE_NUMBER_PATTERN, OfficerOut
from casework.accounts.officers import NewOfficer
from casework.kernel.actor import Actor
from casework.kernel.vocabulary import Role
from casework.tables import Officer
from cli.danger import Yes, confirm
from cli.options import As, AsJson, Why, machine_owner, owner_of
from cli.output import add_row, err, out, print_json
from config.records import open_installation
from config.settings import Settings

app = typer.Typer(
    help="Create, list, change, unlock and reset officers' accounts.", no_args_is_help=True
)


def officer_login(text: str | None) -> str | None:
    """Return a login as it is kept; raises BadParameter."""
    if text is None:
        return None
    login = text.strip().lower()
    if not re.fullmatch(LOGIN_PATTERN, login):
        raise typer.BadParameter("2 to 100 letters, digits, or any of . _ @ -")
    return login


def service_number(text: str | None) -> str | None:
    """Return a service number as it is kept; raises BadParameter."""
    if text is None:
        return None
    number = "".join(text.split())
    if number and not re.fullmatch(SERVICE_NUMBER_PATTERN, number):
        raise typer.BadParameter("up to 30 letters, digits, or any of . / -")
    return number


Number = Annotated[
    str | None,
    typer.Option(
        "--service-number", help="Such as an NIP or NRP; '' for none.", callback=service_number
    ),
]
Login = Annotated[
    str, typer.Argument(help="What the officer types to sign in.", callback=officer_login)
]
Language = Annotated[str | None, typer.Option(help="Of the console: id or en.")]


@app.command()
def create(
    login: Login,
    name: Annotated[str, typer.Argument(help="The officer's name.")],
    role: Annotated[list[Role], typer.Option(help="What the officer is; repeat for several.")],
    agency: Annotated[
        str | None, typer.Option(help="Code of the agency; not needed where there is only one.")
    ] = None,
    number: Number = None,
    language: Language = "id",
    owner: As = None,
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Make an account and print its first password, once. It has to be changed at first sign-in."""
    operator, language = machine_owner(owner, reason), known_language(language)
    with open_installation(Settings()) as records:
        employer = owner_of(records, agency)
        records.approvals.commands.begin(operator, "officers create", [employer.id])
        called, roles = name.strip() or login, frozenset(role)
        new = NewOfficer(employer.id, login, called, roles, language, service_number=number or None)
        row, password = records.accounts.officers.create(operator, new)
    if as_json:
        print_json({**_plain(row, None), "first_password": password})
        return
    err.print(f"Account {login} in {employer.code}. The first password cannot be shown again:")
    out.print(password)


@app.command("list")
def list_officers(as_json: AsJson = False) -> None:
    """Show every account."""
    operator = Actor.operator()
    with open_installation(Settings()) as records:
        codes = {row.id: row.code for row in records.accounts.agencies.page(operator, None, None)}
        found = records.accounts.officers.page(operator, None, None)
        locks = records.accounts.officers.locks(found)
    if as_json:
        print_json([_plain(row, locks.get(row.id)) for row in found])
        return
    table = Table("agency", "login", "name", "number", "roles", "active", "factor", "last sign-in")
    for row in found:
        add_row(
            table,
            codes[row.agency_id],
            row.login,
            row.name,
            row.service_number or "",
            " ".join(row.roles),
            "yes" if row.active else "no",
            "yes" if row.totp_confirmed else "no",
            f"{row.signed_in_at:%Y-%m-%d %H:%M}" if row.signed_in_at else "never",
        )
    out.print(table)


@app.command()
def edit(
    login: Login,
    name: Annotated[str | None, typer.Option(help="The officer's new name.")] = None,
    number: Number = None,
    role: Annotated[
        list[Role] | None, typer.Option(help="What the officer is from now on; repeat for several.")
    ] = None,
    language: Language = None,
    active: Annotated[
        bool | None,
        typer.Option("--active/--inactive", help="Inactive: out at once, on every device."),
    ] = None,
    yes: Yes = False,
    owner: As = None,
    reason: Why = None,
) -> None:
    """Change an account, or switch it off or on; switching it off asks first."""
    given: dict[str, Any] = {
        "name": (name or "").strip() or None,
        "roles": list(role) if role else None,
        "language": known_language(language) if language else None,
        "active": active,
    }
    changes = {field: value for field, value in given.items() if value is not None}
    if number is not None:
        changes["service_number"] = number or None
    if not changes:
        raise typer.BadParameter(
            "say what to change: --name, --service-number, --role, --language or --inactive"
        )
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        officers = records.accounts.officers
        row = officers.by_login(operator, login)
        if row.active and active is False:
            found = officers.consequences(operator, row.id)
            says = [
                f"Sign-ins that end at once: {found.sessions}.",
                f"Alerts that the officer has taken and not closed: {found.taken_alerts}.",
                f"Open requests that the officer made, which lapse: {found.open_requests}.",
            ]
            confirm(f"Switch off the account of {row.name} ({row.login})?", says, yes=yes)
        records.approvals.commands.begin(operator, "officers edit", [row.agency_id])
        officers.edit(operator, row.id, changes, None, operator.reason)
    err.print(f"Account {login} is changed.")


@app.command()
def reset(
    login: Login,
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="Take the second factor away too.")
    ] = False,
    yes: Yes = False,
    owner: As = None,
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Unlock an account, end its sessions, and print a new first password, once."""
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        row = records.accounts.officers.by_login(operator, login)
        says = ["The password until now is refused, and every session of the account ends."]
        if second_factor and row.totp_confirmed:
            says.append("The second factor is taken away.")
        confirm(f"Give {row.name} ({row.login}) a new first password?", says, yes=yes)
        records.approvals.commands.begin(operator, "officers reset", [row.agency_id])
        password = records.accounts.officers.reset(
            operator, row.id, second_factor=second_factor, reason=operator.reason
        )
    if as_json:
        print_json({"id": row.id, "login": login, "first_password": password})
        return
    err.print(f"Account {login} is reset. The first password cannot be shown again:")
    out.print(password)


@app.command()
def unlock(login: Login, owner: As = None, reason: Why = None) -> None:
    """End the lock of an account after too many wrong guesses; its password stays."""
    operator = machine_owner(owner, reason)
    with open_installation(Settings()) as records:
        row = records.accounts.officers.by_login(operator, login)
        records.approvals.commands.begin(operator, "officers unlock", [row.agency_id])
        records.accounts.officers.unlock(operator, row.id)
    err.print(f"Account {login} is unlocked.")


def known_language(language: str | None) -> str:
    """Return a language of the console as typed; raises BadParameter."""
    if language not in ("id", "en"):
        raise typer.BadParameter("id or en", param_hint="--language")
    return language


def _plain(row: Officer, locked_until: datetime | None) -> dict[str, Any]:
    return OfficerOut.of(row, locked_until).model_dump(mode="json")
