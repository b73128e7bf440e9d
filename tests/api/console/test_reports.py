"""Reports as a browser without JavaScript sees them, and as files."""

import csv
import io
import re
import zipfile

import openpyxl
import pypdfium2
import pytest

from casework.kernel.vocabulary import Role


@pytest.fixture
def scene(desk):
    desk.watchlist("=1+1")
    desk.enrol(1, desk.watchlist("=1+1"), nationality="IDN")
    for port in 7 * ["CGK"] + 2 * ["IDBTM"]:
        desk.screen(1, port=port)
        desk.clock.advance(minutes=16)  # sooner, and they share a row of the queue
    desk.clock.advance(days=31)
    return desk


def test_a_supervisor_chooses_two_dimensions_and_comes_to_the_alerts(scene, signed_in):
    browser = signed_in("boss", Role.SUPERVISOR)
    browser.open("/reports?rows=area&columns=port&period=2026-03")
    assert "Banten" in browser.text
    page = browser.page.text
    assert 'class="figure shade-5"' in page
    (link,) = re.findall(r'href="(/alerts\?[^"]*area=36[^"]*port=CGK[^"]*)"', page)
    browser.open(link.replace("&amp;", "&"))
    assert len(set(re.findall(r'data-id="(alr_\w+)"', browser.page.text))) == 7
    assert "March 2026" in browser.text
    assert 'name="month" value="2026-03"' in browser.page.text
    for address in ("/reports?rows=colour&columns=x&period=y", "/reports?rows=day&area_within=99"):
        assert browser.open(address).status_code == 200
    assert "April 2026" in browser.open("/reports?period=2026-04").text  # of one's own, so far
    assert browser.open("/reports/all").status_code == 403
    assert "/reports/table.csv" in browser.open("/reports").text


def test_an_auditor_sees_figures_and_no_way_to_alerts(scene, signed_in):
    browser = signed_in("auditor", Role.AUDITOR)
    browser.open("/reports?rows=port&columns=&period=2026-03")
    assert "CGK" in browser.text
    assert 'href="/alerts?' not in browser.page.text


def test_a_coordinator_sees_rounded_figures_and_no_list(scene, signed_in):
    browser = signed_in("coordinator", Role.COORDINATOR, agency="COORD")
    browser.open("/reports/all?rows=port&columns=watchlist")
    assert "< 5" in browser.text.replace("\xa0", " ")
    assert "=1+1" not in browser.text
    assert 'value="watchlist"' not in browser.page.text
    assert 'href="/alerts' not in browser.page.text
    # Nationality by port is no cut of others: the rows alone are shown.
    assert "IDN" not in browser.open("/reports/all?rows=port&columns=nationality").text
    assert browser.open("/reports").status_code == 403
    for form in ("csv", "xlsx", "pdf"):
        assert browser.open(f"/reports/table.{form}").status_code == 403
        assert browser.open(f"/reports/all/table.{form}").status_code == 200


def test_what_is_shown_goes_out_as_a_file_without_formulas(scene, signed_in):
    browser = signed_in("boss", Role.SUPERVISOR)
    query = "rows=watchlist&columns=port&period=2026-03"
    answer = browser.open(f"/reports/table.csv?{query}")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[1] == ["'=1+1", "7", "2", "9", "9"]
    answer = browser.open(f"/reports/table.xlsx?{query}")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    about, table, months = book.worksheets
    assert about["A1"].value == "Alerts: Watchlist \u00d7 Port"
    assert [cell.value for cell in table[2]] == ["=1+1", 7, 2, 9, 9]
    assert table["A2"].data_type == "s"  # a text, no formula
    assert months.max_row == 13
    assert not zipfile.ZipFile(io.BytesIO(answer.content)).testzip()
    answer = browser.open(f"/reports/table.pdf?{query}")
    with pypdfium2.PdfDocument(answer.content) as paper:
        text = paper[0].get_textpage().get_text_bounded()
    assert "=1+1" in text
    assert "IDBTM" in text


@pytest.mark.parametrize(
    ("path", "role"),
    [("/reports", Role.SUPERVISOR), ("/reports/all", Role.COORDINATOR)],
)
def test_the_monthly_report_as_page_and_files(scene, signed_in, path, role):
    browser = signed_in("reader", role)
    browser.open(f"{path}/monthly?period=2026")
    assert "March 2026" in browser.text
    assert "Monthly report" in browser.text
    answer = browser.open(f"{path}/monthly.pdf?period=2026-03")
    with pypdfium2.PdfDocument(answer.content) as paper:
        text = "".join(page.get_textpage().get_text_bounded() for page in paper)
    assert "March 2026" in text
    assert ("=1+1" in text) is (role is Role.SUPERVISOR)
    book = openpyxl.load_workbook(
        io.BytesIO(browser.open(f"{path}/monthly.xlsx?period=2026-03").content)
    )
    assert len(book.worksheets) >= 6
    other = "/reports/all" if path == "/reports" else "/reports"
    assert browser.open(f"{other}/monthly").status_code == 403
