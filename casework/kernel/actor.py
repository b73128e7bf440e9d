"""Who acts: an officer, a system with a key, or the operator at the machine."""

import getpass
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from casework.kernel.messages import Message
from casework.kernel.vocabulary import Role, Scope
from casework.tables import Officer


class ActorKind(StrEnum):
    """How an actor came in."""

    OFFICER = "officer"
    SYSTEM = "system"
    OPERATOR = "operator"
    """Somebody with a shell on the machine: they hold the database and its key anyway."""
    SERVICE = "service"
    """The service itself, on its schedule."""
    PUBLIC = "public"
    """Anybody, by the form for the public: like a key that records tips."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts; `casework.kernel.permissions` says what they may do."""

    kind: ActorKind
    id: str
    name: str
    """What a person calls them; never the login, which is half of what opens an account."""
    agency_id: str | None = None
    roles: frozenset[Role] = frozenset()
    ports: frozenset[str] | None = None
    """Ports a system may speak for; None means all."""
    runs_installation: bool = False
    """Whether the agency is the one that operates the installation for all others."""
    session_id: str | None = None
    scopes: frozenset[Scope] | None = None
    """What a system's key may do; None for everybody else, whose roles count."""
    incomplete: Message | None = None
    """What must be set before this officer may do anything else."""
    request_id: str | None = field(default=None, compare=False)
    service_number: str | None = None
    """Of an officer, such as an NIP."""
    reason: str | None = field(default=None, compare=False)
    """Why the machine's owner runs a command; it stands in every record of what it does."""

    def asking(self, request_id: str | None) -> Self:
        """Return the same actor, on one request."""
        return replace(self, request_id=request_id)

    def has_any(self, roles: Iterable[Role]) -> bool:
        """Whether the actor holds one of the roles."""
        return not self.roles.isdisjoint(roles)

    @classmethod
    def of_officer(cls, officer: Officer) -> Self:
        """Return an officer as somebody who acts, without the roles that a session gives."""
        return cls(
            ActorKind.OFFICER,
            officer.id,
            officer.name,
            officer.agency_id,
            service_number=officer.service_number,
        )

    @classmethod
    def operator(cls, name: str | None = None, reason: str | None = None) -> Self:
        """Return the person who runs a command on this machine.

        Args:
            name: who that is; unset where it touches no agency's work, and means the system's
                account. The account's name is part of the id either way.
            reason: why they act.
        """
        try:
            account = getpass.getuser()
        except (KeyError, OSError):
            account = "unnamed"  # a container may run under a number that no account has
        return cls(ActorKind.OPERATOR, f"operator/{account}", name or account, reason=reason)

    @classmethod
    def public(cls, agency_id: str) -> Self:
        """Return the public, which reports to an agency and does nothing else."""
        scopes = frozenset({Scope.TIPS})
        return cls(ActorKind.PUBLIC, "public", "public", agency_id, scopes=scopes)

    @classmethod
    def service(cls) -> Self:
        """Return the service itself."""
        return cls(ActorKind.SERVICE, "service", "service")
