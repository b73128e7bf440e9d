"""Dates and times of forms: as the place's clocks have them, for use cases that want a zone."""

from datetime import datetime

from api.console.forms import Posted
from api.console.page import Visit


def with_zone(visit: Visit, *names: str) -> Posted:
    """Return what was posted, with these fields (`2026-03-01T15:00`, or a day) in RFC 3339.

    What is no time stays as it is, for the schema to refuse.
    """
    values = dict(visit.posted.values)
    for name in names:
        try:
            typed = datetime.fromisoformat(visit.posted.text(name))
        except ValueError:
            continue
        at = typed if typed.tzinfo is not None else typed.replace(tzinfo=visit.speech.zone)
        values[name] = (at.isoformat(),)
    return Posted(values, visit.posted.files)
