"""Referrals over HTTP: what the receiver is shown, exactly, and what it is not."""

from datetime import timedelta

import pytest

from casework.kernel.vocabulary import AlertState, PadResult, Role
from casework.referrals.fields import AlertField, PhotoField
from casework.screening.screening import Presentation
from casework.screening.travel_document import TravelDocument
from casework.tips.payload import TipField
from tests.api.conftest import problem
from tests.fakes import photo_of
from tests.services import officer

NAMING = {"name", "document_name", "text"}
"""Fields besides photos by which the receiver knows who it is about."""

DOCUMENTS = [{"kind": "passport", "number": "X1", "country": "IDN"}]

# What each carried field is in the receiver's answer; photos are told of by name.
ALERT_FIELDS = {
    AlertField.NAME: "Person 1",
    AlertField.ALIASES: ["Alias"],
    AlertField.SEX: "F",
    AlertField.BIRTH: "1980-05-17",
    AlertField.NATIONALITY: "IDN",
    AlertField.DOCUMENTS: DOCUMENTS,
    AlertField.REASON: "a reason",
    AlertField.DECISION_NUMBER: "D-1",
    AlertField.VALID_UNTIL: "2027-03-01T08:00:00Z",
    AlertField.CASE_NUMBER: "IMI-00001-M",
    AlertField.WATCHLIST: "wanted",
    AlertField.CATEGORY: "wanted",
    AlertField.LEGAL_BASIS: "a law",
    AlertField.PORT: "CGK",
    AlertField.DIRECTION: "entry",
    AlertField.STAGE: "arrival",
    AlertField.CAPTURED_AT: "2026-03-01T08:00:00Z",
    AlertField.TRAVELLER_REF: "T-1",
    AlertField.VERIFICATION: "match",
    AlertField.PAD_RESULT: "pass",
    AlertField.DOCUMENT_NAME: "OTHER, SOMEBODY",
    AlertField.DOCUMENT_BIRTH: "1981",
    AlertField.DOCUMENT_NATIONALITY: "MYS",
    AlertField.DOCUMENT_NUMBER: "K7654321",
    AlertField.DOCUMENT_COUNTRY: "MYS",
    AlertField.MATCHED_BY: "face",
    AlertField.SCORE: ...,
    AlertField.ONE_IN: ...,
    AlertField.PROBE_PHOTO: None,
    AlertField.REFERENCE_PHOTO: None,
    AlertField.ENROLLED_PHOTO: None,
}
TIP_FIELDS = {
    TipField.REFERENCE: ...,
    TipField.ORIGIN: "public",
    TipField.TEXT: "Seen at the harbour.",
    TipField.PLACE: "Pier 3",
    TipField.AREA: "DKI Jakarta",
    TipField.HAPPENED_AT: "2026-02-28T10:00:00Z",
    TipField.PHOTO: None,
}


@pytest.fixture
def imi(sign_in):
    """An officer of the agency that sends."""
    return sign_in(Role.OFFICER, agency="IMI")


@pytest.fixture
def pol(sign_in):
    """An officer of the agency that receives."""
    return sign_in(Role.OFFICER, agency="POL")


@pytest.fixture
def bea(sign_in):
    """Somebody with every role for it, in an agency that has nothing to do with it."""
    return sign_in(Role.OFFICER, Role.SUPERVISOR, agency="BEA")


@pytest.fixture
def alert_id(desk, client, imi):
    """An alert of IMI's that its officer has taken."""
    desk.enrol(
        1,
        desk.watchlist("wanted", category="wanted", legal_basis="a law"),
        aliases=["Alias"],
        sex="F",
        birth_date=desk.clock().date().replace(year=1980, month=5, day=17),
        nationality="IDN",
        documents=DOCUMENTS,
        reason="a reason",
        decision_number="D-1",
        valid_until=desk.clock().replace(year=2027),
    )
    (alert,) = desk.screen(
        1,
        traveller_ref="T-1",
        reference=photo_of(1),
        presentation=Presentation(PadResult.PASS),
        document=TravelDocument("OTHER, SOMEBODY", "1981", None, "MYS", "K7654321", "MYS"),
    ).encounter.alerts
    assert client.post(f"/v1/alerts/{alert.id}/acknowledge", headers=imi).status_code == 200
    return alert.id


