"""The audit trail, checked: whole as it is, and broken once a single byte is changed."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from casework.kernel.audit.chain import Verdict
from config.records import open_records
from config.settings import Settings

# Somebody wants an arrival to have happened at another port. Only the trail's details have it so.
_WRITTEN: Final = b'"port":"CGK"'
_FORGED: Final = b'"port":"CGX"'

FORGERY: Final = "a port's CGK to CGX"


@dataclass(frozen=True, slots=True)
class AuditCheck:
    """What `siaga audit verify` finds."""

    as_it_is: Verdict
    forged: Verdict

    @property
    def as_expected(self) -> bool:
        """Whether the trail is whole, and the change was found."""
        return self.as_it_is.whole and not self.forged.whole


def check_audit(settings: Settings) -> AuditCheck:
    """Verify the trail of a SQLite database, then that of a copy with one byte changed."""
    with TemporaryDirectory(prefix="siaga-forged-") as folder:
        copy = _copy_of(settings, Path(folder))
        content = (copy.data_dir / "siaga.db").read_bytes()
        (copy.data_dir / "siaga.db").write_bytes(content.replace(_WRITTEN, _FORGED, 1))
        return AuditCheck(_verdict(settings), _verdict(copy))


def _copy_of(settings: Settings, folder: Path) -> Settings:
    with (
        closing(sqlite3.connect(settings.data_dir / "siaga.db")) as source,
        closing(sqlite3.connect(folder / "siaga.db")) as target,
    ):
        source.backup(target)
    key = settings.resolved_data_key_file
    return settings.model_copy(
        update={
            "data_dir": folder,
            "database_url": f"sqlite:///{folder / 'siaga.db'}",
            "data_key_file": key,
        }
    )


def _verdict(settings: Settings) -> Verdict:
    with open_records(settings) as records:
        return records.kernel.audit.verify()
