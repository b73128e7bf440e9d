"""Commands of the machine's owner, who holds the database and its key, and asks nobody.

What such a command does to an agency's work or people stands in that agency's trail under the name
and reason that were given with it, and its auditors hear of it before it is done.
"""

from collections.abc import Iterable

from sqlalchemy import select

from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.outbox import Event
from casework.kernel.vocabulary import EventKind
from casework.tables import Agency


class OwnerCommands:
    """Lets agencies know of commands that act on what is theirs."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._outbox = kernel.outbox

    def begin(self, actor: Actor, command: str, agencies: Iterable[str] | None = None) -> None:
        """Record a command, and ring at the auditors of those it concerns, before it does anything.

        Args:
            actor: who runs it, with their reason.
            command: such as `officers reset`.
            agencies: their ids; None means every agency in force.
        """
        with self._database.write() as session:
            if agencies is None:
                agencies = session.scalars(select(Agency.id).where(Agency.active)).all()
            for agency_id in agencies:
                entry = AuditEntry(
                    actor, "command.run", agency_id, agency_id, detail={"command": command}
                )
                self._audit.append(session, entry)
                event = Event(EventKind.COMMAND_RUN, agency_id, agency_id)
                self._outbox.append(session, event)
