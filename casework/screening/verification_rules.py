"""Rules of verification that settings have too: nothing here needs a network."""

from typing import Final

DEFAULT_FMR: Final = 1e-4
"""One in 10,000: of that many people who show somebody else's document, one passes."""
