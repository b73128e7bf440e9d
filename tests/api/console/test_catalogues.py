"""Nothing is said in one language only; and the check that says so can fail."""

from datetime import date

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


def test_dates_are_written_alike_and_numbers_as_the_language_does(clock):
    speeches = load("Asia/Makassar")
    for speech in speeches.values():
        assert speech.when(clock()) == "01-03-2026 16:00 WITA"
        assert speech.when(clock(), seconds=True) == "01-03-2026 16:00:00 WITA"
        assert speech.day(clock()) == "01-03-2026"
        assert speech.day(date(1980, 2, 28)) == "28-02-1980"
    assert speeches["id"].number(1234.5, 2) == "1.234,50"
    assert speeches["en"].number(1234.5, 2) == "1,234.50"


@pytest.mark.parametrize(
    ("reader", "port", "says"),
    [
        ("Asia/Jakarta", "DPS", "01-03-2026 16:00 WITA (15:00 WIB)"),
        ("Asia/Jakarta", "CGK", "01-03-2026 15:00 WIB"),
        ("Asia/Jakarta", "SIN", "01-03-2026 15:00 WIB"),
        ("Asia/Jakarta", "IDDJJ", "01-03-2026 17:00 WIT (15:00 WIB)"),
        ("Asia/Pontianak", "CGK", "01-03-2026 15:00 WIB"),
        ("America/Los_Angeles", "DPS", "01-03-2026 16:00 WITA (00:00 GMT-08:00)"),
        ("Pacific/Honolulu", "DPS", "01-03-2026 16:00 WITA (28-02-2026 22:00 GMT-10:00)"),
    ],
)
def test_a_ports_clocks_stand_beside_the_readers(clock, reader, port, says):
    speech = load(reader)["en"].at_port(port)
    assert speech.when(clock()) == says
    assert speech.when(clock(), utc=True).endswith("08:00 UTC)")


def test_no_date_is_written_as_the_machines_language_does(clock, monkeypatch):
    monkeypatch.setattr("babel.dates.LC_TIME", "xx_NOWHERE")
    says = load("Asia/Jakarta")["en"].at_port("DPS").when(clock())
    assert says == "01-03-2026 16:00 WITA (15:00 WIB)"


def test_a_time_of_day_names_zones_where_there_are_two(clock):
    speech = load("Asia/Jakarta")["id"]
    assert speech.at_port("CGK").time(clock(), seconds=True) == "15:00:00"
    assert speech.at_port("DPS").time(clock()) == "16:00 WITA (15:00 WIB)"


def test_no_field_shows_a_day_as_the_browser_likes_it():
    for template in (catalogues.CONSOLE / "templates").glob("**/*.html"):
        for browsers_own in ("date", "datetime-local", "time", "month", "week"):
            assert f'type="{browsers_own}"' not in template.read_text(encoding="utf-8")


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(LookupError):
        load("Asia/Atlantis")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("en-GB,en;q=0.9", "en"), ("id-ID", "id"), ("fr, en;q=0.5", "en"), ("fr", "id"), ("ü", "id")],
)
def test_a_browsers_language_is_followed_where_it_is_ours(accepted, language):
    assert preferred(accepted) == language
