"""HEIC and AVIF: pixels against the encoder's input, turns, grids, and hostile files."""

import functools
import io
import time

import cv2
import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from detector.containers.boxes import boxes
from detector.decode import Limits, open_photo
from detector.errors import PhotoError, TooManyPixels, UnreadablePhoto, UnsupportedFormat
from detector.header import PhotoFormat, read_header
from tests.detector.heif_files import avif, grid, heic
from tests.detector.test_header import EDITS, edited, exif, patched, picture

LIMITS = Limits()
SIZE = (150, 110)


def bgr(image: Image.Image) -> np.ndarray:
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[..., ::-1])


def pixels(data: bytes) -> np.ndarray:
    return open_photo(data, LIMITS).pixels().image


def differs(data: bytes, expected: np.ndarray) -> float:
    image = pixels(data)
    assert image.shape == expected.shape
    return float(np.abs(image.astype(int) - expected).mean())


def turned(image: np.ndarray, orientation: int) -> np.ndarray:
    if orientation >= 5:
        image = cv2.transpose(image)
    flips = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}
    return cv2.flip(image, flips[orientation]) if orientation in flips else image


@functools.cache
def samples() -> dict[str, bytes]:
    return {
        "heic": heic(picture(size=SIZE)),
        "heic-alpha": heic(picture("RGBA", SIZE)),
        "heic-grid": grid(picture(size=SIZE), 2, 1),
        "avif": avif(picture(size=SIZE)),
        "avif-alpha": avif(picture("RGBA", SIZE)),
    }


@pytest.mark.parametrize("encode", [heic, avif])
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("size", [SIZE, (61, 43), (64, 64)])
def test_pixels(encode, mode, size):
    assert differs(encode(picture(mode, size), quality=95), bgr(picture(mode, size))) < 7


@pytest.mark.parametrize("encode", [heic, avif])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_and_mirrors_are_applied_once(encode, orientation):
    tags = exif(orientation)
    data = encode(picture(size=SIZE), quality=95, exif=tags.tobytes() if encode is heic else tags)
    photo = open_photo(data, LIMITS)
    assert photo.header.orientation == orientation
    assert differs(data, turned(bgr(picture(size=SIZE)), orientation)) < 4


def test_exif_has_no_say():
    data = heic(picture(size=SIZE), exif=exif(6).tobytes())
    at = data.index(b"irot")
    assert read_header(patched(data, at + 4, "B", 0)).orientation == 1


def test_alpha_is_laid_on_white():
    clear = Image.new("RGBA", SIZE, (200, 30, 10, 0))
    for encode in (heic, avif):
        assert read_header(encode(clear)).channels == 4
        assert (pixels(encode(clear)) >= 253).all()


def test_ten_bits():
    deep = np.asarray(picture(size=SIZE)).astype(np.uint16) * 257
    file = pillow_heif.from_bytes(mode="RGB;16", size=SIZE, data=deep.tobytes())
    target = io.BytesIO()
    file.save(target, quality=95)
    assert read_header(target.getvalue()).bits_per_sample == 16
    assert differs(target.getvalue(), bgr(picture(size=SIZE))) < 5


@pytest.mark.parametrize("turns", range(4))
def test_a_grid_of_tiles(turns):
    image = picture(size=(230, 150))
    data = grid(image, 2, 2, turns=turns)
    assert differs(data, np.rot90(bgr(image), turns)) < 5
    assert (read_header(data).width, read_header(data).height) == image.size


def test_the_first_picture_of_a_sequence():
    first, second = picture(size=SIZE), picture(size=SIZE).rotate(180)
    data = avif(first, save_all=True, append_images=[second], quality=95)
    assert differs(data, bgr(first)) < 4


def test_core_is_one_picture_and_nothing_else():
    secret = "do not decode me" * 20
    tags = exif(3)
    tags[0x010E] = secret
    for data in (
        heic(picture(size=SIZE), exif=tags.tobytes(), xmp=secret.encode()),
        avif(picture(size=SIZE), exif=tags, xmp=secret.encode()),
    ):
        core = b"".join(
            piece if isinstance(piece, bytes) else data[slice(*piece)]
            for piece in read_header(data).core
        )
        assert secret.encode() in data
        assert secret.encode() not in core
        assert len(core) < len(data)
        names = [name for name, _, _ in boxes(core, 0, len(core), PhotoFormat.HEIC)]
        assert names == [b"ftyp", b"meta", b"mdat"]