@pytest.fixture
def tip_id(client, imi):
    """A tip of IMI's, with a photo."""
    fields = {
        "text": "Seen at the harbour.",
        "place": "Pier 3",
        "area": "31",
        "happened_at": "2026-02-28T10:00:00Z",
        "source": "the fishmonger",
    }
    files = {"photo": ("x.jpg", photo_of(3))}
    return client.post("/v1/tips", data=fields, files=files, headers=imi).json()["id"]


@pytest.fixture
def body(desk):
    """What is sent to hand something over to POL."""

    def make(*fields, agency="POL", days=2, **others):
        due = desk.clock() + timedelta(days=days)
        return {
            "receiver_id": desk.agency(agency),
            "note": "Please meet.",
            "due_at": due.isoformat(),
            "fields": list(fields),
            **others,
        }

    return make


@pytest.fixture
def sent(client, imi, pol, alert_id, body):
    """Hand the alert over to POL; returns the referral's path."""

    def make(*fields):
        response = client.post(
            f"/v1/alerts/{alert_id}/refer", json=body(*(fields or ["name"])), headers=imi
        )
        assert response.status_code == 201, response.text
        return response.headers["Location"]

    return make


def expected(read, kind, desk, carried, photos):
    """Return the receiver's answer, whole; what chance decides is taken from the answer itself."""
    (message,) = read["messages"]
    return {
        "id": read["id"],
        "kind": kind,
        "state": "sent",
        "sender": {"id": desk.agencies["IMI"], "code": "IMI", "name": "Agency IMI"},
        "receiver": {"id": desk.agencies["POL"], "code": "POL", "name": "Agency POL"},
        "due_at": "2026-03-03T08:00:00Z",
        "overdue": False,
        "outcome": None,
        "created_at": "2026-03-01T08:00:00Z",
        "updated_at": "2026-03-01T08:00:00Z",
        "closed_at": None,
        "version": 1,
        "about": None,
        "carried": carried,
        "photos": photos,
        "messages": [
            {
                "at": "2026-03-01T08:00:00Z",
                "officer_id": message["officer_id"],
                "officer_name": "Somebody",
                "officer_service_number": None,
                "officer_agency": "IMI",
                "agency_id": desk.agencies["IMI"],
                "action": "send",
                "state": "sent",
                "text": "Please meet.",
            }
        ],
        "warnings": [] if photos or NAMING & set(carried) else ["nobody_named"],
    }


def carried_of(field, table, read):
    """Return what the answer must carry for one field: `carried` and `photos`."""
    if isinstance(field.field, PhotoField):
        return {}, [field.value]
    value = table[field]
    return {field.value: read["carried"][field.value] if value is ... else value}, []


# The receiver sees exactly what is carried


def test_the_tables_list_every_field():
    assert set(ALERT_FIELDS) == set(AlertField)
    assert set(TIP_FIELDS) == set(TipField)


@pytest.mark.parametrize("field", AlertField)
def test_the_reader_of_an_alert_s_referral_sees_exactly_this(field, client, desk, pol, sent):
    read = client.get(sent(field), headers=pol).json()
    carried, photos = carried_of(field, ALERT_FIELDS, read)
    assert read == expected(read, "alert", desk, carried, photos)
    assert all(value is not None for value in carried.values())


def test_the_reader_of_an_alert_s_referral_sees_all_fields_at_most(client, desk, pol, sent):
    read = client.get(sent(*AlertField), headers=pol).json()
    carried = {
        field.value: carried_of(field, ALERT_FIELDS, read)[0][field.value]
        for field in AlertField
        if not isinstance(field.field, PhotoField)
    }
    photos = ["enrolled_photo", "probe_photo", "reference_photo"]
    assert read == expected(read, "alert", desk, carried, photos)


