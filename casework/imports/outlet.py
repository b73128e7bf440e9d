"""ZIPs that are sent out while they are written."""

import io
import zipfile
from typing import Any


class Outlet(io.RawIOBase):
    """Holds what a ZIP's writer has written until it is sent on; it cannot go back."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = bytearray()

    def writable(self) -> bool:
        """See `io.IOBase`."""
        return True

    def write(self, content: Any) -> int:  # noqa: ANN401 - any buffer
        """Take in the next bytes."""
        self._waiting += content
        return len(content)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def member_info(name: str, method: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    """Return a member without a time or an owner; photos do not shrink, so they are stored."""
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o600 << 16
    info.compress_type = method
    return info
