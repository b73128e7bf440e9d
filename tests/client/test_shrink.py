"""What `shrink=True` sends: held against what the service sees in the photo as it was."""

import asyncio
import subprocess
import sys
from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.JpegImagePlugin import get_sampling
from siaga_client import AsyncClient, Client, Refused
from siaga_client.shrink import MOST_PIXELS, shrink, shrinker

from casework.kernel.vocabulary import Scope
from detector.decode import Limits, open_photo
from tests.fakes import photo_of

ORIENTATION, FULL_COLOUR = 0x0112, 0
ALIKE = 4.0
"""Grey levels: two pictures of one scene, each compressed once more, differ by less on average."""


def scene(width: int, height: int, mode: str = "RGB", seed: int = 0) -> Image.Image:
    """Return patches of random colours, no two corners alike."""
    patches = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    small = Image.fromarray(patches).resize((width, height), Image.Resampling.BILINEAR)
    return small.convert(mode)


def grainy(width: int, height: int) -> Image.Image:
    """Return a scene with the noise of a sensor."""
    noise = np.random.default_rng(0).normal(0, 6, (height, width, 3))
    lit = np.clip(np.asarray(scene(width, height)) + noise, 0, 255)
    return Image.fromarray(lit.astype(np.uint8))


def saved(picture: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    out = BytesIO()
    quick = {"JPEG": {"quality": 95}, "PNG": {"compress_level": 1}, "WEBP": {"method": 0}}
    picture.save(out, form, **quick.get(form, {}) | options)
    return out.getvalue()


def seen(photo: bytes) -> np.ndarray:
    """Return the picture as the service has it, upright."""
    return open_photo(photo, Limits()).pixels().image


def tagged(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


@settings(max_examples=30)
@given(
    width=st.integers(500, 2200),
    height=st.integers(500, 2200),
    mode=st.sampled_from(["RGB", "L", "P"]),
    form=st.sampled_from(["JPEG", "JPEG", "PNG", "WEBP", "BMP"]),
    orientation=st.integers(1, 8),
)
def test_the_service_sees_the_same_picture_in_a_megapixel(width, height, mode, form, orientation):
    mode = "RGB" if (mode, form) in {("P", "JPEG"), ("P", "WEBP"), ("L", "WEBP")} else mode
    kept = {} if form == "BMP" else {"exif": tagged(orientation)}
    photo = saved(scene(width, height, mode), form, **kept)
    sent = shrink(photo)
    before, after = seen(photo), seen(sent)
    if width * height <= MOST_PIXELS:
        assert sent is photo
        return
    assert len(sent) <= len(photo)
    if sent is not photo:
        (rows, columns), (tall, wide) = after.shape[:2], before.shape[:2]
        assert 0.99 * MOST_PIXELS < rows * columns <= MOST_PIXELS
        assert abs(columns - rows * wide / tall) <= 1 + wide / tall
        small = [
            cv2.resize(each, (64, 64), interpolation=cv2.INTER_AREA) for each in (before, after)
        ]
        assert np.abs(small[0].astype(int) - small[1]).mean() < ALIKE


def test_a_photo_of_a_camera_takes_fewer_bytes_and_keeps_its_colours():
    photo = saved(grainy(2048, 1536), quality=90, icc_profile=b"of this camera")
    sent = shrink(photo)
    assert len(sent) < len(photo) / 2
    with Image.open(BytesIO(sent)) as picture:
        assert picture.info["icc_profile"] == b"of this camera"
        assert get_sampling(picture) == FULL_COLOUR


def test_nothing_but_the_picture_is_sent():
    exif = tagged(6)
    exif[0x010F] = "Maker of cameras"
    photo = saved(scene(1600, 1200), exif=exif)
    sent = shrink(photo)
    assert sent is not photo
    assert b"Maker" in photo
    assert b"Maker" not in sent


BROKEN = saved(scene(1600, 1200, seed=3))
LEFT_ALONE = {
    "as large as it may be": saved(scene(1000, 1000)),
    "few bytes": saved(grainy(1200, 900), quality=5),
    "broken off": BROKEN[: len(BROKEN) // 2],
    "broken off, an end put to it": BROKEN[: len(BROKEN) // 2] + b"\xff\xd9",
    "in passes": saved(scene(1600, 1200), progressive=True),
    "four inks": saved(scene(1600, 1200, "CMYK")),
    "transparent": saved(scene(1600, 1200, "RGBA"), "PNG"),
    "one colour transparent": saved(scene(1600, 1200, "P"), "PNG", transparency=0),
    "16 bits": saved(Image.fromarray(np.full((1200, 1600), 40_000, np.uint16)), "PNG"),
    "animated": saved(
        scene(1200, 900), "PNG", save_all=True, append_images=[scene(1200, 900, seed=1)]
    ),
    "another format": saved(scene(1600, 1200), "TIFF"),
    "which way up nobody knows": saved(scene(1600, 1200), exif=tagged(9)),
    "more than may be decoded": b"BM" + bytes(16) + b"\x28\0\0\0" + b"\xff\xff\0\0" * 2 + bytes(40),
    "no photo": b"This is a letter.",
    "nothing": b"",
}


@pytest.mark.parametrize("photo", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_what_is_for_the_service_to_judge_is_sent_as_it_is(photo):
    assert shrink(photo) is photo


@settings(max_examples=60)
@given(st.integers(0, len(BROKEN) - 1), st.binary(min_size=1, max_size=6))
def test_a_damaged_photo_is_never_an_error(place, junk):
    photo = BROKEN[:place] + junk + BROKEN[place + len(junk) :]
    assert len(shrink(photo)) <= len(photo)


def test_clients_that_shrink_send_the_smaller_photo(served):
    photo = photo_of(1, side=900, suffix=".png")
    address, key = served.address, served.key(Scope.SCREEN)

    async def of_both(idempotency_key: str) -> str:
        async with AsyncClient(address, key, shrink=True) as port:
            return (await port.screen(photo, "CGK", "entry", idempotency_key=idempotency_key)).id

    with Client(address, key, shrink=True) as port, Client(address, key) as plain:
        answer = port.screen(photo, "CGK", "entry", idempotency_key="1")
        assert answer.outcome == "clear"
        assert asyncio.run(of_both("1")) == answer.id
        assert plain.screen(shrink(photo), "CGK", "entry", idempotency_key="1").id == answer.id
        with pytest.raises(Refused, match="idempotency"):  # another photo than the first time
            plain.screen(photo, "CGK", "entry", idempotency_key="1")


def test_without_pillow_a_client_that_shrinks_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r"pip install 'siaga-client\[shrink\]'"):
        Client("https://siaga.example", shrink=True)
    with Client("https://siaga.example"):
        pass


def test_no_other_client_loads_pillow():
    code = "import sys, siaga_client; siaga_client.Client('https://siaga.example').close()"
    asked = subprocess.run(
        [sys.executable, "-c", f"{code}; sys.exit('PIL' in sys.modules)"], check=False
    )
    assert asked.returncode == 0
    assert shrinker() is shrink
