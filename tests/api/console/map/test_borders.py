"""The operator's borders: read whole or refused with a sentence, drawn within their frame."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.console.map import borders
from api.console.map.borders import WIDTH, Borders, Drawing
from casework.kernel.errors import SetUpError


def feature(code, *rings, kind="Polygon", name="code"):
    coordinates = [list(ring) for ring in rings]
    return {
        "type": "Feature",
        "properties": {name: code},
        "geometry": {
            "type": kind,
            "coordinates": [coordinates] if kind == "MultiPolygon" else coordinates,
        },
    }


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


def box(west, south, east, north):
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def drawn(read: Borders, within: str | None = None) -> Drawing:
    drawing = read.drawing(within)
    assert drawing is not None
    return drawing


def points(path):
    return [(int(x), int(y)) for x, y in re.findall(r"(-?\d+) (-?\d+)", path)]


@pytest.mark.parametrize("code", ["31", 31, " 31 "])
def test_a_province_is_known_by_its_code(code):
    assert list(Borders.of(collection(feature(code, box(106, -7, 107, -6))), "code").areas) == [
        "31"
    ]


@pytest.mark.parametrize(
    ("code", "known"),
    [("3171", "31.71"), (3171, "31.71"), ("31.71", "31.71"), ("317101", "31.71.01")],
)
def test_a_code_without_its_dots_is_the_same(code, known):
    assert list(Borders.of(collection(feature(code, box(106, -7, 107, -6))), "code").areas) == [
        known
    ]


def test_each_level_is_drawn_within_its_area():
    read = Borders.of(
        collection(
            feature("31", box(106, -7, 107, -6)),
            feature("32", box(107, -7, 109, -6)),
            feature("31.71", box(106, -7, 106.5, -6.5)),
            feature("32.01", box(107, -7, 107.5, -6.5)),
        ),
        "code",
    )
    country = drawn(read)
    assert [each.code for each in country.outlines] == ["31", "32"]
    assert [each.code for each in drawn(read, "31").outlines] == ["31.71"]
    assert read.drawing("31.71") is None
    assert read.drawing("11") is None


def test_features_of_one_area_are_one_outline():
    """An island group that a file splits is one province still, labelled on its largest part."""
    read = Borders.of(
        collection(
            feature("21", box(104, 0, 105, 1)), feature("21", box(107, 2, 110, 4), kind="Polygon")
        ),
        "code",
    )
    (outline,) = drawn(read).outlines
    assert outline.path.count("M") == 2
    assert outline.x > WIDTH / 2


def test_north_is_up_and_east_is_right():
    read = Borders.of(
        collection(feature("11", box(95, 2, 98, 6)), feature("91", box(138, -4, 141, -1))), "code"
    )
    aceh, papua = drawn(read).outlines
    assert aceh.x < papua.x
    assert aceh.y < papua.y


def test_an_island_smaller_than_a_pixel_is_still_seen():
    read = Borders.of(
        collection(
            feature("31", box(106, -6, 106.0001, -5.9999)), feature("91", box(138, -4, 141, -1))
        ),
        "code",
    )
    assert len(set(points(drawn(read).outlines[0].path))) == 4


@given(
    st.lists(
        st.tuples(st.floats(-180, 179), st.floats(-90, 89), st.floats(1e-6, 1), st.floats(1e-6, 1)),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_lies_on_the_globe_is_drawn_within_the_frame(boxes):
    read = Borders.of(
        collection(
            *(
                feature(f"{11 + number}", box(west, south, west + wide, south + high))
                for number, (west, south, wide, high) in enumerate(boxes)
            )
        ),
        "code",
    )
    drawing = drawn(read)
    assert len(drawing.outlines) == len(boxes)
    assert 1 <= drawing.width <= WIDTH
    assert 1 <= drawing.height <= WIDTH
    for outline in drawing.outlines:
        for x, y in points(outline.path):
            assert -1 <= x <= drawing.width + 1
            assert -1 <= y <= drawing.height + 1
        assert 0 <= outline.x <= drawing.width
        assert 0 <= outline.y <= drawing.height


WRONG = {
    "no collection": ([], "it is no FeatureCollection"),
    "no features": ({"type": "FeatureCollection"}, 'it is no FeatureCollection with "features"'),
    "empty": (collection(), "it has no feature"),
    "no code": (collection(feature("Jakarta", box(106, -7, 107, -6))), "feature 1: its property"),
    "another property": (
        collection(feature("31", box(106, -7, 107, -6), name="kode")),
        'its property "code"',
    ),
    "projected": (
        collection(feature("31", box(700000, 9300000, 710000, 9310000))),
        "export the file in WGS 84",
    ),
    "no number": (
        collection(feature("31", [["a", 1], [2, 3], [4, 5], ["a", 1]])),
        "feature 1: a ring",
    ),
    "infinite": (
        collection(feature("31", [[1e999, 1], [2, 3], [4, 5], [1e999, 1]])),
        "feature 1: a ring",
    ),
    "a line": (collection(feature("31", [[106, -7], [107, -6]])), "feature 1: a ring"),
    "a point": (
        collection(feature("31", [106, -7], kind="Point")),
        "its geometry is a Point, not a Polygon",
    ),
    "no geometry": (
        collection({"type": "Feature", "properties": {"code": "31"}, "geometry": None}),
        'feature 1 is no Feature with "geometry"',
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_drawn_is_refused_with_its_place(wrong, tmp_path):
    content, sentence = WRONG[wrong]
    path = tmp_path / "borders.geojson"
    path.write_text(json.dumps(content))
    with pytest.raises(SetUpError, match=re.escape(sentence)):
        Borders.read(path, "code")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b"[" * 100_000])
def test_what_is_no_json_is_refused(content, tmp_path):
    path = tmp_path / "borders.geojson"
    path.write_bytes(content)
    with pytest.raises(SetUpError, match="no GeoJSON file"):
        Borders.read(path, "code")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SetUpError, match=r"borders\.geojson cannot be read as borders_file"):
        Borders.read(tmp_path / "borders.geojson", "code")


def test_a_file_beyond_the_bound_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(borders, "MOST_BYTES", 10)
    path = tmp_path / "borders.geojson"
    path.write_text(json.dumps(collection(feature("31", box(106, -7, 107, -6)))))
    with pytest.raises(SetUpError, match="simplify the borders"):
        Borders.read(path, "code")
