"""A template is a list that an import takes, in either language."""

import io
from datetime import UTC

import pytest

from api.console.i18n import load
from api.console.messages import translated
from casework.imports.descriptions import understood
from casework.imports.formats import read_rows
from casework.imports.headings import HEADINGS, column_of
from casework.imports.raw_rows import COLUMNS
from casework.imports.template import TemplateForm, template


def test_every_column_has_a_heading_of_its_own_in_each_language():
    for headings in HEADINGS.values():
        assert tuple(headings) == COLUMNS
        assert len(set(headings.values())) == len(COLUMNS)
        assert {column_of(each): name for name, each in headings.items()} == dict(
            zip(COLUMNS, COLUMNS, strict=True)
        )


@pytest.mark.parametrize("language", HEADINGS)
@pytest.mark.parametrize("form", TemplateForm)
def test_a_template_is_an_empty_list(form, language):
    assert list(read_rows(io.BytesIO(template(form, language)))) == []


@pytest.mark.parametrize("language", HEADINGS)
def test_what_is_filled_in_below_is_read(language):
    row = ",".join(f"{name}-1" if name in ("reference", "name") else "" for name in COLUMNS)
    filled = template(TemplateForm.CSV, language) + f"{row}\r\n".encode()
    (found,) = read_rows(io.BytesIO(filled))
    assert (found.reference, found.fields["name"], found.warnings) == ("reference-1", "name-1", ())


def test_languages_may_be_mixed_and_a_column_stands_once():
    (found,) = read_rows(io.BytesIO(b"Referensi;name;Tanggal Lahir\nR-1;Ana;1980-02-28\n"))
    assert found.fields["birth_date"] == "1980-02-28"
    assert [each.code for each in found.warnings] == ["heading_unusual"]
    with pytest.raises(Exception, match="name"):
        list(read_rows(io.BytesIO(b"reference,nama,name\nR-1,Ana,Ani\n")))


def test_a_warning_says_what_was_written_and_what_it_is():
    fields = {"nationality": "Australia", "sex": "laki-laki"}
    kept, warnings = understood(fields, UTC)
    assert kept == {"nationality": "AUS", "sex": "M"}
    assert [str(each.message) for each in warnings] == ["'laki-laki' is M.", "'Australia' is AUS."]
    assert translated(warnings[1].message, load("UTC")["id"]) == "'Australia' adalah AUS."
