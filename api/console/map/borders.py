"""The operator's own borders: a GeoJSON file (RFC 7946) as outlines of areas, drawn offline.

Coordinates are longitudes and latitudes in degrees (WGS 84). They are projected here, onto a plane
in which a degree is as wide as it is at the file's middle latitude: near the equator, where the
country lies, no projection distorts less. No tiles are fetched, from nowhere.

Each feature is an area: its code stands in a property of it (`31`, `31.71`, `31.71.01`; without the
dots, or as a number, it is the same).
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Self, TypeGuard

from casework.kernel.errors import SetUpError

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of a file: borders that are finer than a screen can show only take time."""

WIDTH: Final = 1000
"""Of every drawing, in units: about one a pixel of a large screen."""

_CODE: Final = re.compile(r"(\d{2})(?:\.?(\d{2})(?:\.?(\d{2,4}))?)?", re.ASCII)
_EAST, _NORTH = 180.0, 90.0
_LEAST_POINTS: Final = 4
"""Of a ring: three corners, and the first again."""

_Point = tuple[float, float]
_Ring = tuple[_Point, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """An area as it is drawn."""

    code: str
    path: str
    """The `d` of an SVG path, by the even-odd rule."""
    x: int
    y: int
    """The middle of its largest part, for a label."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Outlines that share one frame."""

    width: int
    height: int
    outlines: tuple[Outline, ...]


@dataclass(frozen=True, slots=True)
class Borders:
    """The rings of every area of a file, in degrees."""

    areas: Mapping[str, tuple[_Ring, ...]]

    @classmethod
    def read(cls, path: Path, name: str) -> Self:
        """Read a file of borders.

        Args:
            path: a GeoJSON FeatureCollection of polygons.
            name: the property that holds each area's code.

        Raises:
            SetUpError: it cannot be read, or says something that cannot be drawn.
        """
        try:
            if path.stat().st_size > MOST_BYTES:
                raise SetUpError("borders_too_large", path=path, most_mb=MOST_BYTES >> 20)
            read = json.loads(path.read_bytes())
        except OSError as error:
            raise SetUpError("borders_unreadable", path=path, error=error.strerror) from error
        except (ValueError, RecursionError) as error:
            raise SetUpError("borders_no_json", path=path) from error
        try:
            return cls.of(read, name)
        except ValueError as error:
            raise SetUpError("borders_wrong", path=path, error=str(error)) from error

    @classmethod
    def of(cls, collection: object, name: str) -> Self:
        """Take the areas out of a FeatureCollection.

        Raises:
            ValueError: it has another form, or a feature is not an area; the text says which.
        """
        areas: dict[str, tuple[_Ring, ...]] = {}
        for number, feature in enumerate(_features(collection), 1):
            where = f"feature {number}"
            code = _code(_part(feature, "properties", where), name, where)
            geometry = _part(feature, "geometry", where)
            areas[code] = (*areas.get(code, ()), *_rings(geometry, where))
        if not areas:
            raise ValueError("it has no feature")
        return cls(areas)

    def drawing(self, within: str | None = None) -> Drawing | None:
        """Return the areas one level below an area, None where the file has none.

        Args:
            within: its code; None is the country, whose provinces are drawn.
        """
        level = 0 if within is None else within.count(".") + 1
        shown = {
            code: rings
            for code, rings in self.areas.items()
            if code.count(".") == level and (within is None or code.startswith(f"{within}."))
        }
        return _draw(shown) if shown else None


def _draw(areas: Mapping[str, tuple[_Ring, ...]]) -> Drawing:
    points = [point for rings in areas.values() for ring in rings for point in ring]
    west, east = (pick(x for x, _ in points) for pick in (min, max))
    south, north = (pick(y for _, y in points) for pick in (min, max))
    narrowing = math.cos(math.radians((south + north) / 2))
    wide = max((east - west) * narrowing, 1e-9)
    # What is much higher than wide would not fit a screen: then the height is what is given.
    scale = min(WIDTH / wide, WIDTH / max(north - south, 1e-9))

    def onto(point: _Point) -> tuple[int, int]:
        return round((point[0] - west) * narrowing * scale), round((north - point[1]) * scale)

    outlines = tuple(
        _outline(code, [[onto(point) for point in ring] for ring in rings])
        for code, rings in sorted(areas.items())
    )
    return Drawing(max(1, round(wide * scale)), max(1, round((north - south) * scale)), outlines)


def _outline(code: str, rings: Iterable[list[tuple[int, int]]]) -> Outline:
    kept = [_thinned(ring) for ring in rings]
    largest = max(kept, key=_extent)
    middle_x, middle_y = (
        (min(each) + max(each)) // 2 for each in ([x for x, _ in largest], [y for _, y in largest])
    )
    path = "".join(
        "M" + "L".join(f"{x} {y}" for x, y in ring) + "Z" for ring in kept if _extent(ring)
    )
    return Outline(code, path or _dot(largest[0]), middle_x, middle_y)


def _thinned(ring: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Leave out the points that fall onto the one before: finer than the drawing."""
    return [ring[0], *(after for before, after in pairwise(ring) if after != before)]


def _extent(ring: list[tuple[int, int]]) -> int:
    """Return the larger side of the box around a ring."""
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return max(max(xs) - min(xs), max(ys) - min(ys))


def _dot(at: tuple[int, int]) -> str:
    """Return what stands for an area that is smaller than a unit: it is still to be seen."""
    x, y = at
    return f"M{x - 1} {y - 1}L{x + 1} {y - 1}L{x + 1} {y + 1}L{x - 1} {y + 1}Z"


def _rings(geometry: dict[str, Any], where: str) -> Iterator[_Ring]:
    kind = geometry.get("type")
    coordinates: Any = geometry.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"{where}: its geometry is a {kind}, not a Polygon or MultiPolygon")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    try:
        for polygon in polygons:
            yield from (_ring(ring) for ring in polygon)
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise ValueError(
            f"{where}: a ring is no list of at least {_LEAST_POINTS} positions in degrees; "
            "coordinates that are projected are not (export the file in WGS 84)"
        ) from error


def _ring(positions: list[list[float]]) -> _Ring:
    ring = tuple((float(position[0]), float(position[1])) for position in positions)
    if len(ring) < _LEAST_POINTS:
        raise ValueError("too few")
    # Neither is true of what is no number.
    if not all(abs(east) <= _EAST and abs(north) <= _NORTH for east, north in ring):
        raise ValueError("outside")
    return ring


def _code(properties: dict[str, Any], name: str, where: str) -> str:
    found = _CODE.fullmatch(str(properties.get(name, "")).strip())
    if found is None:
        raise ValueError(f'{where}: its property "{name}" is no code of an area, such as 31.71')
    return ".".join(part for part in found.groups() if part is not None)


def _features(collection: object) -> list[Any]:
    found = collection.get("features") if _typed(collection, "FeatureCollection") else None
    if not isinstance(found, list):
        raise ValueError('it is no FeatureCollection with "features"')  # noqa: TRY004 - of a file
    return found


def _part(feature: object, name: str, where: str) -> dict[str, Any]:
    found = feature.get(name) if _typed(feature, "Feature") else None
    if not isinstance(found, dict):
        raise ValueError(f'{where} is no Feature with "{name}"')  # noqa: TRY004 - of a file
    return found


def _typed(value: object, type_name: str) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict) and value.get("type") == type_name
