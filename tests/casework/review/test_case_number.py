"""Case numbers: letters that find what was misheard, and numbers given once, without gaps."""

import threading

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from api.v1.agencies.schemas import CODE_PATTERN
from casework.kernel.database import Database
from casework.kernel.group_commit import GroupCommit
from casework.review import case_number
from casework.review.case_number import LETTERS, CaseNumberRefused, check_letter
from casework.tables import Alert, Encounter
from tests.deadlines import patience
from tests.services import url_of

CODES = st.from_regex(CODE_PATTERN, fullmatch=True)
COUNTS = st.one_of(st.integers(1, 99_999), st.integers(100_000, 10**9))
DIGITS = "0123456789"


def other(text, at, character):
    """A text with another character at a place."""
    return text[:at] + character + text[at + 1 :]


# The letter


def test_a_number_is_short_and_has_no_letter_that_is_read_as_a_digit():
    assert case_number.case_number("IMI", 42) == "IMI-00042-X"
    assert case_number.case_number("POL-DA", 123_456).startswith("POL-DA-123456-")
    assert len(set(LETTERS)) == 23
    assert not set("IOQ0123456789") & set(LETTERS)


@given(CODES, COUNTS, st.data())
def test_one_wrong_digit_is_found(code, count, data):
    number = f"{code}-{count:05}"
    at = data.draw(st.integers(len(code) + 1, len(number) - 1))
    wrong = other(number, at, data.draw(st.sampled_from(DIGITS)))
    assume(wrong != number)
    assert check_letter(wrong) != check_letter(number)


@given(CODES, COUNTS, st.data())
def test_two_digits_the_wrong_way_round_are_found(code, count, data):
    number = f"{code}-{count:05}"
    at = data.draw(st.integers(len(code) + 1, len(number) - 2))
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assume(swapped != number)
    assert check_letter(swapped) != check_letter(number)


@given(CODES, COUNTS, st.data())
def test_one_wrong_letter_of_the_code_is_found_unless_it_lies_23_apart(code, count, data):
    number = f"{code}-{count:05}"
    at = data.draw(st.integers(0, len(code) - 1))
    wrong = other(number, at, data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ")))
    assume(code[at].isalpha() and wrong != number)
    apart = abs(ord(wrong[at]) - ord(number[at]))
    assert (check_letter(wrong) != check_letter(number)) == (apart != 23)


@given(CODES, CODES, COUNTS)
def test_no_two_alerts_have_one_number(code, another, count):
    numbers = {case_number.case_number(code, n) for n in (count, count + 1)}
    assert len(numbers) == 2
    if code != another:
        assert case_number.case_number(another, count) not in numbers


# Reading


@pytest.mark.parametrize(
    "text",
    ["IMI-00042-X", " imi 00042 x\n", "imi00042x", "IMI  -  00042 - X", "IMI\u201300042\u2013X"],
)
def test_a_number_is_read_as_people_type_it(text):
    assert case_number.read(text) == "IMI-00042-X"


@given(CODES, COUNTS, st.sampled_from(["-", " ", " - ", "\u2011"]))
def test_what_is_given_is_read_whatever_parts_it(code, count, between):
    assume(not code.endswith("-"))
    number = case_number.case_number(code, count)
    head, digits, letter = number.rsplit("-", 2)
    assert case_number.read(between.join((head, digits, letter)).lower()) == number


@given(CODES, COUNTS, st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_a_wrong_letter_is_said_to_be_misheard(code, count, letter):
    number = case_number.case_number(code, count)
    assume(letter != number[-1])
    with pytest.raises(CaseNumberRefused) as refused:
        case_number.read(number[:-1] + letter)
    assert refused.value.message.code == "case_number_misheard"


@pytest.mark.parametrize(
    "text", ["", "IMI", "42", "IMI-42-X", "IMI-00042", "IMI-000042-X", "-00042-X", "IMI-00042-XX"]
)
def test_what_is_no_number_is_said_to_be_none(text):
    with pytest.raises(CaseNumberRefused) as refused:
        case_number.read(text)
    assert refused.value.message.code == "case_number_malformed"


# Giving


def numbers(desk):
    """The case numbers there are, in the order of the alerts."""
    with desk.service.kernel.database.read() as session:
        return list(session.scalars(select(Alert.case_number).order_by(Alert.id)))


def listed(agency, *counts):
    return [case_number.case_number(agency, count) for count in counts]


@pytest.mark.every_database
def test_each_agency_counts_its_own_alerts_also_of_one_traveller(desk):
    desk.enrol(1, desk.watchlist("one"), desk.watchlist("two"))
    desk.enrol(1, desk.watchlist("theirs", agency_id=desk.agency("POL")))
    raised = desk.screen(1).encounter.alerts
    assert sorted(alert.case_number for alert in raised) == [
        *listed("IMI", 1, 2),
        *listed("POL", 1),
    ]
    assert sorted(numbers(desk)) == sorted(alert.case_number for alert in raised)
    assert desk.screen(1).encounter.alerts[0].case_number[-7:-2] in {"00002", "00003"}


@pytest.mark.every_database
def test_a_number_is_never_given_again_whatever_is_erased(desk):
    desk.enrol(1)
    desk.screen(1)
    desk.screen(1)
    with desk.service.kernel.database.write() as session:
        session.execute(delete(Encounter))
    assert numbers(desk) == []
    desk.screen(1)
    assert numbers(desk) == listed("IMI", 3)


@pytest.mark.every_database
def test_what_is_undone_takes_no_number(desk):
    desk.enrol(1)
    desk.screen(1)
    owner, given = desk.agency("IMI"), []

    def fail(connection):
        given.extend(case_number.give(connection, [owner, owner], practice=False))
        raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        GroupCommit(desk.service.kernel.database).write(fail)
    assert given == listed("IMI", 2, 3)
    desk.screen(1)
    assert numbers(desk) == listed("IMI", 1, 2)


@pytest.mark.every_database
def test_threads_and_nodes_that_write_at_once_give_each_number_once(desk, database):
    """Two nodes on one database, several threads each, the alerts of several in one commit."""
    owner, given, threads = desk.agency("IMI"), [], []
    nodes = [Database(url_of(database)), Database(url_of(database))]

    def work(group):
        for size in (1, 2, 1, 3):
            group.write(lambda connection: take(connection, size))  # noqa: B023 - it is done now

    def take(connection, size):
        given.extend(case_number.give(connection, [owner] * size, practice=False))

    for group in map(GroupCommit, nodes):
        threads += [threading.Thread(target=work, args=(group,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patience(60))
    for node in nodes:
        node.close()
    assert sorted(given) == sorted(listed("IMI", *range(1, len(threads) * 7 + 1)))
