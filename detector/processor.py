"""What the processor can do that decides how networks are run."""

from pathlib import Path
from typing import Final

_CPUINFO: Final = Path("/proc/cpuinfo")
_BF16: Final = ("amx_bf16", "avx512_bf16")
"""Instructions that multiply in bfloat16, the wider first, as Linux names them."""


def bf16_instructions(cpuinfo: Path = _CPUINFO) -> str | None:
    """Return the widest instructions for bfloat16 that every processor here has, None without."""
    try:
        lines = cpuinfo.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    flags = [
        frozenset(value.split())
        for name, _, value in (line.partition(":") for line in lines)
        if name.strip() == "flags"
    ]
    shared = frozenset.intersection(*flags) if flags else frozenset()
    return next((each for each in _BF16 if each in shared), None)
