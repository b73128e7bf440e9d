"""What clients of every language get wrong with a form: taken all the same, or told what to do."""

import base64
import gzip
import http.client
import json
import socket
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casework.accounts.api_keys import NewKey
from casework.kernel.vocabulary import Role, Scope
from tests.api.conftest import signed_in
from tests.api.live import running
from tests.deadlines import patience
from tests.fakes import photo_of
from tests.services import OPERATOR

PHOTO = photo_of(1, brightness=0.9)
FIELDS = {"port": "CGK", "direction": "entry"}
ROWS = b"name,reference,photos\nSomebody,1,x.jpg\n"
FILE = 'form-data; name="photo"; filename="x.jpg"'


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    with running(tmp_path_factory.mktemp("mistakes")) as live:
        yield live


@pytest.fixture(scope="module")
def bearer(live):
    new = NewKey("port", frozenset({Scope.SCREEN}), None, live.desk.agency())
    _, key = live.desk.service.accounts.keys.create(OPERATOR, new)
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(scope="module")
def office(live):
    return signed_in(live.desk, Role.ANALYST, Role.OFFICER)


@pytest.fixture(scope="module")
def send(live, bearer):
    """Send a body to the service over HTTP; returns the status and the JSON that is answered."""

    def send(body, kind, path="/v1/encounters", headers=None, **more):
        connection = http.client.HTTPConnection(urlsplit(live.address).netloc, timeout=patience(30))
        sent = {**(headers or bearer), **({"Content-Type": kind} if kind else {}), **more}
        connection.request("POST", path, body, sent)
        answer = connection.getresponse()
        content = json.loads(answer.read())
        connection.close()
        return answer.status, content

    return send


def form(*parts, boundary="b", fields=FIELDS, eol="\r\n"):
    """A multipart body: text fields, then parts of headers and bytes."""
    lines = []
    for name, value in fields.items():
        lines.append(f'--{boundary}{eol}Content-Disposition: form-data; name="{name}"{eol}{eol}')
        lines.append(f"{value}{eol}")
    body = "".join(lines).encode()
    for disposition, content in parts:
        head = f"--{boundary}{eol}Content-Disposition: {disposition}{eol}{eol}"
        body += head.encode() + content + eol.encode()
    return body + f"--{boundary}--{eol}".encode()


FORM = "multipart/form-data; boundary=b"


@pytest.mark.parametrize(
    "disposition",
    [
        'form-data; name="photo"',
        "form-data; name=photo",
        "form-data; name=\"photo\"; filename*=utf-8''w%C3%BCrde.jpg",
        'form-data; name="photo"; filename=""',
        "form-data; name=photo; filename=x.jpg; filename*=utf-8''x.jpg",
        'form-data;name="photo";filename="x.jpg"',
        'form-data; filename="x.jpg"; name="photo"',
        'attachment; name="photo"; filename="x.jpg"',
        'form-data; name="photo"; filename="C:\\faces\\x.jpg"',
    ],
)
def test_a_part_of_a_file_s_name_is_the_file_whatever_its_headers_say(send, disposition):
    status, answer = send(form((disposition, PHOTO)), FORM)
    assert status == 201, answer
    assert answer["faces"] == 1


