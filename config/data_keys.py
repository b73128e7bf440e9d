"""Where the data key comes from, as the settings describe it."""

import os
import shlex
import subprocess
from typing import Final

from casework.kernel.data_key import DataKeys, FileKeys, parse_keys
from casework.kernel.errors import SetUpError
from config.settings import Settings

_COMMAND_S: Final = 30


class _Kept:
    """A place whose keys are put there by others: the newest behind the one before."""

    def __init__(self, place: str) -> None:
        self.place = place

    def add(self) -> bytes:
        raise SetUpError("data_key_not_made_here", place=self.place)

    def keep(self, key: bytes) -> None:
        """Leave the keys as they were put there."""


class VariableKeys(_Kept):
    """Keys in an environment variable."""

    read_anew: Final = False

    def read(self) -> list[bytes]:
        """Return the keys; none where the variable is unset."""
        text = os.environ.get(self.place, "")
        return parse_keys(text, self.place) if text.strip() else []


class CommandKeys(_Kept):
    """Keys that a command prints on its standard output."""

    read_anew: Final = True

    def read(self) -> list[bytes]:
        """Run the command.

        Raises:
            SetUpError: it fails, takes too long, or prints no key.
        """
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own, and no shell
                shlex.split(self.place), capture_output=True, timeout=_COMMAND_S, check=True
            )
            return parse_keys(done.stdout.decode("ascii"), self.place)
        except subprocess.CalledProcessError as error:
            reason = f"exit status {error.returncode}"
        except subprocess.TimeoutExpired:
            reason = f"no answer within {_COMMAND_S} s"
        except (OSError, ValueError) as error:
            reason = type(error).__name__
        # Without what it printed: that may be a part of the key.
        raise SetUpError("data_key_unreadable", path=self.place, error=reason)


def data_keys(settings: Settings) -> DataKeys:
    """Return where the data key comes from; it is not read yet."""
    if settings.data_key_variable is not None:
        return VariableKeys(settings.data_key_variable)
    if settings.data_key_command is not None:
        return CommandKeys(settings.data_key_command)
    return FileKeys(settings.resolved_data_key_file)
