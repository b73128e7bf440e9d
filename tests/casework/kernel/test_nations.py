"""Codes of states and nationalities."""

import pycountry
import pytest

from casework.kernel.nations import OF_TRAVEL_DOCUMENTS, nation


def test_every_country_and_every_code_of_travel_documents_is_known():
    for country in pycountry.countries:
        assert nation(country.alpha_3) == country.alpha_3
    for code in OF_TRAVEL_DOCUMENTS:
        assert nation(code) == code
    # A code that ISO has taken up needs no line of its own any more.
    assert not any(pycountry.countries.get(alpha_3=code) for code in OF_TRAVEL_DOCUMENTS)


def test_germany_s_own_way_of_writing_is_kept_as_everybody_else_s():
    assert nation("D") == "DEU"


@pytest.mark.parametrize("code", ["", "ID", "idn", "IDNX", "YUG", "XYZ", "UTO", "Indonesia", "DD"])
def test_what_is_no_nationality(code):
    with pytest.raises(ValueError, match="is not a nationality"):
        nation(code)
