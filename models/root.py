"""Where weights are kept."""

from pathlib import Path


def default_root() -> Path:
    """Return where they are unless settings say otherwise: a folder in the user's cache."""
    from platformdirs import user_cache_path  # noqa: PLC0415 - not needed where it is set

    return user_cache_path("siaga", appauthor=False) / "models"
