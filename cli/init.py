"""`siaga init`: a whole installation, in one command."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError
from rich.table import Column, Table

from casework.accounts.api_keys import NewKey
from casework.accounts.officers import NewOfficer
from casework.kernel.actor import Actor
from casework.kernel.installation import PRACTICE_MARK
from casework.kernel.ports import malformed
from casework.kernel.vocabulary import Role, Scope
from casework.records import Records
from cli.agencies import agency_code, agency_name
from cli.danger import Yes
from cli.officers import known_language, officer_login
from cli.options import AsJson
from cli.output import add_row, err, out, print_json
from config import CONFIG_VARIABLE
from config.records import open_records
from config.settings import DEFAULT_CONFIG, LOOPBACK_NAMES, Settings

_WHY: Final = "first set-up"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who gets an account."""

    login: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Made:
    """What has been made, with what cannot be shown again."""

    agency_id: str
    accounts: Sequence[tuple[Person, str]]
    """Each with its first password."""
    key: str | None
    """The port's."""


def _port(text: str | None) -> str | None:
    if text is None or not text.strip():
        return None
    port = text.strip().upper()
    if malformed([port]):
        raise typer.BadParameter("an airport's three letters (CGK), or a UN/LOCODE (IDBTM)")
    return port


def _people(texts: list[str] | None) -> list[str]:
    for text in texts or ():
        _split(text)
    return texts or []


def _split(text: str) -> tuple[str, str]:
    """Return login and name of `LOGIN=NAME`; raises BadParameter."""
    login, given, name = text.partition("=")
    if not given or not name.strip():
        raise typer.BadParameter(f"{text}: write LOGIN=NAME, such as rina='Rina Hartati'")
    return str(officer_login(login)), name.strip()


def _account(role: str) -> Any:  # noqa: ANN401 - an option, as typer describes it
    return typer.Option(
        metavar="LOGIN=NAME", callback=_people, help=f"{role}'s account; repeat for several."
    )


