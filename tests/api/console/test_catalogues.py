"""Nothing is said in one language only; and the check that says so can fail."""

import pytest

from api.console.i18n import load, preferred
from tests import catalogues


def test_no_text_is_missing_in_either_language():
    assert list(catalogues.problems()) == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<p>{{ _("Hello") }}</p>', []),
        ('<img alt="A face">', ["A face"]),
        ('<img alt="{{ _("A face") }}">', []),
        ("{# a comment #}<b>1 &middot; 2</b>", []),
        ("{% if x %}yes{% endif %}", ["yes"]),
        ('<input class="plain" type="text">', []),
    ],
)
def test_untranslated_texts_of_templates_are_found(template, found):
    assert list(catalogues.untranslated(template)) == found


@pytest.mark.parametrize(
    ("module", "found"),
    [
        ('element.textContent = "Live now";', ["Live now"]),
        ("element.textContent = `${count}`;", []),
        ("element.textContent = box.dataset.text;", []),
    ],
)
def test_texts_of_modules_are_found(module, found):
    assert list(catalogues.spoken_by_module(module)) == found


def test_dates_and_numbers_are_written_as_the_language_does(clock):
    speeches = load("Asia/Makassar")
    assert speeches["id"].when(clock()) == "1 Mar 2026 16:00 WITA"
    assert speeches["en"].when(clock(), seconds=True) == "1 Mar 2026 16:00:00 GMT+08:00"
    assert speeches["id"].number(1234.5, 2) == "1.234,50"
    assert speeches["en"].number(1234.5, 2) == "1,234.50"


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(LookupError):
        load("Asia/Atlantis")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("en-GB,en;q=0.9", "en"), ("id-ID", "id"), ("fr, en;q=0.5", "en"), ("fr", "id"), ("ü", "id")],
)
def test_a_browsers_language_is_followed_where_it_is_ours(accepted, language):
    assert preferred(accepted) == language
