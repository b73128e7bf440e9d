"""Lists of others: FollowTheMoney entities, OpenSanctions' table, INTERPOL notices."""

import json
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.imports import followthemoney
from casework.imports.formats import read_rows
from casework.imports.photos import ZippedPhotos, open_zip
from casework.imports.photos_beside import with_photos_beside
from casework.imports.source import ImportSource, counted, opened
from casework.kernel.errors import ImportRefused
from tests.casework.imports.lists import LIMITS, binary, zip_of


def entity(schema, entity_id, /, **properties):
    return {"id": entity_id, "schema": schema, "properties": properties}


PERSON = entity(
    "Person",
    "NK-1",
    name=["Jo\u00e3o Doe", "Joao Doe"],
    alias=["JD"],
    weakAlias=["J", "JD"],
    birthDate=["1980", "1980-02-29"],
    gender=["male"],
    nationality=["id"],
    passportNumber=["C 123"],
    idNumber=["31"],
    topics=["sanction", "crime"],
) | {"caption": "Joao Doe", "referents": ["old-1"]}
PASSPORT = entity("Passport", "p", holder=["old-1"], number=["C123"], country=["id"])
SANCTION = entity(
    "Sanction",
    "s",
    entity=["NK-1"],
    authority=["UN"],
    program=["QD"],
    reason=["listed"],
    authorityId=["QDi.001"],
    sourceUrl=["https://example.org/1"],
)
COMPANY = entity("Company", "c", name=["Doe Ltd"])
ADDRESS = entity("Address", "a", full=["somewhere"])


def lines(*values):
    return "\n".join(map(json.dumps, values)).encode()


def rows_of(content):
    return list(read_rows(binary(content)))


def codes(row):
    return [(each.code, each.message.code) for each in (*row.faults, *row.warnings)]


SAID = {
    "reference": "NK-1",
    "name": "Joao Doe",
    "aliases": ["Jo\u00e3o Doe", "JD", "J"],
    "birth_date": "1980-02-29",
    "sex": "M",
    "nationality": "IDN",
    "documents": [
        {"kind": "passport", "number": "C123", "country": "IDN"},
        {"kind": "id", "number": "31"},
    ],
    "decision_number": "QDi.001",
    "reason": "UN: QD: listed source: https://example.org/1\ntopics: sanction, crime",
}


def test_entities_of_their_own_are_joined_to_their_holder_in_any_order():
    for order in (
        (SANCTION, PERSON, COMPANY, PASSPORT, ADDRESS),
        (PASSPORT, COMPANY, PERSON, SANCTION),
    ):
        (row,) = rows_of(lines(*order))
        assert row.fields == SAID
        assert codes(row) == [("parts_left_out", "row_entities_left_out")]
        assert row.warnings[0].message.params == {"entities": 1, "kinds": ("1 Company",)}
        assert not row.names_photos


def test_nested_entities_are_the_same_person():
    nested = PERSON | {
        "properties": {**PERSON["properties"], "sanctions": [SANCTION], "passports": [PASSPORT]}
    }
    (row,) = rows_of(lines(nested))
    assert (row.fields, codes(row)) == (SAID, [])


def test_the_table_says_less_and_is_read_too():
    heading = (
        '"id","schema","name","aliases","birth_date","countries","addresses","identifiers",'
        '"sanctions","phones","emails","dataset","first_seen","last_seen"\n'
    )
    row = (
        '"NK-1","Person","Joao Doe","""Doe; Joao"";JD","1980;1980-02-29","id","","C123;31",'
        '"UN - listed","","","UN list","2020-01-01","2026-01-01"\n'
    )
    other = '"NK-2","Company","Doe Ltd","","","id","","","","","","","",""\n'
    (read,) = rows_of((heading + row + other).encode())
    assert read.fields == {
        "reference": "NK-1",
        "name": "Joao Doe",
        "aliases": ["Doe; Joao", "JD"],
        "birth_date": "1980-02-29",
        "nationality": "IDN",
        "documents": [{"kind": "id", "number": "C123"}, {"kind": "id", "number": "31"}],
        "reason": "UN - listed\nlist: UN list",
    }
    assert codes(read) == [
        ("known_in_part", "row_country_as_nationality"),
        ("parts_left_out", "row_entities_left_out"),
    ]