def test_files_without_a_name_on_every_route(send, bearer, office, live):
    """Also beyond 64 KB, which is what a text field may have."""
    large = PHOTO + bytes(80_000)
    nameless = [(f'form-data; name="{each}"', large) for each in ("first", "second")]
    assert send(form(*nameless, fields={}), FORM, "/v1/compare")[0] == 200
    photo = [('form-data; name="photo"', large)]
    fields = {"purpose": "a test of this form"}
    assert send(form(*photo, fields=fields), FORM, "/v1/searches", office)[0] == 201
    assert send(form(*photo, fields={"text": "Seen"}), FORM, "/v1/tips", office)[0] == 201
    subject = {"subject": json.dumps({"name": "A", "watchlist_ids": [live.desk.watchlist()]})}
    photos = [('form-data; name="photos"', photo_of(7))]
    status, answer = send(form(*photos, fields=subject), FORM, "/v1/subjects", office)
    assert status == 201, answer
    more = [('form-data; name="photos"', photo_of(7, brightness=0.8))]
    path = f"/v1/subjects/{answer['subject']['id']}/photos"
    assert send(form(*more, fields={}), FORM, path, office)[0] == 201
    rows = [('form-data; name="file"', ROWS)]
    path = f"/v1/imports?watchlist_id={live.desk.watchlist()}&dry_run=true"
    status, answer = send(form(*rows, fields={}), FORM, path, office)
    assert status == 202, answer


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"This is a message in MIME format.\r\n", b""),
        (b"\r\n\r\n", b"\r\nThe end.\r\n"),
        (b"--a looks like one\r\n", b"--b\r\nnot any more"),
        (b"x" * 60_000 + b"\r\n", b"x" * 60_000),
    ],
)
def test_what_stands_around_the_form_is_passed_over(send, office, live, before, after):
    status, answer = send(before + form((FILE, PHOTO)) + after, FORM)
    assert status == 201, answer
    rows = form(('form-data; name="file"; filename="x.csv"', ROWS), fields={})
    path = f"/v1/imports?watchlist_id={live.desk.watchlist()}&dry_run=true"
    status, answer = send(before + rows + after, FORM, path, office)
    assert status == 202, answer


def told(answer):
    return " ".join([answer["detail"], *(each["message"] for each in answer.get("errors", ()))])


AS_BASE64 = base64.b64encode(PHOTO)

