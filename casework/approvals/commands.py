"""Commands of the machine's owner, who holds the database and its key, and asks nobody.

What such a command does to an agency's work or people stands in that agency's trail under the name
and reason that were given with it, and its auditors hear of it before it is done.
"""

from collections.abc import Collection

from sqlalchemy import false, select

from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.outbox import Event
from casework.kernel.vocabulary import AgencyKind, EventKind
from casework.tables import Agency


class OwnerCommands:
    """Lets agencies know of commands that act on what is theirs."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._outbox = kernel.outbox

    def begin(
        self, actor: Actor, command: str, agencies: Collection[str | None] | None = None
    ) -> None:
        """Record a command, and ring at the auditors of those it concerns, before it does anything.

        Args:
            actor: who runs it, with their reason.
            command: such as `officers reset`.
            agencies: their ids; None among them stands for what belongs to no agency, as a port's
                key may: the agency that runs the installation. None alone means every agency in
                force.
        """
        with self._database.write() as session:
            concerned = select(Agency.id).where(Agency.active)
            if agencies is not None:
                named = [each for each in agencies if each is not None]
                runs_it = Agency.kind == AgencyKind.OPERATOR if None in agencies else false()
                concerned = select(Agency.id).where(Agency.id.in_(named) | runs_it)
            for agency_id in session.scalars(concerned.order_by(Agency.id)).all():
                entry = AuditEntry(
                    actor, "command.run", agency_id, agency_id, detail={"command": command}
                )
                self._audit.append(session, entry)
                event = Event(EventKind.COMMAND_RUN, agency_id, agency_id)
                self._outbox.append(session, event)