def test_what_the_source_leaves_open_is_told():
    several = entity(
        "Person",
        "p",
        name=["x"],
        birthDate=["1980", "1981"],
        nationality=["id", "my"],
        gender=["male", "female"],
    )
    former = entity("Person", "q", name=["y"], nationality=["suhh"])
    connected = entity("Person", "r", name=["z"], country=["id", "my"])
    rows = rows_of(lines(several, former, connected))
    assert codes(rows[0]) == [("known_in_part", "row_several_values")] * 3
    assert rows[0].fields["nationality"] == "IDN"
    assert codes(rows[1]) == [("known_in_part", "nation_of_before")]
    assert rows[1].fields["nationality"] == "XXX"
    assert codes(rows[2]) == [("known_in_part", "row_nationality_open")]
    assert "nationality" not in rows[2].fields
    partly, part, former = (
        entity("Person", str(n), name=["x"], nationality=given)
        for n, given in enumerate((["id", "atlantis"], ["gb-sct"], ["ddde"]))
    )
    rows = rows_of(lines(partly, part, former))
    assert [row.fields["nationality"] for row in rows] == ["IDN", "GBR", "DEU"]
    assert [len(codes(row)) for row in rows] == [1, 0, 1]


def test_lines_that_are_no_entities_are_refused_by_themselves():
    rows = rows_of(lines(PERSON) + b"\n{broken\n" + lines(PERSON | {"id": "NK-2"}))
    assert [row.reference for row in rows] == ["NK-1", None, "NK-2"]
    assert codes(rows[1]) == [("row_malformed", "row_not_object")]


def test_a_file_without_people_is_refused():
    with pytest.raises(ImportRefused, match="Person"):
        rows_of(lines(COMPANY, PASSPORT))


def test_many_entities_take_little_memory_and_too_many_are_refused(monkeypatch):
    content = lines(*(PERSON | {"id": f"NK-{place}"} for place in range(4000)))
    tracemalloc.start()
    assert sum(1 for _ in read_rows(binary(content))) == 4000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
    monkeypatch.setattr(followthemoney, "_HELD_BYTES", 1000)
    with pytest.raises(ImportRefused, match="nested"):
        rows_of(lines(*[PASSPORT] * 10, PERSON))


NOTICE = {
    "entity_id": "2009/34534",
    "forename": "JOHN",
    "name": "DOE",
    "date_of_birth": "1980/02/29",
    "sex_id": "M",
    "nationalities": ["ID"],
    "arrest_warrants": [
        {"charge": "Theft", "issuing_country_id": "MY", "charge_translation": None},
        {"charge": "Fraud"},
    ],
    "_embedded": {"links": []},
    "_links": {
        "self": {"href": "https://ws.example.org/notices/v1/red/2009-34534"},
        "images": {"href": "https://ws.example.org/notices/v1/red/2009-34534/images"},
    },
}
PAGE = {"total": 1, "query": {"page": 1}, "_embedded": {"notices": [NOTICE]}, "_links": {}}
SAID_BY_NOTICE = {
    "reference": "2009/34534",
    "name": "JOHN DOE",
    "birth_date": "1980-02-29",
    "sex": "M",
    "nationality": "IDN",
    "reason": "INTERPOL red notice\nMY: Theft\nFraud",
}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(NOTICE),
        json.dumps(NOTICE, indent=2),
        json.dumps(PAGE),
        json.dumps(PAGE, indent=2),
        json.dumps([NOTICE]),
        json.dumps([PAGE], indent=1),
        f"{json.dumps(PAGE)}\n",
    ],
)
def test_notices_alone_on_pages_and_in_lines(content):
    (row,) = rows_of(content.encode())
    assert row.fields == SAID_BY_NOTICE
    assert codes(row) == [("photo_elsewhere", "row_photo_elsewhere")]


