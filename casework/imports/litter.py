"""Files that systems leave beside people's own: nobody is missed without them."""

import re
from pathlib import PurePosixPath
from typing import Final

_FOLDERS: Final = frozenset({"__macosx", ".spotlight-v100", ".trashes", ".fseventsd", "@eadir"})
"""Of macOS, and of network storage (`@eaDir`, Synology)."""
_FILES: Final = re.compile(
    r"thumbs\.db(:encryptable)?|ehthumbs(_vista)?\.db|desktop\.ini|\.ds_store|\._.*|icon\r?|"
    r"\.picasa\.ini|\.directory|\.nomedia",
    re.IGNORECASE | re.DOTALL,
)


def is_litter(name: str) -> bool:
    """Whether a file or folder, named with the folders it lies in, is only litter."""
    *folders, file = PurePosixPath(name).parts or ("",)
    return not _FOLDERS.isdisjoint(map(str.casefold, (*folders, file))) or (
        _FILES.fullmatch(file) is not None and file.casefold() != "icon"
    )
