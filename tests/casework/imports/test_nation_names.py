"""Nationalities as lists have them."""

import pycountry
import pytest
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.imports.demonyms import DEMONYMS
from casework.imports.nation_names import Nation, nation_of
from casework.kernel.nations import nation

COUNTRIES = st.sampled_from(sorted(pycountry.countries, key=lambda each: each.alpha_3))
CASES = (str, str.lower, str.upper, str.title)
OF_TWO = Nation(None, Nation.Remark.OF_TWO_STATES)


@settings(max_examples=40)
@given(
    country=COUNTRIES, case=st.sampled_from(CASES), around=st.sampled_from(("{}", " {} ", "{}<<"))
)
def test_a_state_is_known_by_its_codes_in_any_case(country, case, around):
    for code in (country.alpha_2, country.alpha_3, country.numeric):
        if code == "AS":
            continue
        assert nation_of(around.format(case(code))).code == country.alpha_3


@settings(max_examples=40)
@given(country=COUNTRIES, case=st.sampled_from(CASES))
def test_a_state_is_known_by_its_name_unless_two_have_it(country, case):
    assert nation_of(case(country.name)) in (
        Nation(country.alpha_3, Nation.Remark.WRITTEN_OTHERWISE),
        OF_TWO,
    )


def test_a_state_is_known_by_every_name_that_english_and_indonesian_have():
    missed = []
    for language in ("en", "id"):
        for country in pycountry.countries:
            name = Locale(language).territories[country.alpha_2]
            ways = (name, name.upper(), name.replace(" ", "-"), f"Warga Negara {name}")
            missed += [way for way in ways if nation_of(way).code != country.alpha_3]
    assert not missed


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("GBR", "Inggris;Kerajaan Inggris;Britania Raya;Britain;U.K.;WN Inggris;ORANG INGGRIS"),
        ("CHN", "Cina;CINA;Tiongkok;RRC;RRT;R.R.T.;P.R.C.;Republik Rakyat Tiongkok;WNA Tiongkok"),
        ("MAC", "Makau;Macau;MACAO"),
        ("HKG", "Hongkong;HONG KONG;Hong-Kong"),
        ("USA", "U.S.A.;U.S.;A.S.;u.s.a;Amerika Serikat;AmerikaSerikat;Amerika"),
        ("IDN", "WNI;R.I.;Republik Indonesia;WNI Indonesia;I D N"),
        ("KOR", "Korsel;Korea Selatan;Republik Korea"),
        ("LKA", "Srilanka;Sri Langka;SRI LANKA"),
        ("CIV", "Pantai Gading;Cote dIvoire"),
        ("TLS", "Timor Timur;Timor-Leste;Timor Leste"),
        ("ARE", "U.A.E.;UEA;Uni Emirat Arab"),
        ("FRA", "Perancis;Prancis"),
        ("XXX", "Uni Soviet;Cekoslovakia"),
        ("DOM", "Republik Dominika"),
        (None, "WNA;Warga Negara Asing;AS;as;Republik Cina"),
    ],
)
def test_indonesian_officers_write_states_in_many_ways(code, words):
    assert {word: nation_of(word).code for word in words.split(";")} == dict.fromkeys(
        words.split(";"), code
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("BRITISH", "GBR"), ("INDONESIAN", "IDN"), ("Warga Negara Indonesia", "IDN")),
        *(("RI", "IDN"), ("Republik Indonesia", "IDN"), ("Indonesia (WNI)", "IDN")),
        *(("ROM", "ROU"), ("EU", "EUE"), ("GER", "DEU"), ("XKX", "RKS"), ("Kosovo", "RKS")),
        *(("DRC", "COD"), ("Congo, Democratic Republic", "COD"), ("Republic of Congo", "COG")),
        *(("Congo-Kinshasa", "COD"), ("South Korean", "KOR"), ("Palestine", "PSE")),
        *(("East Germany", "DEU"), ("ZAR", "COD"), ("Rhodesia", "ZWE"), ("YUG", "XXX")),
        *(("Democratic Republic of the Congo", "COD"), ("Korea, South", "KOR")),
        *(("Congo, Democratic Republic of the", "COD"), ("Korea (Republic of)", "KOR")),
        *(("Sudan (South)", "SSD"), ("Guinea (Equatorial)", "GNQ"), ("Samoa (American)", "ASM")),
        *(("Ireland (Northern)", "GBR"), ("Republic of China (Taiwan)", "TWN")),
        *(("Congo; IDN", "IDN"), ("british / french", "GBR"), ("Nigerien", "NER")),
    ],
)
def test_people_are_called_by_many_words(text, code):
    assert nation_of(text).code == code


@pytest.mark.parametrize("text", ["Congo", "CONGOLESE", "Korea", "Dominican", "the Congo"])
def test_of_two_states_of_one_name_none_is_chosen(text):
    assert nation_of(text) == OF_TWO


def test_every_demonym_is_a_state_s():
    assert {nation(code) for code in DEMONYMS.values()} == set(DEMONYMS.values())
    assert not [word for word in DEMONYMS if nation_of(word).code != DEMONYMS[word]]


@settings(max_examples=40)
@given(st.text(max_size=20))
def test_any_text_is_a_state_s_or_not(text):
    code = nation_of(text).code
    assert code is None or nation(code) == code
