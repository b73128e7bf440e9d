"""Between password and code: what an officer typed first is held by the browser, sealed.

Nothing is kept here, and no password waits in a page where it could be read: what the browser holds
opens only with the data key, only in the browser it was given to, and only for a few minutes.
"""

import base64
import binascii
import json
from datetime import timedelta
from typing import Final

from casework.accounts.sign_in import Credentials
from casework.kernel import rows
from casework.kernel.errors import NotAuthenticated, WrongDataKey
from casework.kernel.kernel import Kernel

HOLDS_FOR: Final = timedelta(minutes=5)


class TwoStepSignIn:
    """Seals and opens what was typed before the code is asked for."""

    def __init__(self, kernel: Kernel) -> None:
        self._vault = kernel.vault
        self._clock = kernel.clock

    def hold(self, credentials: Credentials, visitor: str) -> str:
        """Return a text for the visitor's browser to send back with the code."""
        until = (self._clock() + HOLDS_FOR).timestamp()
        content = json.dumps([credentials.login, credentials.password, until]).encode()
        return base64.urlsafe_b64encode(self._vault.seal(content, rows.sign_in(visitor))).decode()

    def resume(self, held: str, visitor: str, code: str) -> Credentials:
        """Return what was held, completed by the code.

        Raises:
            NotAuthenticated: it is too old, or was not given to this visitor.
        """
        try:
            sealed = base64.urlsafe_b64decode(held.encode())
            login, password, until = json.loads(self._vault.open(sealed, rows.sign_in(visitor)))
        except (WrongDataKey, binascii.Error, ValueError) as error:
            raise NotAuthenticated("sign_in_too_late") from error
        if self._clock().timestamp() > until:
            raise NotAuthenticated("sign_in_too_late")
        return Credentials(login, password, code)


_AGAIN: Final = "It took too long: sign in again from the beginning."