@pytest.mark.parametrize("field", TipField)
def test_the_reader_of_a_tip_s_referral_sees_exactly_this(
    field, client, desk, imi, pol, tip_id, body
):
    made = client.post(f"/v1/tips/{tip_id}/refer", json=body(field), headers=imi)
    read = client.get(made.headers["Location"], headers=pol).json()
    carried, photos = carried_of(field, TIP_FIELDS, read)
    assert read == expected(read, "tip", desk, carried, photos)
    assert all(value is not None for value in carried.values())


def test_the_sender_sees_what_it_was_made_from(client, imi, pol, sent, alert_id):
    path = sent("name")
    theirs, own = (client.get(path, headers=who).json() for who in (pol, imi))
    assert own == theirs | {"about": alert_id}


def test_a_carried_photo_is_answered_and_never_stored_on_the_way(client, pol, sent):
    path = sent("enrolled_photo")
    response = client.get(f"{path}/photos/enrolled_photo", headers=pol)
    assert response.status_code == 200
    assert response.content == photo_of(1)
    assert response.headers["content-type"] == "image/jpeg"
    assert response.headers["cache-control"] == "no-store"
    problem(client.get(f"{path}/photos/probe_photo", headers=pol), 404, "not_found")


def test_nothing_else_can_be_reached_from_it(client, desk, pol, sent, alert_id):
    sent(*AlertField)
    sender = officer(desk.agency("IMI"), Role.OFFICER)
    subject_id = desk.service.review.alerts.get(sender, alert_id).alert.subject_id
    for path in (
        f"/v1/alerts/{alert_id}",
        f"/v1/alerts/{alert_id}/probe",
        f"/v1/alerts/{alert_id}/enrolled",
        f"/v1/subjects/{subject_id}",
        f"/v1/watchlists/{desk.watchlist('wanted')}",
    ):
        problem(client.get(path, headers=pol), 404, "not_found")
    assert client.get("/v1/alerts", headers=pol).json()["items"] == []


# What the two agencies do


def test_from_the_alert_to_its_end(client, desk, imi, pol, sent, alert_id):
    path = sent("name")
    post = client.post
    asked = post(f"{path}/ask", json={"note": "Which flight?"}, headers=pol)
    assert asked.json()["state"] == "questioned"
    post(f"{path}/answer", json={"note": "GA 1."}, headers=imi)
    assert post(f"{path}/accept", json={}, headers=pol).json()["state"] == "accepted"
    outcome = {"note": "Met at the gate.", "outcome": "handed_over"}
    post(f"{path}/answer", json=outcome, headers=pol)
    (seen,) = client.get(
        "/v1/referrals", params={"box": "out", "about": alert_id}, headers=imi
    ).json()["items"]
    assert (seen["state"], seen["outcome"]) == ("answered", "handed_over")
    closed = post(f"{path}/close", json={"note": "Thanks."}, headers=imi).json()
    assert closed["state"] == "closed"
    assert [(each["action"], each["text"]) for each in closed["messages"]] == [
        ("send", "Please meet."),
        ("ask", "Which flight?"),
        ("reply", "GA 1."),
        ("accept", None),
        ("answer", "Met at the gate."),
        ("close", "Thanks."),
    ]
    alert = client.get(f"/v1/alerts/{alert_id}", headers=imi)
    assert alert.json()["state"] == AlertState.REFERRED
    ended = post(f"/v1/alerts/{alert_id}/close", json={"disposal": "handed_over"}, headers=imi)
    assert ended.json()["state"] == AlertState.CLOSED


