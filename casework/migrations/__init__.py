"""Alembic's scripts: how each version's database becomes the next one's."""

import re
from importlib.resources import files
from typing import Final

_REVISION: Final = re.compile(r'^(down_)?revision = "(\w+)"', re.MULTILINE)


def newest_revision() -> str:
    """Return the revision that this version's schema is at: the one that none goes on from.

    Files are read, not run: numbers alone do not say it, as a revision goes on from the one that
    was there before it, whatever its number.
    """
    entries = (files(__name__) / "versions").iterdir()
    texts = [each.read_text("utf-8") for each in entries if each.name.endswith(".py")]
    found = [match.groups() for text in texts for match in _REVISION.finditer(text)]
    (newest,) = {of for down, of in found if not down} - {of for down, of in found if down}
    return newest
