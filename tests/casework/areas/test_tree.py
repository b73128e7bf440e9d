"""Codes of areas tell what lies where, to Python and to the database alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, String, Table, create_engine, select

from casework.areas import tree
from casework.areas.port_areas import KNOWN
from casework.areas.provinces import BUILT_IN, COUNTRY, PROVINCES
from casework.kernel import ports
from casework.kernel.vocabulary import AreaLevel

DIGITS = st.sampled_from(["11", "31", "71", "01"])
CODES = st.just(COUNTRY) | st.lists(DIGITS, min_size=1, max_size=3).map(".".join)


@given(CODES)
def test_the_areas_that_an_area_lies_in_lead_from_the_country_to_it(code):
    lineage = tree.lineage(code)
    assert lineage[0] == COUNTRY
    assert lineage[-1] == code
    assert [tree.level_of(each) for each in lineage] == list(AreaLevel)[: len(lineage)]
    assert [tree.parent_of(each) for each in lineage] == [None, *lineage[:-1]]
    assert all(tree.well_formed(each) and tree.contains(each, code) for each in lineage)
    assert tree.at_level(code, tree.level_of(code)) == code


@pytest.fixture(scope="module")
def stored():
    """A table with every code that the tests draw, and one row without."""
    engine = create_engine("sqlite://")
    table = Table("area", MetaData(), Column("code", String))
    table.create(engine)
    drawn = ["11", "31", "71", "01"]
    codes = [COUNTRY, *drawn]
    codes += [f"{a}.{b}" for a in drawn for b in drawn]
    codes += [f"{a}.{b}.{c}" for a in drawn for b in drawn for c in drawn]
    with engine.begin() as connection:
        connection.execute(table.insert(), [{"code": code} for code in (*codes, None)])
    with engine.connect() as connection:
        yield connection, table.c.code, codes


@given(CODES)
def test_the_database_finds_what_lies_within_an_area_and_nothing_else(stored, code):
    connection, column, codes = stored
    found = set(connection.scalars(select(column).where(tree.within(column, code))))
    assert found == {each for each in codes if tree.contains(code, each)}
    below = set(connection.scalars(select(column).where(tree.directly_within(column, code))))
    assert below == {each for each in codes if tree.parent_of(each) == code}


@pytest.mark.parametrize(
    "text", ["", "1", "311", "31.7", "31.71.", "31-71", "3171", "31.71.01.1001", "id", "٣١"]
)
def test_other_texts_are_no_codes(text):
    assert not tree.well_formed(text)


def test_a_larger_area_lies_in_none_of_a_smaller_level():
    assert tree.at_level("31.71", AreaLevel.DISTRICT) is None
    assert tree.at_level("31.71.01", AreaLevel.PROVINCE) == "31"


def test_the_provinces_are_built_in():
    assert len(PROVINCES) == 38
    assert all(tree.level_of(code) is AreaLevel.PROVINCE for code in PROVINCES)
    assert len(set(BUILT_IN.values())) == 39
    assert list(BUILT_IN) == sorted(BUILT_IN)


def test_every_indonesian_port_whose_clock_is_known_lies_in_a_province():
    assert set(KNOWN) == set(ports._ZONES)
    assert set(KNOWN.values()) <= set(PROVINCES)


def test_ports_of_one_province_keep_one_time():
    zones: dict[str, set[str | None]] = {}
    for port, area in KNOWN.items():
        zones.setdefault(area, set()).add(ports.zone_of(port))
    assert {area for area, found in zones.items() if len(found) > 1} == set()