def test_a_box_in_pages(client, imi, pol, sent, desk, body):
    path = sent("name")
    desk.enrol(2, desk.watchlist("wanted"))
    (alert,) = desk.screen(2).encounter.alerts
    client.post(f"/v1/alerts/{alert.id}/acknowledge", headers=imi)
    client.post(f"/v1/alerts/{alert.id}/refer", json=body("name"), headers=imi)
    first = client.get("/v1/referrals", params={"limit": 1}, headers=pol).json()
    assert first["next"] == first["items"][0]["id"]
    rest = client.get("/v1/referrals", params={"before": first["next"]}, headers=pol).json()
    assert [item["id"] for item in rest["items"]] == [path.rsplit("/", 1)[1]]
    assert rest["next"] is None
    assert "carried" not in rest["items"][0]
    late = client.get("/v1/referrals", params={"overdue": True}, headers=pol)
    assert late.json()["items"] == []
    accepted = client.get("/v1/referrals", params={"state": ["accepted"]}, headers=pol)
    assert accepted.json()["items"] == []


def test_an_outdated_version_is_refused(client, pol, sent):
    path = sent("name")
    tag = client.get(path, headers=pol).headers["ETag"]
    done = client.post(f"{path}/accept", json={}, headers=pol | {"If-Match": tag})
    assert done.headers["ETag"] != tag
    again = client.post(f"{path}/decline", json={"note": "no"}, headers=pol | {"If-Match": tag})
    problem(again, 412, "stale_version")


def test_an_outdated_alert_is_not_referred(client, imi, pol, alert_id, body):
    response = client.post(
        f"/v1/alerts/{alert_id}/refer", json=body("name"), headers=imi | {"If-Match": '"1"'}
    )
    problem(response, 412, "stale_version")


# What is refused


def test_the_wrong_state_or_side_is_refused(client, imi, pol, sent, alert_id, body):
    path = sent("name")
    for who, step, said in (
        (imi, "accept", {}),
        (imi, "answer", {"note": "x"}),
        (pol, "answer", {"note": "x", "outcome": "other"}),
        (pol, "close", {}),
    ):
        response = client.post(f"{path}/{step}", json=said, headers=who)
        problem(response, 409, "illegal_transition")
    again = client.post(f"/v1/alerts/{alert_id}/refer", json=body("name"), headers=imi)
    problem(again, 409, "illegal_transition")


def test_another_agency_cannot_tell_it_from_one_that_never_was(client, bea, sent):
    path = sent("name")
    real_id = path.rsplit("/", 1)[1]
    never_id = "ref_01M7ZYY7HDJHTCS856SBCRH8M1"
    steps = [("GET", ""), ("GET", "/photos/probe_photo"), ("POST", "/accept"), ("POST", "/close")]
    steps += [("POST", "/ask"), ("POST", "/decline"), ("POST", "/answer")]
    for method, suffix in steps:
        answers = []
        for referral_id in (real_id, never_id):
            body = {"json": {"note": "x"}} if method == "POST" else {}
            response = client.request(
                method, f"/v1/referrals/{referral_id}{suffix}", headers=bea, **body
            )
            found = problem(response, 404, "not_found")
            answers.append(found["detail"].replace(referral_id, ""))
        assert answers[0] == answers[1]
    for box in ("in", "out"):
        listed = client.get("/v1/referrals", params={"box": box}, headers=bea).json()
        assert listed == {"items": [], "next": None}


def test_another_agency_s_alert_is_not_referred(client, bea, alert_id, body):
    response = client.post(f"/v1/alerts/{alert_id}/refer", json=body("name"), headers=bea)
    problem(response, 404, "not_found")


