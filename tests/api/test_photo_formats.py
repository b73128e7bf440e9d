"""Photos as chips, phones and scanners send them: screened, compared, enrolled, and shown again."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from api.photos import PhotoAnswers
from detector.limits import Limits
from tests.api.test_encounters import submit
from tests.api.test_management import enrol
from tests.data import decoded
from tests.deadlines import patience
from tests.detector.face_records import dg2, fac_2005, fac_2011, iso39794, nist
from tests.detector.heif_files import avif, heic
from tests.detector.test_header import encode
from tests.fakes import photo_of


def picture(person: int) -> Image.Image:
    return Image.open(io.BytesIO(photo_of(person)))


SENT = {
    "photo.jpg": lambda person: photo_of(person)[:-2],
    "photo.jp2": lambda person: encode("JPEG2000", picture(person)),
    "photo.tif": lambda person: encode("TIFF", picture(person), compression="jpeg", quality=95),
    "photo.gif": lambda person: encode("GIF", picture(person)),
    "photo.heic": lambda person: heic(picture(person), quality=95),
    "photo.avif": lambda person: avif(picture(person), quality=95),
    "EF_DG2.bin": lambda person: dg2(fac_2005(encode("JPEG2000", picture(person)))),
    "face.fac": lambda person: fac_2011(photo_of(person), vendor=5, pose=(1, 6, 0)),
    "face.der": lambda person: dg2(iso39794(photo_of(person))),
    "police.an2": lambda person: nist(photo_of(person), f5=b"20251224"),
}


def test_every_kind_finds_its_person(client, desk, port):
    desk.enrol(1)
    for name, made in SENT.items():
        body = submit(client, port, made(1)).json()
        assert (name, body["outcome"]) == (name, "alert")
        assert submit(client, port, made(2)).json()["outcome"] == "clear"
        is_record = name.endswith((".bin", ".fac", ".der", ".an2"))
        assert (body["quality"]["capture"] is not None) == is_record


def test_what_a_record_says_of_its_capture_is_in_every_answer(client, desk, port, office):
    desk.watchlist("wanted")
    record = SENT["face.fac"](1)
    stated = submit(client, port, record).json()["quality"]["capture"]
    assert stated == {
        "standard": "ISO/IEC 19794-5:2011",
        "captured_at": "2026-03-01T08:30:05",
        "device_vendor": 5,
        "device_type": None,
        "source": "digital_camera",
        "image_type": "full_frontal",
        "pose": {"yaw": 0, "pitch": 10, "roll": None},
        "features": [],
        "faces": 1,
    }
    compared = client.post(
        "/v1/compare", headers=port, files={"first": record, "second": photo_of(1)}
    ).json()
    assert compared["first"]["quality"]["capture"] == stated
    assert compared["second"]["quality"]["capture"] is None


@pytest.mark.parametrize("name", ["photo.tif", "photo.heic", "EF_DG2.bin", "photo.gif"])
def test_an_enrolled_photo_is_answered_as_browsers_show_it(client, desk, office, name):
    sent = SENT[name](1)
    made = enrol(client, office, desk.watchlist("wanted"), sent)
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["photos"][0]["quality"]["capture"] is None) == (name != "EF_DG2.bin")
    subject = body["subject"]
    image = client.get(
        f"/v1/subjects/{subject['id']}/photos/{subject['photos'][0]['id']}", headers=office
    )
    if name == "photo.gif":
        assert (image.headers["content-type"], image.content) == ("image/gif", sent)
        return
    assert image.headers["content-type"] == "image/jpeg"
    expected = decoded(photo_of(1)).astype(int)
    assert np.abs(decoded(image.content) - expected).mean() < 5


def test_a_photo_is_shown_within_the_installations_own_limits():
    sent = SENT["photo.heic"](1)
    width, height = picture(1).size
    shown = PhotoAnswers(Limits(max_pixels=width * height), workers=2).response(sent, "heic")
    assert shown.media_type == "image/jpeg"
    as_sent = PhotoAnswers(Limits(max_pixels=width * height - 1), workers=2).response(sent, "heic")
    assert (as_sent.media_type, as_sent.body) == ("image/heic", sent)


def test_as_many_photos_are_decoded_as_there_are_workers(monkeypatch):
    sent = SENT["photo.tif"](1)
    together = threading.Barrier(2)

    def waits(content, _limits, _turn):
        together.wait(patience(10))
        return content

    monkeypatch.setattr("api.photos.as_jpeg", waits)
    answers = PhotoAnswers(Limits(), workers=2)
    with ThreadPoolExecutor(2) as threads:
        found = [threads.submit(answers.response, sent, "tiff") for _ in range(2)]
        assert all(each.result().media_type == "image/jpeg" for each in found)
