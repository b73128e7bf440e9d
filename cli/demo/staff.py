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
from casework.accounts.totp import code_at
from casework.kernel.actor import Actor
from casework.kernel.clock import utc_now
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
AUDITOR: Final = Account("tuti", "Tuti Rahayu", "IMI", (Role.AUDITOR, Role.COORDINATOR))

# At the operating agency, nobody makes alone who reads what is others'.
AT_THE_MACHINE: Final = (ADMIN, AUDITOR)

ACCOUNTS: Final = (
    ADMIN,
    Account("dewi", "Dewi Anggraini", "IMI", (Role.ANALYST,)),
    Account("rina", "Rina Hartati", "IMI", (Role.OFFICER,)),
    Account("budi", "Budi Santoso", "IMI", (Role.OFFICER,)),
    Account("wayan", "Wayan Sudarma", "IMI", (Role.SUPERVISOR,)),
    AUDITOR,
    Account("ratna", "Ratna Puspita", "POL", (Role.ADMIN,)),
    Account("joko", "Joko Prasetyo", "POL", (Role.ANALYST, Role.OFFICER)),
    Account("agus", "Agus Salim", "POL", (Role.SUPERVISOR,)),
)


_AREAS: Final = "code,name\n36.79,Kota Contoh\n36.79.01,Contoh Barat\n36.79.02,Contoh Timur\n"


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
    factors: Mapping[str, str]
    """Keys of the second factors, for an authenticator app, by login."""


def begin(settings: Settings) -> dict[str, str]:
    """Make the first agency with its first accounts, as the operator at the machine does.

    Returns:
        Their first passwords, by login.
    """
    operator = Actor.operator()
    with open_records(settings) as records:
        agency = records.accounts.agencies.create(operator, AGENCIES[0])
        firsts = {}
        for account in AT_THE_MACHINE:
            new = NewOfficer(agency.id, account.login, account.name, frozenset(account.roles))
            _, first = records.accounts.officers.create(operator, new)
            assert first is not None  # noqa: S101 - no identity provider: there is one
            firsts[account.login] = first
    return firsts


def staff(address: str, firsts: Mapping[str, str]) -> Office:
    """Let the administrators make everything else over HTTP, and everybody sign in.

    Args:
        address: of the service.
        firsts: first passwords of those who have an account already, by login.
    """
    password = first_password()
    sessions, factors = {}, {}
    for account in AT_THE_MACHINE:
        token, key = _sign_in(address, account, firsts[account.login], password)
        sessions[account.login], factors[account.login] = token, key
    with connected(address, sessions) as desks:
        admin = desks[ADMIN.login]
        for agency in AGENCIES[1:]:
            checked(admin.post("/v1/agencies", json={"code": agency.code, "name": agency.name}))
        listed = checked(admin.get("/v1/agencies"))["items"]
        agencies = {agency["code"]: agency["id"] for agency in listed}
        _place(admin, desks[AUDITOR.login], agencies)
        for account in ACCOUNTS:
            if account in AT_THE_MACHINE:
                continue
            # The operating agency makes another's first administrator, who makes all others there.
            keeper = ADMIN if Role.ADMIN in account.roles else _keeper_of(account.agency)
            body = {
                "agency_id": agencies[account.agency],
                "login": account.login,
                "name": account.name,
                "roles": account.roles,
            }
            with _as(address, sessions[keeper.login]) as desk:
                first = checked(desk.post("/v1/officers", json=body))["first_password"]
            token, key = _sign_in(address, account, first, password)
            sessions[account.login], factors[account.login] = token, key
        keys = {
            port: checked(
                admin.post(
                    "/v1/keys",
                    json={"name": f"Gates of {port}", "scopes": ["screen"], "ports": [port]},
                )
            )["key"]
            for port in PORTS
        }
    return Office(agencies, keys, sessions, password, factors)


@contextmanager
def connected(address: str, bearers: Mapping[str, str]) -> Iterator[dict[str, httpx2.Client]]:
    """Give a client for each of these sessions or keys, by the same names."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(_as(address, bearer)) for name, bearer in bearers.items()}


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


def _place(admin: httpx2.Client, coordinator: httpx2.Client, agencies: Mapping[str, str]) -> None:
    """Import a made-up regency with its districts, and put an office and a team there."""
    checked(admin.post("/v1/areas", files={"file": ("areas.csv", _AREAS.encode())}))
    checked(admin.post("/v1/offices", json={"name": "Kantor Imigrasi Contoh", "area": "36.79"}))
    team = {"name": "Tim PORA Kota Contoh", "area": "36.79", "agency_ids": [agencies["POL"]]}
    checked(coordinator.post("/v1/teams", json=team))


def _keeper_of(agency: str) -> Account:
    """Return the administrator of an agency."""
    return next(each for each in ACCOUNTS if each.agency == agency and Role.ADMIN in each.roles)


def _as(address: str, bearer: str) -> httpx2.Client:
    """Return a client that shows a session or a key."""
    headers = {"Authorization": f"Bearer {bearer}"}
    return httpx2.Client(base_url=address, headers=headers, timeout=60)


def _sign_in(address: str, account: Account, first: str, password: str) -> tuple[str, str]:
    """Sign in for the first time, which takes a new password and a second factor.

    Returns:
        The session, and the second factor's key.
    """
    with httpx2.Client(base_url=address, timeout=60) as client:
        credentials = {"login": account.login, "password": first}
        token: str = checked(client.post("/v1/sessions", json=credentials))["token"]
        change = {"present": first, "new": password}
        headers = {"Authorization": f"Bearer {token}"}
        checked(client.post("/v1/me/password", json=change, headers=headers))
        offer = client.post("/v1/me/second-factor", json={"password": password}, headers=headers)
        key: str = checked(offer)["secret"]
        code = {"code": code_at(key, utc_now())}
        checked(client.post("/v1/me/second-factor/confirm", json=code, headers=headers))
    return token, key
