"""Changing the data key, and with it every key that opens what was erased before.

Everything goes on meanwhile, in every process. Killed at any point, a rotation is begun again and
ends what was begun.
"""

import logging
import time
from collections.abc import Callable
from typing import Final

from casework.kernel.database import Database
from casework.kernel.errors import SetUpError
from casework.kernel.key_holders import SIGN_EVERY_S
from casework.kernel.key_ring import KeyRing
from casework.kernel.sealing_upgrade import seal_under_own_keys
from casework.kernel.vault import Vault

_LOOK_EVERY_S: Final = 5.0
_LOOKS: Final = 1 + int(1.5 * SIGN_EVERY_S / _LOOK_EVERY_S)
_log: Final = logging.getLogger(__name__)


def rotate(vault: Vault, pause: Callable[[float], None] = time.sleep) -> tuple[str, str]:
    """Put a new data key in force, made if there is none beside the old, and renew records' keys.

    The stored keys that wrapped records' keys are destroyed without ever being wrapped by the new
    data key. So once the old one is destroyed, no copy of a record's key from before opens:
    in free pages, logs and backups, what was erased stays sealed for good.

    Args:
        vault: whose keys.
        pause: waits some seconds, while other processes notice the new data key.

    Returns:
        fingerprints of the data key before and of the one in force now.

    Raises:
        SetUpError: the key in force is missing, or no other is there and none can be made, or a
            process at work would not have it.
    """
    keys = vault.keys
    before = keys.data_key
    assert before is not None  # noqa: S101 - an open ring has stored keys
    if not keys.prepare():
        _wait_for_all(vault, pause)
        _give_own_keys(keys)
        keys.renew_own_keys()
    done = 0
    for count in vault.own_keys.wrap_again():
        done += count
        _log.info("wrapped the keys of %d records again", done)
    keys.drop_former_own_keys()
    return before, keys.wrap_again()


def _wait_for_all(vault: Vault, pause: Callable[[float], None]) -> None:
    """Give processes at work time to find the new data key; refuse to leave one without."""
    newest = vault.keys.given()[-1]
    for _ in range(_LOOKS):
        without = vault.holders.without(newest)
        if not without:
            return
        _log.info("waiting for processes to find the new data key: %s", ", ".join(without))
        pause(_LOOK_EVERY_S)
    raise SetUpError("data_key_not_everywhere", fingerprint=newest, processes=tuple(without))


def _give_own_keys(keys: KeyRing) -> None:
    """Seal what belongs to records of before under keys of their own.

    Apart from where the audit trail collects changes: to it, which knows values as they are meant,
    nothing changes.
    """
    database = Database(keys.database.url)
    try:
        seal_under_own_keys(database, Vault(keys.on(database)))
    finally:
        database.close()
