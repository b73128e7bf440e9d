"""Checking the audit trail in a process of its own: `python -m config.audit_check`.

The service's threads share one interpreter, and a check of the whole trail would take a part of it
for minutes. The child has the least priority. It reads the settings from its standard input, which
say where the database and the data key are; it gets the key from there, as the service did.
"""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from typing import Any, Final

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from casework.kernel.audit.chain import Verdict
from casework.kernel.audit.log import Audit
from casework.kernel.clock import utc_now
from casework.kernel.database import VAULT, Database
from casework.kernel.errors import AuditCheckUnderWay, AuditCheckUnfinished, SetUpError
from casework.kernel.group_commit import GroupCommit
from casework.kernel.key_ring import KeyRing
from casework.kernel.priority import take_least_priority
from casework.kernel.vault import Vault
from config.checkpoints import signers
from config.data_keys import data_keys
from config.settings import Settings

MOST_S: Final = 3600
"""Seconds after which a check is ended."""
_COMMAND: Final = (sys.executable, "-m", "config.audit_check")
_TAIL: Final = "--tail"
_ORPHAN_S: Final = 1.0
_log: Final = logging.getLogger(__name__)


class AuditCheck:
    """Checks the trail in a child process, one check at a time."""

    def __init__(
        self, settings: Settings, most_s: float = MOST_S, command: tuple[str, ...] = _COMMAND
    ) -> None:
        """Start nothing yet.

        Args:
            settings: those of the service.
            most_s: seconds that a check may take.
            command: what is run.
        """
        self._settings = settings
        self._most_s = most_s
        self._command = command
        self._turn = threading.Lock()
        self._ended = threading.Event()
        self._child: subprocess.Popen[str] | None = None

    @property
    def under_way(self) -> bool:
        """Whether a check is at work."""
        return self._child is not None

    def tail(self) -> Verdict:
        """Check what was recorded since the last check; raises like `whole`."""
        return self._checked(_TAIL)

    def whole(self) -> Verdict:
        """Check everything; the caller's thread waits.

        Raises:
            AuditCheckUnderWay: a check has begun and is not done.
            AuditCheckUnfinished: it took too long, or could not be carried out.
        """
        return self._checked()

    def _checked(self, *options: str) -> Verdict:
        if not self._turn.acquire(blocking=False):
            raise AuditCheckUnderWay("audit_check_under_way")
        try:
            return self._run(*options)
        finally:
            self._child = None
            self._turn.release()

    def stop(self) -> None:
        """End the check that is under way, and begin none any more."""
        self._ended.set()
        child = self._child
        if child is not None:
            child.kill()

    def _run(self, *options: str) -> Verdict:
        child = subprocess.Popen(  # noqa: S603 - our own command, nothing from outside
            (*self._command, *options),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C is for the service, which then stops the check.
            start_new_session=True,
        )
        self._child = child
        with child:
            if self._ended.is_set():
                child.kill()
            try:
                answer, _ = child.communicate(self._settings.model_dump_json(), self._most_s)
            except BaseException as error:
                child.kill()
                if isinstance(error, subprocess.TimeoutExpired):
                    minutes = max(1, round(self._most_s / 60))
                    raise AuditCheckUnfinished("audit_check_too_long", minutes=minutes) from error
                raise
        return self._read(answer, child.returncode)

    def _read(self, answer: str, status: int) -> Verdict:
        try:
            parsed = json.loads(answer)
            if "verdict" in parsed:
                return Verdict.from_json(parsed["verdict"])
            reason = parsed["reason"]
        except (ValueError, KeyError, TypeError):
            reason = f"exit status {status}"
        _log.error("the audit trail could not be checked: %s", reason)
        raise AuditCheckUnfinished("audit_check_failed")


class _Given(Settings):
    """The settings of the service, whatever the environment and the file say by now."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is given, and nothing else."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def checked(settings: Settings, *, tail: bool = False) -> Verdict:
    """Check the trail of a service that is at work; nothing is brought up to date.

    Args:
        settings: those of the service.
        tail: whether it will do to check what was recorded since the last check.

    Raises:
        SetUpError: the data key or the checkpoints' keys cannot be read.
    """
    database = Database(settings.resolved_database_url)
    try:
        vault = Vault(KeyRing.open(database, data_keys(settings), utc_now))
        database.info[VAULT] = vault
        audit = Audit(database, vault, GroupCommit(database), utc_now, signers(settings))
        return audit.verify(tail=tail)
    finally:
        database.close()


def _main() -> None:
    """Check the trail of the settings on standard input; the answer is a line of JSON."""
    take_least_priority()
    threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()
    answer: dict[str, Any]
    try:
        verdict = checked(_Given(**json.load(sys.stdin)), tail=_TAIL in sys.argv)
        answer = {"verdict": verdict.as_json()}
    except SetUpError as error:
        answer = {"reason": str(error)}
    sys.stdout.write(json.dumps(answer))


def _end_with(parent: int) -> None:
    """End this process once the service that asked is gone."""
    while os.getppid() == parent:
        time.sleep(_ORPHAN_S)
    os._exit(1)


if __name__ == "__main__":
    _main()
