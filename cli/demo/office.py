"""Officers of two agencies, and the port systems, each with a way in over HTTP."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import typer

from api.settings import Settings
from casework.access.actors import Actor
from casework.access.agencies import NewAgency
from casework.access.gate import Credentials
from casework.access.keys import NewKey
from casework.access.officers import NewOfficer
from casework.access.passwords import first_password
from casework.service import Records
from casework.vocabulary import AgencyKind, Role, Scope, SessionKind
from cli import opened
from cli.output import Exit, err

PORTS: Final = {"CGK": "Soekarno-Hatta airport", "IDBTM": "Batam ferry terminal"}

AGENCIES: Final = (
    NewAgency("IMI", "Immigration", AgencyKind.OPERATOR),
    NewAgency("POL", "Police"),
)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who works with the service."""

    login: str
    name: str
    agency: str
    """Code."""
    roles: tuple[Role, ...]


ACCOUNTS: Final = (
    Account("dewi", "Dewi Anggraini", "IMI", (Role.ANALYST,)),
    Account("rina", "Rina Hartati", "IMI", (Role.OFFICER,)),
    Account("budi", "Budi Santoso", "IMI", (Role.OFFICER,)),
    Account("wayan", "Wayan Sudarma", "IMI", (Role.SUPERVISOR,)),
    Account("tuti", "Tuti Rahayu", "IMI", (Role.AUDITOR, Role.COORDINATOR)),
    Account("hadi", "Hadi Wijaya", "IMI", (Role.ADMIN,)),
    Account("joko", "Joko Prasetyo", "POL", (Role.ANALYST, Role.OFFICER)),
    Account("agus", "Agus Salim", "POL", (Role.SUPERVISOR,)),
)


@dataclass(frozen=True, slots=True)
class Office:
    """An installation with its people."""

    agencies: Mapping[str, str]
    """Ids by code."""
    port_keys: Mapping[str, str]
    """API keys by port."""
    password: str
    """Every account's."""
    sessions: Mapping[str, str]


def found(settings: Settings) -> Office:
    """Make agencies, accounts and the ports' keys, as the operator at the machine does."""
    operator, password = Actor.operator(), first_password()
    with opened.records(settings) as records:
        agencies = {new.code: records.agencies.create(operator, new).id for new in AGENCIES}
        keys = {}
        for port in PORTS:
            new = NewKey(f"Gates of {port}", frozenset({Scope.SCREEN}), frozenset({port}))
            _, keys[port] = records.keys.create(operator, new)
        sessions = {
            account.login: _open(records, account, agencies[account.agency], password)
            for account in ACCOUNTS
        }
    return Office(agencies, keys, password, sessions)


@contextmanager
def connected(address: str, bearers: Mapping[str, str]) -> Iterator[dict[str, httpx2.Client]]:
    """Give a client for each of these sessions or keys, by the same names."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                httpx2.Client(
                    base_url=address, headers={"Authorization": f"Bearer {text}"}, timeout=60
                )
            )
            for name, text in bearers.items()
        }


def checked(response: httpx2.Response) -> dict[str, Any]:
    """Return the answer's JSON; stop the demo with the problem's own words if it is an error."""
    answer: dict[str, Any] = response.json()
    if response.is_error:
        err.print(f"[red]{response.status_code}[/] {answer}")
        raise typer.Exit(Exit.REFUSED)
    return answer


def _open(records: Records, account: Account, agency_id: str, password: str) -> str:
    new = NewOfficer(agency_id, account.login, account.name, frozenset(account.roles))
    _, first = records.officers.create(Actor.operator(), new)
    assert first is not None  # noqa: S101 - no identity provider: there is a first password
    session = records.sessions.sign_in(Credentials(account.login, first), SessionKind.PROGRAM)
    records.account.change_password(session.actor, first, password)
    return session.text
