"""Numbers as each language writes them: as Babel does, at a fraction of the time."""

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from api.console.i18n import LANGUAGES, load

SPEECHES = load("Asia/Jakarta")


@pytest.mark.parametrize("language", LANGUAGES)
@given(st.integers(-(10**24), 10**24) | st.floats(-1e24, 1e24))
def test_a_number_is_written_as_the_language_has_it(language, value):
    assert SPEECHES[language].number(value) == format_decimal(value, None, locale=language)
