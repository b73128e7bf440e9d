"""The table of limits: how large a route's body may be, how long it may take, whose turn it is.

Every route has a row, or follows from its kind; where neither says it, the application does not
start. `api.middleware.BodyLimits` keeps to it, and `api.workers` takes its costs in order.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute, Route

from casework.cases.files import MAX_FILE_MB
from config.settings import MEBI, Settings

KIBI: Final = 1024

STRANGERS_BODY: Final = 16 * KIBI
"""What is read of a caller who is not known yet: more asks for a key or a session first."""
_JSON: Final = 64 * KIBI
_LARGE_JSON: Final = 128 * KIBI
_FORM: Final = 256 * KIBI
_FORM_OVERHEAD: Final = MEBI
"""Fields, part headers and boundaries that come beside the photos."""
_AREAS: Final = 8 * MEBI
"""A file of areas, with every village of the country."""
_CASE_FILE: Final = MAX_FILE_MB * MEBI + _FORM_OVERHEAD
_MOST_OF_PHOTOS: Final = 64 * MEBI
"""However many photos a form may have: a form is held in memory whole."""

_SMALL_SECONDS: Final = 15.0
_PHOTO_SECONDS: Final = 120.0
_IMPORT_SECONDS: Final = 3600.0


class Cost(IntEnum):
    """What a request costs; of those that need a worker, the least number goes first."""

    SCREEN = 0
    SEARCH = 1
    COMPARE = 2
    ENROL = 3
    IMPORT = 4
    SIGN_IN = 5
    """A password is hashed: in a lane of its own, at the least priority."""
    WRITE = 6
    READ = 7


WORKING: Final = frozenset({Cost.SCREEN, Cost.SEARCH, Cost.COMPARE, Cost.ENROL})
"""Costs that take a place among the workers."""


@dataclass(frozen=True, slots=True)
class RouteLimits:
    """The limits of one route."""

    cost: Cost
    body_bytes: int
    body_seconds: float
    """From the first wait for the body to its last byte."""
    held: bool = True
    """Whether the body stays in memory; else it is handed on as it arrives."""


@dataclass(frozen=True, slots=True)
class _Row:
    cost: Cost
    photos: int = 0
    """`_MANY`: as many as the setting allows."""
    body_bytes: int = STRANGERS_BODY
    upload: bool = False
    """Whether the setting of imports says how large the body may be."""


_MANY: Final = -1

_ROWS: Final[Mapping[str, _Row]] = {
    "POST /v1/encounters": _Row(Cost.SCREEN, photos=2),
    "POST /v1/searches": _Row(Cost.SEARCH, photos=1),
    "POST /v1/alerts/{alert_id}/known-lookalike": _Row(Cost.COMPARE),
    "POST /v1/compare": _Row(Cost.COMPARE, photos=2),
    "POST /v1/subjects": _Row(Cost.ENROL, photos=_MANY),
    "POST /v1/subjects/{subject_id}/photos": _Row(Cost.ENROL, photos=_MANY),
    "PATCH /v1/subjects/{subject_id}": _Row(Cost.WRITE, body_bytes=_LARGE_JSON),
    "POST /v1/tips": _Row(Cost.ENROL, photos=1),
    "POST /v1/tips/{tip_id}/search": _Row(Cost.SEARCH),
    "POST /v1/tips/{tip_id}/enrol": _Row(Cost.ENROL, body_bytes=_LARGE_JSON),
    "POST /v1/stays": _Row(Cost.WRITE, photos=1),
    "POST /v1/stays/file": _Row(Cost.WRITE, body_bytes=MEBI),
    "POST /v1/cases/{case_id}/files": _Row(Cost.WRITE, body_bytes=_CASE_FILE),
    "POST /v1/imports": _Row(Cost.IMPORT, upload=True),
    "POST /v1/areas": _Row(Cost.WRITE, body_bytes=_AREAS),
    "POST /v1/sessions": _Row(Cost.SIGN_IN),
    "POST /v1/me/password": _Row(Cost.SIGN_IN),
    "POST /v1/me/second-factor": _Row(Cost.SIGN_IN),
    "POST /v1/me/recovery-codes": _Row(Cost.SIGN_IN),
    "POST /v1/officers": _Row(Cost.SIGN_IN),
    "POST /v1/officers/{officer_id}/reset": _Row(Cost.SIGN_IN),
    "POST /sign-in": _Row(Cost.SIGN_IN),
    "POST /account/password": _Row(Cost.SIGN_IN),
    "POST /account/second-factor": _Row(Cost.SIGN_IN),
    "POST /account/recovery-codes": _Row(Cost.SIGN_IN),
    "POST /administration/officers": _Row(Cost.SIGN_IN),
    "POST /administration/officers/{officer_id}/reset": _Row(Cost.SIGN_IN),
    "POST /preferences": _Row(Cost.WRITE),
    "POST /search": _Row(Cost.SEARCH, photos=1),
    "POST /alerts/{alert_id}/known-lookalike": _Row(Cost.COMPARE),
    "POST /compare": _Row(Cost.COMPARE, photos=2),
    "POST /subjects/new": _Row(Cost.ENROL, photos=_MANY),
    "POST /photos/check": _Row(Cost.ENROL, photos=1),
    "POST /subjects/{subject_id}/photos": _Row(Cost.ENROL, photos=_MANY),
    "POST /stays/new": _Row(Cost.WRITE, photos=1),
    "POST /stays/file": _Row(Cost.WRITE, body_bytes=MEBI),
    "POST /tips/new": _Row(Cost.ENROL, photos=1),
    "POST /tips/{tip_id}/search": _Row(Cost.SEARCH),
    "POST /tips/{tip_id}/enrol": _Row(Cost.ENROL, body_bytes=_FORM),
    "POST /cases/{case_id}/files": _Row(Cost.WRITE, body_bytes=_CASE_FILE),
    # A page holds the file that it uploads; larger lists come over `POST /v1/imports`.
    "POST /watchlists/{watchlist_id}/import": _Row(Cost.IMPORT, body_bytes=_MOST_OF_PHOTOS),
}
"""What does not follow from a route's kind: photos, passwords, what strangers may send."""


