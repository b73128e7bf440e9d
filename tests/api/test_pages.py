"""Pages: some of the rows, and where to go on."""

from dataclasses import dataclass

import pytest

from api.pages import page_of


@dataclass(frozen=True)
class Row:
    id: str


ROWS = [Row(f"row_{number}") for number in range(4)]


def first(most):
    return ROWS[:most]


@pytest.mark.parametrize("limit", [4, 5])
def test_a_page_that_holds_the_whole_list_says_that_nothing_follows(limit):
    assert page_of(first, limit) == (ROWS, None)


def test_a_page_with_more_behind_it_gives_the_key_of_its_own_last_row():
    assert page_of(first, 3) == (ROWS[:3], "row_2")
    assert page_of(first, 3, lambda row: int(row.id[-1])) == (ROWS[:3], 2)


def test_an_empty_list_is_one_empty_page():
    assert page_of(lambda _most: [], 3) == ([], None)
