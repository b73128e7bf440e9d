"""The form for the public: what it takes, what it answers, and that it shows nothing."""

import re

import pytest

from casework.kernel.vocabulary import Role, TipOrigin, TipState
from casework.tips.tips import TipFilter
from tests.api.console.public.conftest import BASIS, PURPOSE, reference_in
from tests.fakes import photo_of
from tests.services import officer

TEXT = "A man sleeps in the warehouse and never goes out."


@pytest.fixture
def siti(desk):
    return officer(desk.agency("IMI"), Role.OFFICER, Role.SUPERVISOR, name="siti")


@pytest.fixture
def send(public, token):
    """Send a report; returns the answer."""

    def send(photo=None, **fields):
        files = {"photo": ("x.jpg", photo)} if photo is not None else {"photo": ("", b"")}
        data = {"text": TEXT, "token": token(), "province": ""} | fields
        return public.post("/report", data=data, files=files)

    return send


@pytest.fixture
def recorded(desk, siti):
    """Return the reports that are there, newest first."""
    tips = desk.service.exchange.tips
    return lambda: [tips.get(siti, row.id) for row in tips.page(siti, None, 200, TipFilter())]


def words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_the_first_page_says_by_what_right_and_asks_for_the_province(public):
    page = public.get("/report")
    assert page.status_code == 200
    for each in (BASIS, PURPOSE, "90 days", "Sulawesi Selatan", "You need not say who you are"):
        assert each in words(page), each
    assert public.get("/", follow_redirects=False).headers["location"] == "/report"


def test_pages_set_no_cookie_load_no_script_and_are_kept_nowhere(public):
    for path in ("/report", "/report?province=73", "/report/status", "/nowhere"):
        page = public.get(path)
        assert "set-cookie" not in page.headers
        assert "<script" not in page.text
        assert page.headers["cache-control"] == "no-store"
        assert "script-src" not in page.headers["content-security-policy"]
        assert page.headers["referrer-policy"] == "no-referrer"


def test_what_lies_in_the_province_is_one_choice_by_level(public, desk, operator_areas):
    page = public.get("/report?province=31")
    for each in ("Kota Contoh", "Kecamatan Satu, Kota Contoh"):
        assert each in words(page)
    assert 'value="31.71.01"' in page.text
    assert "Kota Contoh" not in words(public.get("/report?province=73"))
    assert public.get("/report?province=%3Cscript%3E").status_code == 200


@pytest.fixture
def operator_areas(desk):
    from tests.services import OPERATOR  # noqa: PLC0415

    content = b"code,name\n31.71,Kota Contoh\n31.71.01,Kecamatan Satu\n"
    desk.service.areas.areas.take(OPERATOR, content)


def test_a_report_becomes_a_tip_of_the_receiving_agency(public, send, recorded, operator_areas):
    answer = send(
        photo_of(1),
        area="31.71.01",
        place="Pier 3",
        day="2026-02-28",
        name="Ani",
        contact="0812",
    )
    assert answer.status_code == 200, answer.text
    (view,) = recorded()
    assert view.report.text == TEXT
    assert view.report.place == "Pier 3"
    assert (view.tip.area, view.tip.origin) == ("31.71.01", TipOrigin.PUBLIC)
    assert view.tip.happened_at.isoformat() == "2026-02-27T17:00:00+00:00"
    assert (view.tip.photo_format, view.tip.photo_quality) == ("jpeg", None)
    assert view.tip.reference == reference_in(answer.text)


def test_nothing_but_the_text_is_needed(send, recorded):
    assert reference_in(send().text) == recorded()[0].tip.reference
    assert not recorded()[0].tip.has_source


def test_who_reports_is_for_supervisors_alone(desk, send, recorded, siti):
    send(name="Ani", contact="0812")
    (view,) = recorded()
    assert desk.service.exchange.tips.source(siti, view.tip.id) == "Ani, 0812"
    assert "Ani" not in repr(view)


def test_the_answer_is_the_same_whoever_is_in_the_photo(desk, send):
    desk.enrol(1)
    answers = [send(photo_of(each)) for each in (1, 2)] + [send(photo_of()), send()]
    shapes = {
        re.sub(r"\d\d:\d\d", "T", answer.text.replace(reference_in(answer.text), "R"))
        for answer in answers
    }
    assert len(shapes) == 1
    assert len({(each.status_code, tuple(sorted(each.headers))) for each in answers}) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<script>alert(1)</script>" * 9, "send one of JPEG, PNG"),
        (photo_of(1)[:500], "The photo"),
    ],
)
def test_what_is_no_photo_is_refused_with_a_sentence_and_the_text_stays(
    send, recorded, content, sentence
):
    answer = send(content)
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert TEXT in answer.text
    assert recorded() == []


