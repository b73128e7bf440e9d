"""Officers of two agencies, and the port systems, each with a way in over HTTP."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import typer
from siaga_client import Client

from casework.accounts.agencies import NewAgency
from casework.accounts.officers import NewOfficer
from casework.accounts.passwords import first_password
from casework.kernel.actor import Actor
from casework.kernel.vocabulary import AgencyKind, Role
from cli.output import Exit, err
from config.records import open_records
from config.settings import Settings

PORTS: Final = ("CGK", "IDBTM")
"""Soekarno-Hatta airport, and the ferries of Batam."""

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


ADMIN: Final = Account("hadi", "Hadi Wijaya", "IMI", (Role.ADMIN,))

ACCOUNTS: Final = (
    ADMIN,
    Account("dewi", "Dewi Anggraini", "IMI", (Role.ANALYST,)),
    Account("rina", "Rina Hartati", "IMI", (Role.OFFICER,)),
    Account("budi", "Budi Santoso", "IMI", (Role.OFFICER,)),
    Account("wayan", "Wayan Sudarma", "IMI", (Role.SUPERVISOR,)),
    Account("tuti", "Tuti Rahayu", "IMI", (Role.AUDITOR, Role.COORDINATOR)),
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
    sessions: Mapping[str, str]
    """By login."""
    password: str
    """Every account's."""


def begin(settings: Settings) -> str:
    """Make the first agency and its administrator, as the operator at the machine does.

    Returns:
        The administrator's first password.
    """
    operator = Actor.operator()
    with open_records(settings) as records:
        agency = records.accounts.agencies.create(operator, AGENCIES[0])
        new = NewOfficer(agency.id, ADMIN.login, ADMIN.name, frozenset(ADMIN.roles))
        _, first = records.accounts.officers.create(operator, new)
    assert first is not None  # noqa: S101 - no identity provider: there is a first password
    return first


def staff(address: str, first: str) -> Office:
    """Let the administrator make everything else over HTTP, and everybody sign in.

    Args:
        address: of the service.
        first: the administrator's first password.
    """
    password = first_password()
    sessions = {ADMIN.login: _sign_in(address, ADMIN, first, password)}
    with connected(address, sessions) as desks:
        admin = desks[ADMIN.login]
        for agency in AGENCIES[1:]:
            checked(admin.post("/v1/agencies", json={"code": agency.code, "name": agency.name}))
        listed = checked(admin.get("/v1/agencies"))["items"]
        agencies = {agency["code"]: agency["id"] for agency in listed}
        for account in ACCOUNTS:
            if account is ADMIN:
                continue
            made = checked(
                admin.post(
                    "/v1/officers",
                    json={
                        "agency_id": agencies[account.agency],
                        "login": account.login,
                        "name": account.name,
                        "roles": account.roles,
                    },
                )
            )
            sessions[account.login] = _sign_in(address, account, made["first_password"], password)
        keys = {
            port: checked(
                admin.post(
                    "/v1/keys",
                    json={"name": f"Gates of {port}", "scopes": ["screen"], "ports": [port]},
                )
            )["key"]
            for port in PORTS
        }
    return Office(agencies, keys, sessions, password)


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


@contextmanager
def systems(address: str, keys: Mapping[str, str]) -> Iterator[dict[str, Client]]:
    """Give a port system's client for each of these keys, by the same names."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(Client(address, key)) for name, key in keys.items()}


def checked(response: httpx2.Response) -> dict[str, Any]:
    """Return the answer's JSON; stop the demo with the problem's own words if it is an error."""
    answer: dict[str, Any] = response.json() if response.content else {}
    if response.is_error:
        err.print(f"[red]{response.status_code}[/] {answer}")
        raise typer.Exit(Exit.REFUSED)
    return answer


def _sign_in(address: str, account: Account, first: str, password: str) -> str:
    """Sign in for the first time, which takes a new password; returns the session."""
    with httpx2.Client(base_url=address, timeout=60) as client:
        credentials = {"login": account.login, "password": first}
        token: str = checked(client.post("/v1/sessions", json=credentials))["token"]
        change = {"present": first, "new": password}
        headers = {"Authorization": f"Bearer {token}"}
        checked(client.post("/v1/me/password", json=change, headers=headers))
    return token