def test_notices_that_know_little():
    bare = {"entity_id": "2009-34534", "name": "DOE", "forename": None, "sex_id": "U"}
    several = {"entity_id": "1", "name": "X", "nationalities": ["ID", "MY"]}
    odd = {"entity_id": 5, "nationalities": "XYZ", "arrest_warrants": "x", "_links": []}
    rows = rows_of(json.dumps([bare, several, odd]).encode())
    assert rows[0].fields == {
        "reference": "2009/34534",
        "name": "DOE",
        "sex": "U",
        "reason": "INTERPOL notice",
    }
    assert codes(rows[1]) == [("known_in_part", "row_several_values")]
    assert rows[2].reference is None
    assert codes(rows[2]) == [("known_in_part", "row_nationality_open")]


def test_photos_lie_beside_under_the_reference():
    names = ("2009-34534.jpg", "photos/2009-34534-2.PNG", "2009-34534-3.png", "2009-34534-5.png")
    archive = open_zip(binary(zip_of(dict.fromkeys(names, b"x"))), "photos", 1000)
    (row,) = rows_of(json.dumps(NOTICE).encode())
    found = with_photos_beside(row, ZippedPhotos(archive))
    assert found.photos == (
        "2009-34534.jpg",
        "photos/2009-34534-2.PNG",
        "2009-34534-3.png",
        "2009-34534-5.png",
    )
    assert codes(found) == []


def test_a_photo_of_another_reference_is_not_a_numbered_one():
    names = ("P.jpg", "P-1.jpg", "p-2.jpg", "P-12.jpg", "Q", "P.pdf", "deep/P.jpg")
    archive = open_zip(binary(zip_of(dict.fromkeys(names, b"x"))), "photos", 1000)
    people = [{**NOTICE, "entity_id": each} for each in ("P", "P-1", "Q")]
    source = ImportSource(binary(json.dumps(people).encode()), ZippedPhotos(archive))
    photos = {row.reference: row.photos for row in source.rows()}
    assert photos == {"P": ("P.jpg", "p-2.jpg", "P-12.jpg"), "P-1": ("P-1.jpg",), "Q": ("Q",)}


def test_all_in_one_zip_and_photos_in_another():
    photos = {"photos/NK-1.jpg": b"x"}
    with opened(
        binary(zip_of({"entities.ftm.json": lines(PERSON), **photos})), None, LIMITS
    ) as one:
        assert counted(one, LIMITS) == 1
        assert next(one.rows()).photos == ("photos/NK-1.jpg",)
    with opened(binary(lines(PERSON)), binary(zip_of(photos)), LIMITS) as two:
        assert next(two.rows()).photos == ("photos/NK-1.jpg",)


def test_arrays_of_something_else_and_deep_values_are_refused_or_told():
    with pytest.raises(ImportRefused, match="JSON array"):
        rows_of(b'[{"reference": "1"}]')
    deep = b'{"schema": "Person", "properties": ' + b"[" * 100_000
    assert codes(rows_of(deep)[0]) == [("row_malformed", "row_not_object")]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(data=st.data())
def test_entities_and_notices_of_any_shape_are_read_or_refused(data):
    known = data.draw(st.sampled_from([PERSON, PASSPORT, SANCTION, NOTICE, PAGE]))
    value = json.loads(json.dumps(known))
    place = value.get("properties", value)
    for name in data.draw(st.lists(st.sampled_from(sorted(place)), max_size=4)):
        place[name] = data.draw(anything)
    with suppress(ImportRefused):
        for row in rows_of(lines(value, PERSON)):
            assert row.fields or row.faults
