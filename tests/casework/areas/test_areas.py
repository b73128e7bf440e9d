"""The areas of an installation, and where ports lie."""

import pytest

from casework.areas.areas import AreasTaken
from casework.areas.known import Area, AreaFilter, names
from casework.areas.port_areas import area_of_port, ports_within
from casework.kernel.errors import (
    AreaRefused,
    AreasRefused,
    NotFound,
    NotPermitted,
    StaleVersion,
)
from casework.kernel.vocabulary import AreaLevel, Role
from tests.services import OPERATOR, officer

pytestmark = pytest.mark.every_database

FILE = b"code,name\n31.71,Kota Contoh\n31.71.01,Contoh Barat\n31.71.02,Contoh Timur\n"
ALL = AreaFilter()


@pytest.fixture
def areas(desk):
    return desk.service.areas.areas


@pytest.fixture
def ports(desk):
    return desk.service.areas.ports


@pytest.fixture
def reader(desk):
    return officer(desk.agency("POL"), Role.OFFICER)


def codes(found: list[Area]) -> list[str]:
    return [each.code for each in found]


def test_the_country_and_its_provinces_are_there(areas, reader):
    found = areas.page(reader, None, None, ALL)
    assert len(found) == 39
    assert areas.page(reader, None, 2, ALL) == [Area("11", "Aceh"), Area("12", "Sumatera Utara")]
    assert codes(areas.page(reader, "95", None, ALL)) == ["96", "ID"]
    assert codes(areas.page(reader, None, None, AreaFilter(level=AreaLevel.COUNTRY))) == ["ID"]
    assert len(areas.page(reader, None, None, AreaFilter(parent="ID"))) == 38
    assert codes(areas.page(reader, None, None, AreaFilter(text="JAWA b"))) == ["32"]


def test_a_file_is_taken_in_whole_and_once(areas, reader, desk):
    made = AreasTaken(added=3, renamed=0, unchanged=0, left_out=0)
    assert areas.take(OPERATOR, FILE, dry_run=True) == made
    assert len(areas.page(reader, None, None, ALL)) == 39
    assert areas.take(OPERATOR, FILE) == made
    assert areas.take(OPERATOR, FILE) == AreasTaken(0, 0, 3, 0)
    found = areas.page(reader, None, None, AreaFilter(parent="31"))
    assert (found[0].name, found[0].level, found[0].parent) == ("Kota Contoh", "regency", "31")
    within = AreaFilter(level=AreaLevel.DISTRICT, text="timur")
    assert codes(areas.page(reader, None, None, within)) == ["31.71.02"]
    later = b"code;name\n31.71;Kota Baru\n31;Jakarta\n"
    assert areas.take(OPERATOR, later) == AreasTaken(0, 2, 0, 0)
    assert areas.get(reader, "31.71").name == "Kota Baru"
    assert areas.get(reader, "31.71.01").name == "Contoh Barat"
    assert (areas.get(reader, "31").name, areas.get(reader, "31").built_in) == ("Jakarta", True)
    assert len(areas.page(reader, None, None, ALL)) == 42
    assert desk.service.kernel.audit.verify().whole


def test_nothing_is_taken_of_a_file_with_an_area_that_lies_nowhere(areas, reader):
    with pytest.raises(AreasRefused) as refused:
        areas.take(OPERATOR, FILE + b"99.01,Nirwana\n31.72.01,Entah\n")
    assert [line for line, _ in refused.value.faults] == [5, 6]
    assert len(areas.page(reader, None, None, ALL)) == 39


def test_one_area_is_added_and_renamed(areas, reader):
    made = areas.put(OPERATOR, "31.71", "Kota Contoh")
    assert made == areas.get(reader, "31.71")
    assert areas.put(OPERATOR, "31.71", "Kota Contoh", made.version) == made
    assert areas.put(OPERATOR, "31.71", "Kota Baru", made.version).version == made.version + 1
    with pytest.raises(StaleVersion):
        areas.put(OPERATOR, "31.71", "Kota Lama", made.version)
    for code in ("31.72.01", "99.01"):
        with pytest.raises(NotFound):
            areas.put(OPERATOR, code, "Entah")
    with pytest.raises(AreaRefused):
        areas.put(OPERATOR, "317", "Entah")
    with pytest.raises(NotFound):
        areas.get(reader, "31.72")


def test_names_come_with_those_of_what_an_area_lies_in(areas, desk):
    areas.take(OPERATOR, FILE)
    with desk.service.kernel.database.read() as session:
        found = names(session, ["31.71.01", None, "51"])
    assert found == {
        "ID": "Indonesia",
        "31": "DKI Jakarta",
        "31.71": "Kota Contoh",
        "31.71.01": "Contoh Barat",
        "51": "Bali",
    }


def test_a_port_lies_where_it_is_built_in_until_the_installation_says_otherwise(
    areas, ports, reader, desk
):
    database = desk.service.kernel.database
    assert ports.get(reader, "CGK").area == "36"
    with pytest.raises(NotFound):
        ports.get(reader, "ZZZ")
    areas.take(OPERATOR, FILE)
    placed = ports.put(OPERATOR, "ZZZ", "31.71.02", 0)
    ports.put(OPERATOR, "CGK", "31.71")
    ports.put(OPERATOR, "DPS", None)
    with database.read() as session:
        found = area_of_port(session)
        assert (found["ZZZ"], found["CGK"], found["SUB"]) == ("31.71.02", "31.71", "35")
        assert "DPS" not in found
        assert ports_within(session, "31.71") == ["CGK", "ZZZ"]
        assert ports_within(session, "31.71.02") == ["ZZZ"]
        assert {"HLP", "CGK", "ZZZ"} < set(ports_within(session, "31"))
        assert "DPS" not in ports_within(session, "ID")
    listed = {each.port: each.area for each in ports.page(reader, None, None)}
    assert (listed["ZZZ"], listed["DPS"], listed["SUB"]) == ("31.71.02", None, "35")
    assert [each.port for each in ports.page(reader, "WMX", 2)] == ["YIA", "ZZZ"]
    with pytest.raises(StaleVersion):
        ports.put(OPERATOR, "ZZZ", "51", placed.version + 1)
    with pytest.raises(AreaRefused):
        ports.put(OPERATOR, "ZZZ", "31.79")
    assert desk.service.kernel.audit.verify().whole


def test_only_who_runs_the_installation_keeps_them(areas, ports, desk):
    admin = officer(desk.agency("POL"), *(role for role in Role if role is not Role.PORT))
    for act in (
        lambda: areas.take(admin, FILE),
        lambda: areas.put(admin, "31.71", "Kota Contoh"),
        lambda: ports.put(admin, "CGK", "31"),
    ):
        with pytest.raises(NotPermitted):
            act()