def test_pixels_are_capped_before_anything_is_decoded():
    for name, cost in (("heic", 1), ("avif", 1.5), ("heic-alpha", 4 / 3), ("avif-alpha", 2)):
        most = round(SIZE[0] * SIZE[1] * cost)
        assert open_photo(samples()[name], Limits(max_pixels=most)).width == SIZE[0]
        with pytest.raises(TooManyPixels, match="150 x 110"):
            open_photo(samples()[name], Limits(max_pixels=most - 1))


def lying(data: bytes, width: int, height: int) -> bytes:
    """Return the file with another size for every item; what is coded stays as large as it is."""
    at = -1
    while (at := data.find(b"ispe", at + 1)) >= 0:
        data = patched(data, at + 8, ">II", width, height)
    return data


@functools.cache
def hostile() -> dict[str, tuple[type[PhotoError], bytes]]:
    heic_file, avif_file = samples()["heic"], samples()["avif"]
    grid_file = samples()["heic-grid"]
    tile = grid_file.index(b"dimg") + 8
    large = heic(picture(size=(600, 400)))
    made = {
        "coded larger than stated": lying(large, 64, 64),
        "coded larger than stated, avif": lying(avif(picture(size=(600, 400))), 64, 64),
        "no primary item": heic_file.replace(b"pitm", b"none"),
        "another primary item": patched(heic_file, heic_file.index(b"pitm") + 8, ">H", 77),
        "no sequence header": avif_file.replace(b"mdat", b"mdat", 1)[:-1000],
        "item beyond the end": patched(heic_file, heic_file.index(b"iloc") + 16, ">I", 2**31),
        "grid of other tiles": patched(grid_file, tile, ">H", 77),
        "grid without a tile": grid_file.replace(b"dimg", b"none"),
        "cut": heic_file[:-1],
    }
    return {name: (UnreadablePhoto, data) for name, data in made.items()} | {
        "coded in another way": (
            UnsupportedFormat,
            heic_file.replace(b"hvc1", b"jpeg", 1).replace(b"infe\2\0\0\0\0\1\0\0hvc1", b"infe"),
        ),
        "film": (
            UnsupportedFormat,
            b"\0\0\0\x14ftyphevc\0\0\0\0msf1\0\0\0\x08moov",
        ),
    }


@pytest.mark.parametrize("name", sorted(hostile()))
def test_hostile_files(name):
    expected, data = hostile()[name]
    started = time.process_time()
    with pytest.raises(PhotoError) as refusal:
        open_photo(data, LIMITS).pixels()
    assert type(refusal.value) is expected
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("name", sorted(samples()))
def test_no_beginning_of_a_file_passes_for_it(name):
    data = samples()[name]
    for cut in (*range(1, len(data) - 1, 17), len(data) - 1):
        with pytest.raises(PhotoError):
            pixels(data[:cut])


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(samples())), EDITS)
def test_edited_files(name, edits):
    try:
        image = pixels(edited(samples()[name], edits))
    except PhotoError:
        return
    assert image.dtype == np.uint8
    assert image.shape[2] == 3


def test_a_ribbon_that_the_decoder_would_not_take():
    assert pixels(avif(Image.new("RGB", (32_768, 2)), speed=10)).shape == (2, 32_768, 3)
    with pytest.raises(TooManyPixels, match="32769 x 2 pixels; a side may have 32,768"):
        read_header(avif(Image.new("RGB", (32_769, 2)), speed=10))


@pytest.mark.parametrize("encode", [heic, avif])
def test_a_file_that_broke_off_and_was_filled_up_is_cut(encode):
    data = encode(picture(size=(320, 240)))
    for kept in (0.5, 0.8, 0.95):
        cut = data[: int(len(data) * kept)].ljust(len(data), b"\0")
        with pytest.raises(UnreadablePhoto, match="cut short"):
            read_header(cut)
