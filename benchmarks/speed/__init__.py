"""From photo bytes to the answer, beside peers."""

from typing import Final

LIBRARY: Final = "insightface"
"""What names of peers that are the library's own classes begin with."""