MISTAKES = {
    "cut": (form((FILE, PHOTO))[:-300], FORM, 422, "cut short"),
    "cut behind a part": (form((FILE, PHOTO))[:-7], FORM, 422, "cut short"),
    "empty": (b"", FORM, 422, "The body is empty"),
    "no boundary named": (
        form((FILE, PHOTO)),
        "multipart/form-data",
        422,
        "names no boundary: do not set it yourself",
    ),
    "empty boundary": (form((FILE, PHOTO)), "multipart/form-data; boundary=", 422, "no boundary"),
    "another boundary": (
        form((FILE, PHOTO)),
        "multipart/form-data; boundary=c",
        422,
        "begin with the line --c.",
    ),
    "boundary with its dashes": (
        form((FILE, PHOTO)),
        "multipart/form-data; boundary=--b",
        422,
        "begin with the line ----b.",
    ),
    "boundary in apostrophes": (
        form((FILE, PHOTO)),
        "multipart/form-data; boundary='b'",
        422,
        "begin with the line --'b'.",
    ),
    "endless preamble": (b"x" * 200_000, FORM, 422, "is not in the body"),
    "name in apostrophes": (
        form(("form-data; name='photo'; filename='x.jpg'", PHOTO)),
        FORM,
        422,
        "'photo' of a part is not between two quotation marks",
    ),
    "name not closed": (
        form(('form-data; name="photo; filename=x.jpg', PHOTO)),
        FORM,
        422,
        "is not between two quotation marks",
    ),
    "no name": (form(("form-data", PHOTO)), FORM, 422, 'name="photo"; filename="photo.jpg"'),
    "another name": (
        form(('form-data; name="image"; filename="x.jpg"', PHOTO)),
        FORM,
        422,
        "files go as `photo`",
    ),
    "another name without a file's": (
        form(('form-data; name="image"', PHOTO)),
        FORM,
        422,
        "A file goes under the name `photo` or `reference`",
    ),
    "a text sent as a file": (
        form((FILE, PHOTO), ('form-data; name="lane"; filename="lane.txt"', b"7")),
        FORM,
        422,
        "text without a file name",
    ),
    "line feeds alone": (form((FILE, PHOTO), eol="\n"), FORM, 422, "CR LF"),
    "mixed": (form((FILE, PHOTO)), "multipart/mixed; boundary=b", 422, "Send multipart/form-data"),
    "no type": (form((FILE, PHOTO)), None, 422, "Content-Type is missing"),
    "raw": (PHOTO, "image/jpeg", 422, "The body is the photo itself (image/jpeg)"),
    "raw bytes": (PHOTO, "application/octet-stream", 422, "Send multipart/form-data"),
    "JSON": (
        json.dumps({**FIELDS, "photo": AS_BASE64.decode()}),
        "application/json",
        422,
        "base64 text is not taken",
    ),
    "urlencoded": (
        "port=CGK&direction=entry&photo=x",
        "application/x-www-form-urlencoded",
        422,
        "holds no file",
    ),
    "base64": (form((FILE, AS_BASE64)), FORM, 415, "written as base64 text"),
    "base64 as text": (form(('form-data; name="photo"', AS_BASE64)), FORM, 415, "as base64 text"),
    "data URL": (
        form((FILE, b"data:image/jpeg;base64," + AS_BASE64)),
        FORM,
        415,
        "written as base64 text",
    ),
    "JSON as the photo": (form((FILE, b'{"photo": 1}')), FORM, 415, "This is JSON"),
    "gzip as the photo": (form((FILE, gzip.compress(PHOTO))), FORM, 415, "compressed with gzip"),
    "read as text": (
        form((FILE, PHOTO.decode("utf-8", "replace").encode())),
        FORM,
        415,
        "was read as text on its way",
    ),
    "read as Latin-1": (
        form((FILE, PHOTO.decode("latin-1").encode())),
        FORM,
        415,
        "was read as text on its way",
    ),
    "a form in a form": (
        form((FILE, form((FILE, PHOTO), boundary="c"))),
        FORM,
        415,
        "inside another one",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_what_to_do(send, mistake):
    body, kind, status, sentence = MISTAKES[mistake]
    got, answer = send(body, kind)
    assert (got, answer["status"]) == (status, status), answer
    assert sentence in told(answer)


@pytest.mark.parametrize("path", ["/v1/encounters", "/v1/compare", "/v1/imports", "/v1/keys"])
@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
def test_a_compressed_body_is_told_apart(send, bearer, office, live, path, encoding):
    body = gzip.compress(form((FILE, PHOTO)))
    headers = office if path == "/v1/imports" else bearer
    kind = "application/json" if path == "/v1/keys" else FORM
    more = f"?watchlist_id={live.desk.watchlist()}" if path == "/v1/imports" else ""
    status, answer = send(body, kind, path + more, headers, **{"Content-Encoding": encoding})
    assert (status, answer["code"]) == (415, "body_encoding_unsupported"), answer
    assert encoding in answer["detail"]
    assert "send it as it is" in answer["detail"]


def test_an_encoding_that_changes_nothing_is_taken(send):
    assert send(form((FILE, PHOTO)), FORM, **{"Content-Encoding": "identity"})[0] == 201


def test_a_connection_that_breaks_off_is_no_photo_and_no_fault(live, bearer, send):
    address = urlsplit(live.address)
    body = form((FILE, PHOTO))
    head = f"POST /v1/encounters HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: {FORM}\r\n"
    head += f"Authorization: {bearer['Authorization']}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(head.encode() + body[: len(body) // 2])
    assert send(body, FORM)[0] == 201


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_cut_or_change_of_a_form_is_answered(send, data):
    """Never a 5xx, and every refusal is a problem with a sentence."""
    body = bytearray(form((FILE, PHOTO[:400])))
    for _ in range(data.draw(st.integers(0, 4))):
        body[data.draw(st.integers(0, 330))] = data.draw(st.sampled_from(b"\r\n-b\"'; =:\0\xffx"))
    stop = data.draw(st.one_of(st.just(len(body)), st.integers(0, len(body))))
    status, answer = send(bytes(body[:stop]), FORM)
    assert 400 <= status < 500, answer
    assert answer["detail"].endswith((".", 'jpg"'))