def test_a_large_photo_is_refused_before_it_is_read_whole(public, token, recorded):
    huge = b"\xff\xd8\xff" + bytes(9 << 20)
    answer = public.post("/report", data={"text": TEXT, "token": token()}, files={"photo": huge})
    assert answer.status_code == 413
    assert recorded() == []


def test_markup_in_a_report_is_text(send):
    answer = send(text="<script>alert(1)</script>", place="x" * 300)
    assert answer.status_code == 422
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_a_report_without_a_text_is_refused(send, recorded):
    answer = send(text=" ", place="Pier 3")
    assert answer.status_code == 422
    assert "Write what you have seen or know." in words(answer)
    assert "Pier 3" in answer.text
    assert recorded() == []


def test_an_area_that_is_not_there_is_refused(send, recorded):
    assert send(area="31.99").status_code == 422
    assert send(area="'; drop").status_code == 422
    assert recorded() == []


def test_a_form_that_is_sent_twice_is_recorded_once(public, token, recorded):
    data = {"text": TEXT, "token": token()}
    first, again = (public.post("/report", data=data) for _ in range(2))
    assert reference_in(first.text) == reference_in(again.text)
    assert len(recorded()) == 1


def test_programs_are_refused_and_people_can_put_it_right(public, send, recorded, ticks, token):
    trapped = send(website="x")
    assert trapped.status_code == 422
    assert "Leave the field “Website” empty" in words(trapped)
    fresh = token()
    ticks.now -= 3
    quick = public.post("/report", data={"text": TEXT, "token": fresh})
    assert "That was very quick" in words(quick)
    ticks.now += 13 * 3600
    old = public.post("/report", data={"text": TEXT, "token": fresh})
    assert "open for too long" in words(old)
    assert recorded() == []
    forged = send(token="1.00.00")
    renewed = re.search(r'name="token" value="([^"]+)"', forged.text)
    assert renewed is not None
    ticks.now += 5
    assert public.post("/report", data={"text": TEXT, "token": renewed[1]}).status_code == 200


def test_both_languages(public):
    page = public.get("/report?province=73&lang=id")
    assert '<html lang="id">' in page.text
    assert 'href="/report?province=73&amp;lang=en"' in page.text
    assert '<html lang="id">' in public.get("/report", headers={"Accept-Language": "id"}).text
    assert '<html lang="en">' in public.get("/report", headers={"Accept-Language": "en"}).text


def test_how_far_a_report_is_can_be_asked_and_nothing_else(desk, public, send, recorded, siti):
    reference = reference_in(send(photo_of(1)).text)

    def ask(reference):
        answer = public.post("/report/status", data={"reference": reference})
        assert answer.status_code == 200
        return words(answer)

    assert "Nobody has begun to work on it yet." in ask(reference)
    tip = recorded()[0].tip
    desk.service.tip_steps.search(siti, tip.id, "a report from the public")
    assert "Officers are working on your report." in ask(f" {reference.lower()} ")
    desk.service.tip_steps.dismiss(siti, tip.id, "a joke, of a fishmonger")
    assert "The work on your report has ended." in ask(reference)
    assert "fishmonger" not in ask(reference)
    assert recorded()[0].tip.state == TipState.DISMISSED
    assert "There is no report with this reference" in ask("0000-0000")
    assert "There is no report with this reference" in ask("")


def test_tips_that_officers_recorded_cannot_be_asked_about(desk, public, siti):
    from casework.tips.reports import NewTip  # noqa: PLC0415

    row = desk.service.tip_steps.record(siti, NewTip(TEXT, TipOrigin.PUBLIC))
    answer = public.post("/report/status", data={"reference": row.reference})
    assert "There is no report with this reference" in words(answer)


def test_nothing_else_is_served(public):
    for path in ("/v1/tips", "/tips", "/sign-in", "/openapi.json", "/metrics", "/docs"):
        assert public.get(path).status_code == 404, path
    assert public.post("/v1/encounters").status_code == 404
    assert public.get("/healthz").json() == {"status": "ok"}


def test_a_receiving_agency_that_is_switched_off_receives_nothing(desk, public, send, siti):
    from tests.services import OPERATOR  # noqa: PLC0415

    agency = desk.agency("IMI")
    desk.service.accounts.agencies.edit(OPERATOR, agency, {"active": False}, None, reason="closed")
    answer = send()
    assert answer.status_code == 503
