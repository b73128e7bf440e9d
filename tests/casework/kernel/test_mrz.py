"""Machine-readable zones: ICAO Doc 9303's own specimens, and what readers make of others."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.kernel import mrz
from casework.kernel.vocabulary import MrzItem, Sex

TODAY = date(2026, 11, 30)
PASSPORT = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
)
CARD = (
    "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
)
SMALL = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6"
VISA = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<"
SMALL_VISA = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<"
LONG = (
    "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<"
)


def read_whole(zone: str) -> mrz.Mrz:
    read = mrz.read(zone, TODAY)
    assert read is not None
    return read


@pytest.mark.parametrize(
    ("zone", "number", "nationality", "birth"),
    [
        (PASSPORT, "L898902C3", "UTO", "1974-08-12"),
        (CARD, "D23145890", "UTO", "1974-08-12"),
        (SMALL, "D23145890", "UTO", "1974-08-12"),
        (VISA, "L8988901C", "XXX", "1940-09-07"),
        (SMALL_VISA, "L8988901C", "XXX", "1940-09-07"),
        (LONG, "D23145890734", "UTO", "1934-07-12"),
    ],
)
def test_the_specimens_are_read_and_their_check_digits_agree(zone, number, nationality, birth):
    read = read_whole(zone)
    assert (read.number, read.nationality, read.birth) == (number, nationality, birth)
    assert read.name in ("ERIKSSON, ANNA MARIA", "STEVENSON, PETER JOHN")
    assert read.country == "UTO"
    assert read.sex is (Sex.MALE if zone is LONG else Sex.FEMALE)
    assert read.wrong == ()


def test_a_number_that_leaves_room_in_its_field_goes_on_nowhere():
    """Its check digit was misread as a filler; what stands in the optional data is another one."""
    upper, rest = CARD.split("\n", 1)
    read = read_whole(f"{upper[:5]}AB1234<<<<3201011203800<<\n{rest}")
    assert read.number == "AB1234"
    assert MrzItem.NUMBER in read.wrong


def test_each_check_digit_is_found_wrong_by_itself():
    upper, lower = PASSPORT.split("\n")
    for at, item in (
        (9, MrzItem.NUMBER),
        (19, MrzItem.BIRTH_DATE),
        (27, MrzItem.EXPIRY_DATE),
        (42, MrzItem.PERSONAL_NUMBER),
    ):
        other = str((int(lower[at]) + 1) % 10)
        read = read_whole(f"{upper}\n{lower[:at]}{other}{lower[at + 1 :]}")
        assert set(read.wrong) == {item, MrzItem.COMPOSITE}
    read = read_whole(f"{upper}\n{lower[:-1]}7")
    assert read.wrong == (MrzItem.COMPOSITE,)
    assert read.number == "L898902C3"


@pytest.mark.parametrize(
    "written",
    [
        PASSPORT.replace("\n", ""),
        PASSPORT.lower(),
        PASSPORT.replace("\n", "\r\n  "),
        PASSPORT.replace("<<<<<<<<<<<<<<<<<<<\n", "\n"),  # without the fillers at the end
        PASSPORT.replace("<", "\u00ab"),
    ],
)
def test_a_zone_is_read_however_readers_write_it(written):
    assert mrz.read(written, TODAY) == mrz.read(PASSPORT, TODAY)


@pytest.mark.parametrize("text", ["", "\n", "nonsense", PASSPORT[:-1] + "\u0665", PASSPORT + "<<"])
def test_what_is_no_zone_is_none(text):
    assert mrz.read(text, TODAY) is None


@pytest.mark.parametrize(
    ("text", "born"),
    [
        ("261130", "2026-11-30"),
        ("261201", "1926-12-01"),
        ("000229", "2000-02-29"),
        ("80<<<<", "1980"),
        ("800000", "1980"),
        ("8002<<", "1980-02"),
        ("<<<<<<", None),
        ("801332", None),
    ],
)
def test_a_birth_is_read_as_far_as_it_is_known(text, born):
    assert mrz.birth_of(text, TODAY) == born


def test_a_german_passport_is_of_germany_and_a_long_name_may_be_cut():
    lower = "C01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4"
    read = read_whole("P<D<<" + "MUSTERMANN<<ERIKA<ABCDEFGHIJKLMNOPQRSTU"[:39] + "\n" + lower)
    assert (read.country, read.nationality, read.wrong) == ("DEU", "DEU", ())
    assert read.name_cut


@settings(max_examples=200)
@given(st.text(alphabet="AZ09<\n \u00df\u0130", max_size=200))
def test_no_text_breaks_the_reader(text):
    read = mrz.read(text, TODAY)
    assert read is None or len("".join(read.lines)) in (72, 88, 90)
