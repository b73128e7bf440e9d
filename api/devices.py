"""What a browser or program is, as its User-Agent header has it: coarse, for people to recognise.

Nothing is decided by it: anybody can send any text.
"""

from typing import Final

# The first that occurs counts: browsers name each other.
_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_LONGEST: Final = 40


def device_of(user_agent: str | None) -> str | None:
    """Return a browser and its system, or the name of a program; None without the header."""
    text = (user_agent or "").strip()
    browser = next((name for part, name in _BROWSERS if part in text), None)
    system = next((name for part, name in _SYSTEMS if part in text), None)
    if browser is not None:
        return f"{browser}, {system}" if system is not None else browser
    program = text.split("/")[0].split(" ")[0][:_LONGEST]
    return program if program.isprintable() and program else None
