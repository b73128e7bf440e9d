"""Alembic's scripts: how each version's database becomes the next one's."""

from importlib.resources import files


def newest_revision() -> str:
    """Return the revision that this version's schema is at: the highest number of a file."""
    names = (entry.name for entry in (files(__name__) / "versions").iterdir())
    return max(name.partition("_")[0] for name in names if name.endswith(".py"))