def test_who_has_no_role_for_it_is_told_so(client, sign_in, sent):
    path = sent("name")
    analyst = sign_in(Role.ANALYST, agency="POL")
    problem(client.get(path, headers=analyst), 403, "not_permitted")
    problem(client.get("/v1/referrals", headers=analyst), 403, "not_permitted")
    problem(client.get(path), 401, "not_authenticated")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"receiver_id": "agy_none"}, "receiver_id"),
        ({"note": ""}, "note"),
        ({"note": None}, "note"),
        ({"due_at": "2026-02-30T00:00:00Z"}, "due_at"),
        ({"due_at": "2026-02-01T00:00:00Z"}, "due_at"),
        ({"due_at": "2026-04-01T00:00:00"}, "due_at"),
        ({"fields": ["source"]}, "fields.0"),
        ({"fields": ["text"]}, "fields.0"),
        ({"urgent": True}, "urgent"),
    ],
)
def test_bad_input_names_the_field(client, imi, alert_id, body, changes, field):
    response = client.post(f"/v1/alerts/{alert_id}/refer", json=body("name") | changes, headers=imi)
    assert response.status_code == 422
    assert [each["field"] for each in response.json()["errors"]] == [field]


def test_an_answer_without_an_outcome_names_the_field(client, pol, sent):
    path = sent("name")
    client.post(f"{path}/accept", json={}, headers=pol)
    response = client.post(f"{path}/answer", json={"note": "x"}, headers=pol)
    found = problem(response, 422, "invalid_referral")
    assert [each["field"] for each in found["errors"]] == ["outcome"]
    response = client.post(f"{path}/answer", json={"note": "x", "outcome": "won"}, headers=pol)
    assert [each["field"] for each in response.json()["errors"]] == ["outcome"]


def test_a_referral_to_oneself_names_the_field(client, imi, alert_id, body):
    response = client.post(
        f"/v1/alerts/{alert_id}/refer", json=body("name", agency="IMI"), headers=imi
    )
    found = problem(response, 422, "invalid_referral")
    assert [each["field"] for each in found["errors"]] == ["receiver_id"]


def test_presets_over_http(client, desk, sign_in):
    keeper, reader = sign_in(Role.SUPERVISOR), sign_in(Role.OFFICER, login="reader")
    body = {
        "name": "Pro justitia",
        "receiver_id": desk.agency("POL"),
        "fields": ["name", "probe_photo"],
        "note": "For your investigation.",
        "days": 5,
    }
    made = client.post("/v1/referral-presets", headers=keeper, json=body)
    assert made.status_code == 201, made.text
    address = made.headers["location"]
    shown = client.get(address, headers=reader).json()
    assert {name: shown[name] for name in body} == body
    assert shown["kind"] == "alert"
    problem(client.post("/v1/referral-presets", headers=keeper, json=body), 409, "already_exists")
    for wrong in ({"fields": ["text"]}, {"receiver_id": desk.agency()}, {"receiver_id": "agc_x"}):
        sent = client.post(
            "/v1/referral-presets", headers=keeper, json=body | {"name": "b"} | wrong
        )
        found = problem(sent, 422, "invalid_referral")
        assert [each["field"] for each in found["errors"]] == list(wrong)
    for wrong in ({"days": 0}, {"fields": ["colour"]}, {"note": " "}, {"kind": "search"}):
        sent = client.post(
            "/v1/referral-presets", headers=keeper, json=body | {"name": "b"} | wrong
        )
        problem(sent, 422, "request_invalid")
    changed = client.patch(
        address, headers={**keeper, "If-Match": made.headers["etag"]}, json={"days": 6}
    )
    assert changed.json()["days"] == 6
    assert client.post(f"{address}/remove", headers=keeper).status_code == 204
    problem(client.get(address, headers=reader), 404, "not_found")


def test_a_referral_that_names_nobody_says_so(client, imi, alert_id, desk):
    body = {
        "receiver_id": desk.agency("POL"),
        "note": "Look.",
        "due_at": "2026-03-05",
        "fields": ["port", "case_number"],
    }
    sent = client.post(f"/v1/alerts/{alert_id}/refer", headers=imi, json=body)
    assert sent.status_code == 201, sent.text
    assert sent.json()["warnings"] == ["nobody_named"]