def init(
    code: Annotated[
        str | None,
        typer.Option(help="The agency's code, short and spoken: IMI.", callback=agency_code),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The agency's full name.", callback=agency_name)
    ] = None,
    admin: Annotated[
        str | None, typer.Option(metavar="LOGIN=NAME", help="The first administrator's account.")
    ] = None,
    officer: Annotated[list[str] | None, _account("An officer")] = None,
    supervisor: Annotated[list[str] | None, _account("A supervisor")] = None,
    analyst: Annotated[list[str] | None, _account("An analyst")] = None,
    port: Annotated[
        str | None,
        typer.Option(help="The first port, such as CGK: a key is made for it.", callback=_port),
    ] = None,
    public_url: Annotated[
        str | None,
        typer.Option(help="https address at which officers' browsers reach the service."),
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Time zone of the place: Asia/Jakarta unless given.")
    ] = None,
    language: Annotated[str, typer.Option(help="Of the accounts: id or en.")] = "id",
    practice: Annotated[
        bool,
        typer.Option("--practice", help="To practise on: marked everywhere, never to become real."),
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make an installation: agency, accounts, a port's key, settings, data folder and data key.

    What is not given is asked for on a terminal, unless `--yes` is there. It works once. The
    founding period begins: within seven days the administrator makes a second administrator.
    """
    language = known_language(language)
    # As the settings say it, so that whatever opens the database from now on agrees.
    practice = practice or Settings().practice
    _refuse_another(practice)
    asks = sys.stdin.isatty() and not yes
    code = code or _required(asks, "--code", "Code of the agency (such as IMI)", agency_code)
    name = name or _required(asks, "--name", "Its full name", agency_name)
    administrator = Person(*_split(admin), Role.ADMIN) if admin else _asked_admin(asks)
    people = [administrator]
    for role, texts in (
        (Role.OFFICER, officer),
        (Role.SUPERVISOR, supervisor),
        (Role.ANALYST, analyst),
    ):
        given = [Person(*_split(text), role) for text in texts or ()]
        people += given or (_asked(role) if asks else ())
    if port is None and asks:
        port = _answer("First port, such as CGK (empty: none)", _port, optional=True)
    merged = _one_account_each(people)
    # First, for it may fail: what is made after it cannot be shown again.
    path = _write(_settings_text(public_url, time_zone, practice))
    try:
        made = _make(str(code), str(name), merged, port, language)
    except BaseException:
        if path is not None:
            path.unlink()
        raise
    if as_json:
        print_json(_plain(made))
    else:
        _tell(made, port, path)


def _refuse_another(practice: bool) -> None:
    """Refuse at once, before anything is asked, where an installation is."""
    with open_records(Settings().model_copy(update={"practice": practice})) as records:
        records.accounts.agencies.require_none()


def _answer(
    question: str, checked: Callable[[str], str | None], *, optional: bool = False
) -> str | None:
    """Ask on the terminal until the answer can be; None where nothing is answered."""
    default = "" if optional else None
    answer: str | None = typer.prompt(
        question, default=default, show_default=False, value_proc=checked, err=True
    )
    return answer


def _required(asks: bool, option: str, question: str, checked: Callable[[str], str | None]) -> str:
    if not asks:
        raise typer.BadParameter(f"{option} is missing, and nobody can be asked here")
    return str(_answer(question, checked))


def _asked_admin(asks: bool) -> Person:
    login = _required(asks, "--admin", "The administrator's login", officer_login)
    name = _required(asks, "--admin", "The administrator's name", agency_name)
    return Person(login, name, Role.ADMIN)


def _asked(role: Role) -> Iterator[Person]:
    question = f"Login of the first {role.value} (empty: none)"
    login = _answer(question, lambda text: officer_login(text) if text else None, optional=True)
    if login:
        yield Person(login, str(_answer("Name", agency_name)), role)


def _one_account_each(people: Sequence[Person]) -> list[Person]:
    logins = [each.login for each in people]
    for login in logins:
        if logins.count(login) > 1:
            raise typer.BadParameter(f"the login {login} is there twice")
    return list(people)


def _make(code: str, name: str, people: Sequence[Person], port: str | None, language: str) -> Made:
    operator = Actor.operator(people[0].name, _WHY)
    with open_records(Settings()) as records:
        agency = records.accounts.agencies.begin(operator, code, name)
        accounts = [(each, _hire(records, operator, agency.id, each, language)) for each in people]
        key = None
        if port is not None:
            new = NewKey(port, frozenset({Scope.SCREEN}), frozenset({port}))
            _, key = records.accounts.keys.create(operator, new)
    return Made(agency.id, accounts, key)


def _hire(records: Records, operator: Actor, agency_id: str, person: Person, language: str) -> str:
    roles = frozenset({person.role})
    new = NewOfficer(agency_id, person.login, person.name, roles, language)
    _, first = records.accounts.officers.create(operator, new)
    assert first is not None  # noqa: S101 - no identity provider is named: there is one
    return first


def _settings_text(public_url: str | None, time_zone: str | None, practice: bool) -> str:
    """Return the settings file: what differs from the defaults, and why.

    Raises:
        BadParameter: a setting cannot be.
    """
    given: dict[str, Any] = {"public_url": public_url, "display_time_zone": time_zone}
    if practice and not Settings().practice:
        given["practice"] = True
    given = {key: value for key, value in given.items() if value is not None}
    if given and _settings_path().exists():
        raise typer.BadParameter(
            f"{_settings_path()} is there already: write {', '.join(given)} there"
        )
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        raise typer.BadParameter(error.errors()[0]["msg"]) from None
    lines = [
        "# Settings of this installation, as `siaga init` made them: what differs from the",
        "# defaults. docs/settings.md explains each; SIAGA_* variables go before this file.",
        "",
        "# Database and data key. Keep a copy of the key elsewhere: nothing opens without it.",
        f"data_dir = {_toml(str(settings.data_dir.resolve()))}",
    ]
    if practice:
        lines += ["", "# To practise on: nothing in it is real. Its database never opens without."]
        lines += ["practice = true"]
    if public_url is not None:
        lines += ["", "# Where officers' browsers reach the service, over TLS."]
        lines += [f"public_url = {_toml(public_url)}"]
    elif settings.host in LOOPBACK_NAMES:
        lines += ["", "# The console is used on this machine, without TLS. Take this line out"]
        lines += ["# where officers reach it over the network, and set public_url."]
        lines += ["cookie_secure = false"]
    if settings.display_time_zone != Settings.model_fields["display_time_zone"].default:
        lines += ["", "# The clocks of the place."]
        lines += [f"display_time_zone = {_toml(settings.display_time_zone)}"]
    return "\n".join(lines) + "\n"


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _write(text: str) -> Path | None:
    """Write the settings file, unless there is one; returns its path if it was written.

    Raises:
        BadParameter: it cannot be written.
    """
    path = _settings_path()
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return None
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be written: {error.strerror}") from None
    return path


def _settings_path() -> Path:
    return Path(os.environ.get(CONFIG_VARIABLE, DEFAULT_CONFIG))


def _plain(made: Made) -> dict[str, Any]:
    return {
        "agency_id": made.agency_id,
        "practice": Settings().practice,
        "accounts": [
            {"login": each.login, "role": each.role, "first_password": first}
            for each, first in made.accounts
        ],
        "key": made.key,
    }


def _tell(made: Made, port: str | None, path: Path | None) -> None:
    settings = Settings()
    address = settings.public_url or f"http://{settings.host}:{settings.port}"
    table = Table(
        # In a narrow terminal nothing may be cut off that is shown once.
        Column("login", overflow="fold"),
        "name",
        "role",
        Column("first password", no_wrap=True),
    )
    for each, first in made.accounts:
        add_row(table, each.login, each.name, each.role, first)
    if settings.practice:
        err.print(f"{PRACTICE_MARK}: this installation is to practise on, and never becomes real.")
    err.print("The installation is made. What follows is shown once: keep it safe.\n")
    out.print(table)
    if made.key is not None:
        err.print(f"\nThe key of {port}'s port system:")
        out.print(made.key, soft_wrap=True)
    kept = f"in {path}" if path is not None else "as they were: the settings file was there already"
    err.print(f"\nSettings are {kept}; data and data key in {settings.data_dir.resolve()}.")
    err.print("\nNext:")
    err.print("- a list and its people: siaga enrol PEOPLE --watchlist NAME --as YOU --reason WHY")
    err.print("- the service: siaga serve")
    err.print(f"- a browser: {address}/, and a login with its first password", soft_wrap=True)
    err.print("Make a second administrator and an auditor within seven days (docs/access.md).")
