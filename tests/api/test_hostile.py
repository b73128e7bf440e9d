"""Whatever is sent as a photo: an answer or a 4xx problem, for two seconds of work at most."""

import struct
import time
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.app import create_app
from api.state import state_of
from casework.accounts.api_keys import NewKey
from casework.kernel.vocabulary import Scope
from config.settings import Settings
from detector.limits import Limits
from tests.api.conftest import wait_until_ready
from tests.data import packaged
from tests.fakes import photo_of
from tests.services import OPERATOR, open_service

# Of a processor: what others do on the machine does not count.
LONGEST_SECONDS = 2.0

SUFFIXES = (".jpg", ".png", ".webp", ".bmp", ".tiff", ".jp2")


@pytest.fixture(scope="module")
def submit(tmp_path_factory):
    """A service with the default limits; returns a function that submits bytes."""
    folder = tmp_path_factory.mktemp("hostile")
    app = create_app(
        Settings(data_dir=folder), lambda s: open_service(folder / "x.db", limits=s.limits)
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        wait_until_ready(client)
        _, key = state_of(app).opened.accounts.keys.create(
            OPERATOR, NewKey("port", frozenset({Scope.SCREEN}))
        )

        def send(photo, name="x.jpg"):
            begun = time.process_time()
            response = client.post(
                "/v1/encounters",
                headers={"Authorization": f"Bearer {key}"},
                data={"port": "CGK", "direction": "entry"},
                files={"photo": (name, photo)},
            )
            return response, time.process_time() - begun

        send(photo_of(1))  # warm
        yield send


def encoded(suffix: str) -> bytes:
    image = np.random.default_rng(1).integers(0, 255, (120, 160, 3)).astype(np.uint8)
    done, content = cv2.imencode(suffix, image)
    assert done
    return content.tobytes()


SEEDS = {suffix: encoded(suffix) for suffix in SUFFIXES}


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, body: bytes, *extra: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(body, 9))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + data + chunk(b"IEND", b"")


MALFORMED = {
    "empty": b"",
    "one byte": b"\xff",
    "text": b"Dear officer, here is my photo",
    "html": b"<html><body>no</body></html>",
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
    "zip": b"PK\x03\x04" + bytes(200),
    "gif": b"GIF89a" + bytes(200),
    "zip bomb PNG: 60,000 x 60,000 in 60 KB": png(60_000, 60_000, bytes(50_000_000)),
    "PNG whose text inflates to 100 MB": png(
        64, 64, bytes(64 * 193), chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(100_000_000), 9))
    )[:-30],
    "PNG of no height": png(10, 0, b""),
    "PNG with half its rows": png(400, 400, bytes(400 * 3 * 200)),
    "JPEG start only": b"\xff\xd8",
    "half a JPEG": packaged("t1")[: len(packaged("t1")) // 2],
    "JPEG of 65,000 x 65,000": SEEDS[".jpg"].replace(
        struct.pack(">HH", 120, 160), struct.pack(">HH", 65_000, 65_000), 1
    ),
    "BMP of 2.5 billion pixels": SEEDS[".bmp"][:18]
    + struct.pack("<ii", 50_000, 50_000)
    + SEEDS[".bmp"][26:],
    "too many bytes": b"\xff\xd8" + bytes(Limits().max_bytes),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_certainly_malformed_is_a_4xx_problem(submit, name):
    response, spent = submit(MALFORMED[name])
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert spent < LONGEST_SECONDS


@pytest.mark.parametrize("examples", [80, pytest.param(1000, marks=pytest.mark.more)])
def test_damaged_photos_are_answered_or_refused(submit, examples):
    """Cut, flipped, spliced or overwritten at random: never a 500, never slow."""

    @given(data=st.data())
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    def draw(data):
        original = SEEDS[data.draw(st.sampled_from(SUFFIXES))]
        damaged = bytearray(original)
        for _ in range(data.draw(st.integers(1, 8))):
            position = data.draw(st.integers(0, min(len(damaged) - 1, 400)))
            damaged[position] = data.draw(st.integers(0, 255))
        if data.draw(st.booleans()):
            damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
        if data.draw(st.booleans()):
            damaged += data.draw(st.binary(max_size=200))
        response, spent = submit(
            bytes(damaged), data.draw(st.sampled_from(["a.png", "b", "c.exe"]))
        )
        assert response.status_code == 201 or 400 <= response.status_code < 500, response.text
        assert spent < LONGEST_SECONDS

    draw()


@given(content=st.binary(max_size=3000))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_random_bytes_are_refused(submit, content):
    response, spent = submit(content)
    assert 400 <= response.status_code < 500, response.text
    assert spent < LONGEST_SECONDS


@given(
    body=st.binary(max_size=500),
    boundary=st.sampled_from(["x", "", "xxxxxxxxx", '"x"', "x\x7f"]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_body_that_is_no_form_is_refused(client_for_bodies, body, boundary):
    client, headers = client_for_bodies
    content_type = f"multipart/form-data; boundary={boundary}"
    response = client.post(
        "/v1/encounters", headers={**headers, "Content-Type": content_type}, content=body
    )
    assert 400 <= response.status_code < 500, response.text


@pytest.fixture
def client_for_bodies(client, port):
    return client, port
