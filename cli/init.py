"""`siaga init`: the first set-up, in one command."""

from typing import Annotated

import typer

from casework.accounts.agencies import NewAgency
from casework.accounts.officers import NewOfficer
from casework.kernel.actor import Actor
from casework.kernel.vocabulary import AgencyKind, Role
from cli.agencies import Code, agency_name
from cli.officers import Login
from cli.options import AsJson
from cli.output import Exit, err, out, print_json
from config.records import open_records
from config.settings import Settings


def init(
    code: Code,
    name: Annotated[str, typer.Argument(help="The agency's full name.", callback=agency_name)],
    login: Login,
    person: Annotated[str, typer.Argument(help="The administrator's name.")],
    as_json: AsJson = False,
) -> None:
    """Make the agency that runs the installation and its first administrator; print the password.

    It works once, on an installation that has no agency yet. The founding period begins: within
    seven days the administrator makes the other accounts, a second administrator's among them.
    """
    operator = Actor.operator(person.strip() or login, "first set-up")
    with open_records(Settings()) as records:
        if records.accounts.agencies.page(operator, None, 1):
            err.print("This installation is set up already: see `siaga agencies list`.")
            raise typer.Exit(Exit.REFUSED)
        agency = records.accounts.agencies.create(
            operator, NewAgency(code, name, AgencyKind.OPERATOR)
        )
        new = NewOfficer(agency.id, login, person.strip() or login, frozenset({Role.ADMIN}))
        row, password = records.accounts.officers.create(operator, new)
    if as_json:
        print_json(
            {"agency_id": agency.id, "officer_id": row.id, "login": login}
            | {"first_password": password}
        )
        return
    err.print(f"Agency {code} and its administrator {login} are made. Make a second administrator")
    err.print("within seven days. The first password cannot be shown again:")
    out.print(password)
