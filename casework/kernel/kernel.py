"""What every use case works with: one database and what belongs to it."""

from dataclasses import dataclass

from casework.kernel.audit.log import Audit
from casework.kernel.clock import Clock
from casework.kernel.database import Database
from casework.kernel.outbox import Outbox
from casework.kernel.vault import Vault


@dataclass(frozen=True, slots=True)
class Kernel:
    """Database, encryption, audit trail, outbox and clock of one installation.

    It is the first argument of every use case, which keeps the parts that it uses.
    """

    database: Database
    vault: Vault
    audit: Audit
    outbox: Outbox
    clock: Clock
    practice: bool = False
    """Whether people practise on it: see `casework.kernel.installation`."""