class RouteTable(Protocol):
    """What says how large each route's body may be."""

    def of(self, route: BaseRoute | None) -> RouteLimits:
        """Return a route's limits."""


class LimitsMissing(Exception):
    """A route takes a body and has no row."""


class Limits:
    """The limits of one application's routes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._of: dict[int, tuple[BaseRoute, RouteLimits]] = {}  # by identity: routes have no hash
        self.unused = set(_ROWS)
        """Rows that no route has used: none, once every route is there."""

    def add_all(self, app: FastAPI) -> None:
        """Take in every route of an application.

        Raises:
            LimitsMissing: a route has no row and needs one.
        """
        for route in _routes(app):
            self._of[id(route)] = (route, self._limits(route))

    def __iter__(self) -> Iterator[tuple[BaseRoute, RouteLimits]]:
        """Yield every route with its limits."""
        return iter(self._of.values())

    def of(self, route: BaseRoute | None) -> RouteLimits:
        """Return a route's limits; where no route was found, nothing is read of a body."""
        return self._of.get(id(route), (route, _NOTHING))[1]

    @property
    def largest_held(self) -> int:
        """Bytes of the largest body that is held in memory."""
        return max(each.body_bytes for _, each in self if each.held)

    def _limits(self, route: BaseRoute) -> RouteLimits:
        if not isinstance(route, APIRoute):
            return RouteLimits(Cost.READ, STRANGERS_BODY, _SMALL_SECONDS)
        (method,) = sorted((route.methods or set()) - {"HEAD"})
        name = f"{method} {route.path}"
        row = _ROWS.get(name)
        self.unused.discard(name)
        if row is None:
            row = _usual(method, route)
        if row.upload:
            return RouteLimits(
                row.cost, self._settings.max_import_bytes, _IMPORT_SECONDS, held=False
            )
        if row.photos:
            return RouteLimits(row.cost, self._photo_form(row.photos), _PHOTO_SECONDS)
        seconds = _PHOTO_SECONDS if row.body_bytes > _FORM else _SMALL_SECONDS
        return RouteLimits(row.cost, row.body_bytes, seconds)

    def _photo_form(self, photos: int) -> int:
        settings = self._settings
        count = settings.max_photos if photos == _MANY else photos
        # One photo as large as the setting says is always taken.
        most = max(_MOST_OF_PHOTOS, settings.max_photo_bytes)
        return min(count * settings.max_photo_bytes, most) + _FORM_OVERHEAD


_NOTHING: Final = RouteLimits(Cost.READ, STRANGERS_BODY, _SMALL_SECONDS)


def _usual(method: str, route: APIRoute) -> _Row:
    """Return the row that follows from a route's kind."""
    if method in ("GET", "HEAD", "DELETE"):
        return _Row(Cost.READ if method != "DELETE" else Cost.WRITE)
    if route.body_field is not None:
        return _Row(Cost.WRITE, body_bytes=_JSON)
    if route.endpoint.__module__.startswith("api.console."):
        return _Row(Cost.WRITE, body_bytes=_FORM)
    if route.dependant.request_param_name is None:  # nothing of a body is read
        return _Row(Cost.WRITE)
    raise LimitsMissing(f"{method} {route.path} reads its body: give it a row in api/limits.py")


def _routes(app: FastAPI) -> Iterator[BaseRoute]:
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, Route):
            yield route
