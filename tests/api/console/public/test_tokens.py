"""What a form carries instead of a session."""

from hypothesis import given
from hypothesis import strategies as st

from api.console.public.tokens import LEAST_S, MOST_S, Age, FormTokens
from tests.api.console.public.conftest import Ticks


def test_a_form_is_right_from_some_seconds_to_some_hours_after_its_page():
    ticks = Ticks()
    tokens = FormTokens(b"x" * 32, ticks)
    token = tokens.make()
    assert tokens.age(token) is Age.FRESH
    ticks.now += LEAST_S
    assert tokens.age(token) is Age.RIGHT
    ticks.now += MOST_S
    assert tokens.age(token) is Age.UNKNOWN


@given(st.text(max_size=300))
def test_nobody_makes_one_up(text):
    assert FormTokens(b"x" * 32, Ticks()).age(text) is Age.UNKNOWN


def test_another_installation_s_is_not_known():
    ticks = Ticks()
    token = FormTokens(b"x" * 32, ticks).make()
    ticks.now += LEAST_S
    assert FormTokens(b"y" * 32, ticks).age(token) is Age.UNKNOWN
