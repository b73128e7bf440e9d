"""Dates and times of forms: as the place's clocks have them, for use cases that want a zone."""

from datetime import datetime

from api.console.forms import FormData
from api.console.page import PageRequest


def with_zone(visit: PageRequest, *names: str) -> FormData:
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
    return FormData(values, visit.posted.files)
