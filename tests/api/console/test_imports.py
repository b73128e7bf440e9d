"""Imports and exports in the console."""

import io
import re
import zipfile

import pytest

from casework.kernel.vocabulary import Role
from tests.deadlines import wait_until
from tests.fakes import photo_of
from tests.services import OPERATOR

CSV = "reference,name,photos\nR-1,Person 1,1.jpg\nR-2,,2.jpg\n"


def packed():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("subjects.csv", CSV)
        archive.writestr("1.jpg", photo_of(1))
        archive.writestr("2.jpg", photo_of(2))
    return content.getvalue()


@pytest.fixture
def analyst(signed_in):
    return signed_in("lina", Role.ANALYST)


def imported(browser, list_id, content, **fields):
    browser.open(f"/watchlists/{list_id}/import")
    return browser.send_here(files=[("file", ("a.zip", content, "application/zip"))], **fields)


def finished(browser):
    def through():
        browser.open(browser.path)
        return 'http-equiv="refresh" content="2"' not in browser.page.text

    wait_until(through, 30)
    return browser.text


def test_a_file_is_tried_then_stored_with_every_fault_named(analyst, desk):
    list_id = desk.watchlist()
    imported(analyst, list_id, packed(), dry_run="yes")
    assert "2 of 2 rows" in finished(analyst)
    assert desk.service.lists.subjects.page(OPERATOR, None, 5) == []
    imported(analyst, list_id, packed(), dry_run="no")
    assert "R-2" in finished(analyst)
    (subject,) = desk.service.lists.subjects.page(OPERATOR, None, 5)
    assert subject.reference == "R-1"
    faults = analyst.client.get(f"{analyst.page.url.path}/faults.csv")
    assert "R-2" in faults.text
    assert analyst.open("/imports").status_code == 200
    exported = analyst.client.get(f"/watchlists/{list_id}/export")
    assert "R-1" in exported.text
    links = re.findall(
        r'href="(/watchlists/[^"]+/export[^"]*)"', analyst.open(f"/watchlists/{list_id}").text
    )
    assert len(links) == 5
    for link in links:
        sent = analyst.client.get(link.replace("&amp;", "&"))
        zipped = sent.headers["content-disposition"].endswith(('.zip"', '.xlsx"'))
        assert sent.content.startswith(b"PK") == zipped


def test_a_file_that_is_none_comes_back_with_a_sentence(analyst, desk):
    answer = imported(analyst, desk.watchlist(), b"no file", dry_run="yes")
    assert answer.status_code == 422
    answer = imported(analyst, desk.watchlist(), b"reference,name,\xff\nR-1,A,B", dry_run="yes")
    assert (answer.status_code, 'id="file-says" class="fault"' in answer.text) == (422, True)
    analyst.open(f"/watchlists/{desk.watchlist()}/import")
    assert 'value="yes" checked' in analyst.page.text
    answer = analyst.send_here(dry_run="no")
    assert (answer.status_code, "Choose a file." in analyst.text) == (422, True)
    assert 'value="no" checked' in answer.text


def test_other_agencies_imports_are_not_there(analyst, signed_in, desk):
    imported(analyst, desk.watchlist(), packed(), dry_run="no")
    finished(analyst)
    address = analyst.page.url.path
    other = signed_in("stranger", Role.ANALYST, agency="POL")
    assert other.open(address).status_code == 404
    assert other.open(f"/watchlists/{desk.watchlist()}/import").status_code == 404
    assert other.open(f"/watchlists/{desk.watchlist()}/export").status_code == 404


def test_an_empty_list_is_there_to_fill_in(signed_in, desk):
    analyst = signed_in("lina", Role.ANALYST)
    analyst.open(f"/watchlists/{desk.watchlist()}/import")
    assert 'href="/imports/template?form=xlsx"' in analyst.page.text
    page = analyst.open("/imports/template?form=csv")
    assert page.headers["content-type"].startswith("text/csv")
    assert page.text.startswith("\ufeffreference,name,")
    assert analyst.open("/imports/template").content.startswith(b"PK")
