"""Officers are called as on the day of their act, whatever they are called later."""

from datetime import UTC, datetime, timedelta

from casework.kernel.officer_names import OfficerName, name_at, rename
from casework.tables import Officer

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
NIP, OTHER = "198704122010012003", "78091234"


def day(number: int) -> datetime:
    return BEGIN + timedelta(days=number)


def test_a_rename_counts_from_its_day_on():
    officer = Officer(name="Sari", service_number=NIP)
    rename(officer, "Sari Dewi", NIP, day(2))
    rename(officer, "Sari Dewi", OTHER, day(4))
    called = [name_at(officer, "IMI", day(n)) for n in (0, 1, 2, 3, 4, 9)]
    assert [(each.name, each.service_number) for each in called] == [
        ("Sari", NIP),
        ("Sari", NIP),
        ("Sari Dewi", NIP),
        ("Sari Dewi", NIP),
        ("Sari Dewi", OTHER),
        ("Sari Dewi", OTHER),
    ]
    assert {each.agency_code for each in called} == {"IMI"}


def test_what_stays_is_no_rename():
    officer = Officer(name="Sari", service_number=NIP)
    rename(officer, "Sari", NIP, day(1))
    assert officer.former_names == []


def test_a_number_that_was_not_known_was_the_officers_before():
    officer = Officer(name="Sari")
    rename(officer, "Sari Dewi", None, day(1))
    rename(officer, "Sari Dewi", NIP, day(2))
    assert name_at(officer, "IMI", day(0)) == OfficerName("Sari", NIP, "IMI")


def test_a_number_that_is_taken_away_was_theirs_until_then():
    officer = Officer(name="Sari", service_number=NIP)
    rename(officer, "Sari", None, day(1))
    numbers = [name_at(officer, None, day(n)).service_number for n in (0, 1)]
    assert numbers == [NIP, None]
