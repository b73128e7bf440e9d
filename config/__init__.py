"""What an operator sets, and opening the service as it is set."""

from typing import Final

CONFIG_VARIABLE: Final = "SIAGA_CONFIG"
"""Environment variable that names the settings file."""
