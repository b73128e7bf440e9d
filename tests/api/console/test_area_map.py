"""The vulnerability map in the console, without JavaScript."""

import csv
import io
import json
import re

import openpyxl
import pypdfium2
import pytest

from api.app import create_app
from api.console.map.cartogram import TILES
from api.state import state_of
from casework.kernel.errors import SetUpError
from casework.kernel.vocabulary import Role
from config.settings import Settings
from tests.services import OPERATOR


@pytest.fixture
def scene(desk):
    desk.service.areas.areas.put(OPERATOR, "51.91", "Kabupaten Contoh")
    desk.service.areas.ports.put(OPERATOR, "DPS", "51.91")
    desk.enrol(1)
    for port in ("DPS", "DPS", "CGK"):
        desk.screen(1, port=port)
    return desk


def test_a_supervisor_sees_the_country_and_what_lies_in_a_province(scene, signed_in):
    browser = signed_in("boss", Role.SUPERVISOR)
    assert browser.open("/map?period=2026-03").status_code == 200
    assert browser.page.text.count('class="tile shade-') == len(TILES) == 38
    assert re.search(r'within=51" class="tile shade-5"', browser.page.text)
    assert "Bali" in browser.text
    (inside,) = set(re.findall(r'<th scope="row"><a href="([^"]*within=51)"', browser.page.text))
    browser.open(inside.replace("&amp;", "&"))
    assert "Kabupaten Contoh" in browser.text
    assert "Banten" not in browser.text
    assert browser.page.text.count('<svg class="months"') == 1
    (alerts,) = re.findall(r'href="(/alerts\?[^"]*area=51)"', browser.page.text)
    browser.open(alerts.replace("&amp;", "&"))
    assert "March 2026" in browser.text
    assert set(re.findall(r'data-id="(alr_\w+)"', browser.page.text))


@pytest.mark.parametrize(
    "query", ["?within=99", "?within=51.91", "?count=x&period=2026-13", "?period=1890"]
)
def test_what_the_address_says_wrongly_is_as_if_it_said_nothing(scene, signed_in, query):
    browser = signed_in("boss", Role.SUPERVISOR)
    assert browser.open(f"/map{query}").status_code == 200
    assert "February 2026" in browser.text
    assert browser.page.text.count('class="tile shade-') == 38


def test_a_coordinator_sees_all_agencies_and_no_small_number(scene, signed_in):
    scene.clock.advance(days=31)
    browser = signed_in("coordinator", Role.COORDINATOR, agency="COORD")
    assert browser.open("/totals/map").status_code == 200
    table = browser.page.text.split('id="map-table"')[1]
    assert re.findall(r'<td class="figure[^"]*">(\d+)</td>', table) == ["0"] * 8
    assert "&lt;&nbsp;5" in table
    assert "/alerts?" not in table
    assert browser.open("/map").status_code == 403


def test_the_operators_borders_are_drawn_in_place_of_tiles(scene, signed_in, client, tmp_path):
    path = tmp_path / "borders.geojson"
    box = [[115, -9], [116, -9], [116, -8], [115, -8], [115, -9]]
    feature = {
        "type": "Feature",
        "properties": {"kode": 51},
        "geometry": {"type": "Polygon", "coordinates": [box]},
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    made = create_app(Settings(borders_file=path, borders_property="kode"))
    state_of(client.app).borders = state_of(made).borders
    browser = signed_in("boss", Role.SUPERVISOR)
    browser.open("/map?period=2026-03")
    assert 'class="tile' not in browser.page.text
    (drawn,) = re.findall(r'<path class="area shade-5" d="([^"]+)"', browser.page.text)
    assert drawn.startswith("M")
    # What has no border of its own is in the table all the same.
    assert "Banten" in browser.text


def test_borders_that_cannot_be_drawn_stop_the_start(tmp_path):
    with pytest.raises(SetUpError, match="borders_file"):
        create_app(Settings(borders_file=tmp_path / "none.geojson"))


@pytest.mark.parametrize(
    ("path", "role", "agency"),
    [("/map", Role.SUPERVISOR, "IMI"), ("/totals/map", Role.COORDINATOR, "COORD")],
)
def test_what_a_map_shows_goes_out_as_a_file(scene, signed_in, path, role, agency):
    scene.clock.advance(days=31)
    browser = signed_in("reader", role, agency=agency)
    page = browser.open(f"{path}?period=2026-03&within=51").text
    named = [each.replace("&amp;", "&") for each in re.findall(r'href="([^"]*/table[^"]*)"', page)]
    sheet, book, paper = (browser.open(each) for each in named)
    own = role is Role.SUPERVISOR
    (line,) = list(csv.DictReader(io.StringIO(sheet.text.removeprefix("\ufeff"))))
    assert (line["Area"], line["Ports"]) == ("Kabupaten Contoh", "DPS")
    assert line["Alerts"] == ("2" if own else "< 5")
    assert ("Stays reported" in line) is own
    about, places, months = openpyxl.load_workbook(io.BytesIO(book.content)).worksheets
    assert about["A1"].value == "Vulnerability map"
    assert places["C2"].value == (2 if own else "< 5")
    assert months["G1"].value == "March 2026"
    with pypdfium2.PdfDocument(paper.content) as read:
        assert "March 2026, Bali" in read[0].get_textpage().get_text_bounded()
    assert f"{'siaga-map-51-2026-03'}.pdf" in paper.headers["content-disposition"]
    other = "/totals/map" if own else "/map"
    for form in ("csv", "xlsx", "pdf"):
        assert browser.open(f"{other}/table.{form}").status_code == 403


def test_stays_are_no_measure_where_they_are_not_counted(scene, signed_in):
    scene.clock.advance(days=31)
    browser = signed_in("coordinator", Role.COORDINATOR, agency="COORD")
    browser.open("/totals/map?count=stays")
    assert "Stays reported" not in browser.text
    assert "Joint cases opened" in browser.text
    assert '<option value="alerts" selected>' in browser.page.text
