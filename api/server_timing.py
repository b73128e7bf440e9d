"""Stage times as the `Server-Timing` header (W3C)."""

from collections.abc import Mapping


def server_timing(stages: Mapping[str, float]) -> str:
    """Return the header's value, for example `decode;dur=4.1, detect;dur=2.9`."""
    return ", ".join(f"{name};dur={spent:.2f}" for name, spent in stages.items())
