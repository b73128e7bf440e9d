"""Untrusted bytes in, an upright BGR image out.

`open_photo` reads the container (`detector.header`) and applies the caps; nothing is decoded yet.
`Photo.pixels` then gives OpenCV the picture's own bytes, without metadata, and checks that what
came back is what the container promised. Orientation is applied here and nowhere else: no
orientation reaches the decoder. Colours are taken as sRGB; embedded profiles are not applied.
"""

import zlib
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Final, NamedTuple, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.errors import PhotoError, PhotoTooLarge, TooManyPixels, UnreadablePhoto
from detector.faces import rotated
from detector.header import Header, PhotoFormat, read_header
from detector.heic_decoder import decode_heic
from detector.limits import MIB, Limits
from detector.pillow_decoder import decode_with_pillow, jpeg_samples

__all__ = ["Limits", "Photo", "Pixels", "open_photo", "quiet_native_logging"]

Image: TypeAlias = NDArray[np.uint8]
Stored: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]

# A JPEG too large for memory is decoded smaller, see `REDUCED`. What then costs is its entropy
# decoding: a phone's 108 or 200 megapixels take about a second.
MOST_JPEG_PIXELS: Final = 8  # times `Limits.max_pixels`
COEFFICIENT_ROOM: Final = 10  # bytes a pixel of `Limits.max_pixels`, pixels and coefficients alike
LARGE_BYTES: Final = 36 * MIB  # of pixels: 12 megapixels in colour, as most phones take them
PLAIN_PIXEL_BYTES: Final = 3  # an 8-bit pixel in colour: what `Limits.max_pixels` counts in
# OpenJPEG keeps four bytes a sample and decodes some 8 MB of data a second; a passport chip carries
# well under one megapixel in some 20 kB (ICAO 9303-10, DG2).
JPEG_2000_PIXEL_COST, JPEG_2000_BYTE_COST = 8, 2
AVIF_PIXEL_COST: Final = 1.5  # libavif keeps the planes beside the pixels, and both for a moment
LARGE_JPEG_2000: Final = 512 * 1024  # bytes of data, which take as long as 12 megapixels of a JPEG
INFLATE_STEP: Final = 64 * 1024  # bytes of PNG data inflated at once; at most 64 MB result
INFLATE_SAFE: Final = 256 * 1024  # PNG data that expands to 0.25 GB at the very worst
INFLATE_SLACK: Final = MIB  # row filters, interlacing of small pictures
BAND_ROWS: Final = 256  # rows composited at once: temporaries of a few MB whatever the photo
FILLER: Final = 128  # libjpeg's mid-grey for blocks whose data never came
FILLER_SIDE: Final = 8  # one JPEG block, in pixels
INKS: Final = 4  # channels of a JPEG whose mid-grey is another colour once converted: CMYK, YCCK
# Scan data that belongs to no picture; with every restart marker, since one may be awaited.
PROBE: Final = b"".join(b"\x55" * 512 + bytes([0xFF, 0xD0 + number]) for number in range(8))
EOI: Final = b"\xff\xd9"
# A scan's last bytes may look like the filler after it, and the filler's first bytes like data.
FILLER_SLACK: Final = 2
UNUSED: Final = 8  # bytes at the end of a scan that a decoder may not need
# Passes times pixels of a JPEG without its end marker that is decoded whole, several times.
MAX_UNENDED: Final = 60_000_000

AS_STORED: Final = cv2.IMREAD_IGNORE_ORIENTATION
COLOUR: Final = cv2.IMREAD_COLOR | AS_STORED
# JPEG decodes at 1/2, 1/4 or 1/8 inside the inverse DCT: pixels left out are never computed. What
# remains is the entropy decoding: 3 megapixels take 0.75, 0.6 and 0.55 of the full time.
REDUCED: Final = {
    1: COLOUR,
    2: cv2.IMREAD_REDUCED_COLOR_2 | AS_STORED,
    4: cv2.IMREAD_REDUCED_COLOR_4 | AS_STORED,
    8: cv2.IMREAD_REDUCED_COLOR_8 | AS_STORED,
}
ALONG, ACROSS, BOTH = 1, 0, -1  # cv2.flip: left-right, top-bottom, both
TRANSPOSED: Final = range(5, 9)  # EXIF orientations that swap width and height
# Orientations of which each turns the picture a quarter further than the one before.
ANTICLOCKWISE: Final = ((1, 8, 3, 6), (2, 5, 4, 7))
FLIPS: Final = {2: ALONG, 3: BOTH, 4: ACROSS, 6: ALONG, 7: BOTH, 8: ACROSS}  # after transposing


class Pixels(NamedTuple):
    """A decoded photo: uint8 (height, width, 3) BGR, C-contiguous, upright.

    scale is the decoded long side over the photo's own: 1.0 unless a JPEG was reduced.
    """

    image: Image
    scale: float

    def turned(self, quarters: int) -> "Pixels":
        """Return the same picture turned anticlockwise."""
        return Pixels(rotated(self.image, quarters), self.scale)

    def inverted(self) -> "Pixels":
        """Return the positive of a negative."""
        return Pixels(np.asarray(cv2.bitwise_not(self.image), np.uint8), self.scale)


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo whose container was read and found within the limits. Caches nothing."""

    data: bytes = field(repr=False)
    header: Header
    least_reduction: int = 1
    """What a JPEG is reduced by at least, so that its pixels stay within the memory allowed."""
    negative: bool = False
    """Whether its pixels are inverted, because the picture that came is a negative."""

    @property
    def format(self) -> PhotoFormat:
        """The container, from its magic bytes."""
        return self.header.format

    @property
    def width(self) -> int:
        """Pixels across, upright."""
        turned = self.header.orientation in TRANSPOSED
        return self.header.height if turned else self.header.width

    @property
    def height(self) -> int:
        """Pixels down, upright."""
        turned = self.header.orientation in TRANSPOSED
        return self.header.width if turned else self.header.height

    def turned(self, quarters: int) -> "Photo":
        """Return the photo as if its orientation had said to turn it anticlockwise, too."""
        cycle = next(each for each in ANTICLOCKWISE if self.header.orientation in each)
        at = cycle.index(self.header.orientation) + quarters
        return replace(self, header=replace(self.header, orientation=cycle[at % len(cycle)]))

    def inverted(self) -> "Photo":
        """Return the photo as the positive of the negative that it is."""
        return replace(self, negative=True)

    def pixels(self, min_long_side: int | None = None) -> Pixels:
        """Decode. A JPEG is reduced as far as its long side stays at least `min_long_side`.

        Transparent parts are laid on white, the plain background that portraits ask for
        (ISO/IEC 19794-5). Raises UnreadablePhoto.
        """
        header = self.header
        reduction = max(_reduction(header, min_long_side), self.least_reduction)
        core = _core(self.data, header)
        if header.filler is not None:
            core = _ended(core, header, self.least_reduction)
        stored = _whole(core, header, reduction)
        image = _turn(_to_bgr(stored, header), header.orientation)
        pixels = Pixels(image, max(image.shape[:2]) / max(header.width, header.height))
        return pixels.inverted() if self.negative else pixels


def open_photo(data: bytes, limits: Limits) -> Photo:
    """Read the container and apply the caps; nothing is decoded.

    Raises EmptyPhoto, PhotoTooLarge, UnsupportedFormat, TooManyPixels or UnreadablePhoto.
    """
    _check_bytes(data, limits.max_bytes)
    header = read_header(data)
    bytes_a_pixel = header.channels * ceil(header.bits_per_sample / 8)
    cost = max(1.0, bytes_a_pixel / PLAIN_PIXEL_BYTES)
    if header.picture is PhotoFormat.JPEG_2000:
        _check_bytes(data, limits.max_bytes // JPEG_2000_BYTE_COST)
        cost *= JPEG_2000_PIXEL_COST
    elif header.picture is PhotoFormat.AVIF:
        cost *= AVIF_PIXEL_COST
    pixels = header.width * header.height * cost
    if header.picture is PhotoFormat.JPEG:
        most = MOST_JPEG_PIXELS * limits.max_pixels
        fitting = (n for n in REDUCED if _fits(header, pixels / n**2, limits))
        reduction = next(fitting, None)
        if reduction is None or pixels > most:
            raise _too_many_pixels(header, most / cost)
        return Photo(data, header, reduction)
    if pixels > limits.max_pixels:
        raise _too_many_pixels(header, limits.max_pixels / cost)
    return Photo(data, header)


def _fits(header: Header, pixels: float, limits: Limits) -> bool:
    """Tell whether a JPEG that decodes to so many pixels stays within the memory allowed."""
    memory = header.coefficient_bytes + pixels * PLAIN_PIXEL_BYTES
    return pixels <= limits.max_pixels and memory <= COEFFICIENT_ROOM * limits.max_pixels


def is_large(data: bytes) -> bool:
    """Whether a photo takes much memory or time to decode; what is no photo takes none."""
    try:
        header = read_header(data)
    except PhotoError:
        return False
    bytes_a_pixel = header.channels * ceil(header.bits_per_sample / 8)
    if header.picture is PhotoFormat.JPEG_2000:
        if len(data) > LARGE_JPEG_2000:
            return True
        bytes_a_pixel *= JPEG_2000_PIXEL_COST
    return header.width * header.height * bytes_a_pixel > LARGE_BYTES


def _check_bytes(data: bytes, most: int) -> None:
    if len(data) > most:
        msg = (
            f"The photo has {len(data):,} bytes; at most {most:,} are accepted in this format. "
            "Send a smaller one: 1 to 3 megapixels are plenty."
        )
        raise PhotoTooLarge(msg)


def _too_many_pixels(header: Header, most: float) -> TooManyPixels:
    plain = "Save it as an ordinary (not progressive) JPEG, or send"
    return TooManyPixels(
        f"The photo is {header.width} x {header.height} pixels; at most "
        f"{most / 1e6:.1f} megapixels are accepted in this format. "
        f"{plain if header.coefficient_bytes else 'Send'} a smaller one: 1 to 3 megapixels are "
        "plenty."
    )


def quiet_native_logging() -> None:
    """Silence OpenCV's log, process-wide: refusals are reported as errors, not on stderr.

    libjpeg and libpng inside OpenCV write their one-line warnings past this log; most damaged
    files are refused before they are reached.
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


_CUT_SHORT: Final = "The photo is cut short: part of the picture is missing. Send it again."
_DAMAGED: Final = "The photo is damaged and cannot be decoded. Take or export it again."


def _reduction(header: Header, min_long_side: int | None) -> int:
    """Return the largest of 8, 4, 2, 1 that leaves the long side long enough."""
    if header.picture is not PhotoFormat.JPEG or min_long_side is None:
        return 1
    long_side = max(header.width, header.height)
    return next((n for n in (8, 4, 2) if ceil(long_side / n) >= min_long_side), 1)


def _core(data: bytes, header: Header) -> bytes:
    view = memoryview(data)
    if header.picture is PhotoFormat.PNG:
        _check_inflation(view, header)
    return b"".join(
        piece if isinstance(piece, bytes) else view[slice(*piece)] for piece in header.core
    )


def _check_inflation(view: memoryview, header: Header) -> None:
    """Refuse a PNG whose data goes on after the picture: libpng would inflate it to the end.

    Costs a second inflation, of which nothing is kept; data too short to be a bomb is spared it.
    """
    chunks = [piece for piece in header.core if isinstance(piece, tuple)]
    packed = [view[a + 8 : b - 4] for a, b in chunks if view[a + 4 : a + 8].tobytes() == b"IDAT"]
    if sum(map(len, packed)) <= INFLATE_SAFE:
        return
    row = ceil(header.width * header.channels * header.bits_per_sample / 8) + 1
    room = 2 * row * header.height + INFLATE_SLACK
    inflater = zlib.decompressobj()
    try:
        for chunk in packed:
            for at in range(0, len(chunk), INFLATE_STEP):
                rest: memoryview | bytes = chunk[at : at + INFLATE_STEP]
                while rest:
                    room -= len(inflater.decompress(rest, MIB))
                    rest = inflater.unconsumed_tail
                    if room < 0:
                        raise UnreadablePhoto(_DAMAGED)
    except zlib.error:
        raise UnreadablePhoto(_DAMAGED) from None


def _decoded(core: bytes, header: Header, reduction: int) -> Stored:
    """Decode as stored, (H, W) or (H, W, 3 or 4), 8 or 16 bits, and check it against the header."""
    image: Stored | None
    if header.picture is PhotoFormat.HEIC:
        image = decode_heic(core)
    elif header.unusual:
        image = decode_with_pillow(core, header.picture, (header.width, header.height))
    else:
        image = _imdecode(core, _flags(header, reduction))
    if image is None:
        raise UnreadablePhoto(_DAMAGED)
    return _of_size(image, header, reduction)


def _of_size(image: Stored, header: Header, reduction: int) -> Stored:
    """Return an image whose size is the one that the header says. Raises UnreadablePhoto."""
    expected = (ceil(header.height / reduction), ceil(header.width / reduction))
    if image.shape[:2] != expected or image.dtype not in (np.uint8, np.uint16):
        raise UnreadablePhoto(_DAMAGED)
    return image


def _checksum(samples: Stored | None) -> int | None:
    return zlib.crc32(samples.data) if samples is not None else None


def _imdecode(core: bytes, flags: int) -> Stored | None:
    try:
        return cast("Stored | None", cv2.imdecode(np.frombuffer(core, np.uint8), flags))
    except cv2.error:
        return None


def _flags(header: Header, reduction: int) -> int:
    if header.picture is PhotoFormat.JPEG:
        return REDUCED[reduction]
    if header.picture is PhotoFormat.BMP:  # its fourth byte is padding more often than alpha
        return COLOUR
    if header.picture is PhotoFormat.JPEG_2000 and header.channels <= 2:  # the second is alpha
        return cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH | AS_STORED
    return cv2.IMREAD_UNCHANGED


def _ended(core: bytes, header: Header, least_reduction: int) -> bytes:
    """Return a JPEG that had no end marker, ended where its data ends. Raises UnreadablePhoto.

    A scan is whole where more data changes nothing in the picture, and 8 bytes less do. Those
    that are whole only with the filler are cut short, and the filler was read as a picture, unless
    all of it was: data may repeat like filler, padding is not used up to its last byte.
    """
    progressive = header.coefficient_bytes > 0
    if progressive and header.scans * header.width * header.height > MAX_UNENDED:
        raise UnreadablePhoto(_CUT_SHORT)
    # At an eighth, a sequential picture is cut short by less than a block at most; the later scans
    # of a progressive one would not show at all.
    reduction = least_reduction if progressive else 8
    body = core[: -len(EOI)]
    stripped = body[: len(body) - max(0, (header.filler or 0) - FILLER_SLACK)]
    for ending in dict.fromkeys((stripped, body)):
        data = ending.rstrip(b"\xff")  # which would make a marker of what follows
        whole = _decoded(data + EOI, header, reduction)
        if not np.array_equal(whole, _decoded(data + PROBE + EOI, header, reduction)):
            continue
        less = data[: -UNUSED - FILLER_SLACK].rstrip(b"\xff")
        shorter = _decoded(less + PROBE + EOI, header, least_reduction)
        if not np.array_equal(shorter, _decoded(data + EOI, header, least_reduction)):
            return data + EOI
    raise UnreadablePhoto(_CUT_SHORT)


def _whole(core: bytes, header: Header, reduction: int) -> Stored:
    """Decode, and refuse a JPEG that ran out of data before its last block.

    libjpeg paints what is missing mid-grey, or leaves it as coarse as the earlier passes did, and
    reports success. So the last scan is made longer: a picture that was complete does not change.
    In one pass, of brightness or colours, only a grey last block gives reason to look.
    """
    if header.picture is not PhotoFormat.JPEG:
        return _decoded(core, header, reduction)
    longer = core[: -len(EOI)] + PROBE + EOI
    if header.scans > 1 or header.channels == INKS:
        # Asked of Pillow: OpenCV's libjpeg would write a line to stderr for each that is whole.
        # Two pictures of 25 megapixels are not held at once.
        expected = _checksum(jpeg_samples(longer, reduction))
        samples = jpeg_samples(core, reduction)
        if _checksum(samples) != expected:
            raise UnreadablePhoto(_CUT_SHORT)
        if samples is None or header.channels == INKS:
            return _decoded(core, header, reduction)
        bgr = samples if samples.ndim == 2 else np.ascontiguousarray(samples[..., ::-1])
        return _of_size(bgr, header, reduction)
    stored = _decoded(core, header, reduction)
    side = FILLER_SIDE // reduction
    grey = bool((stored[-side:, -side:] == FILLER).all())
    if grey and not np.array_equal(stored, _decoded(longer, header, reduction)):
        raise UnreadablePhoto(_CUT_SHORT)
    return stored


def _to_bgr(image: Stored, header: Header) -> Image:
    """Return uint8 (H, W, 3): samples scaled to 8 bits and rounded, alpha laid on white."""
    if image.dtype == np.uint16:
        brightest = 2**header.bits_per_sample - 1
        image = cast("Image", cv2.convertScaleAbs(image, alpha=255 / brightest))
    if image.ndim == 2:
        return cast("Image", cv2.cvtColor(image, cv2.COLOR_GRAY2BGR))
    if image.shape[2] == 3:
        return cast("Image", image)
    opaque = np.empty((*image.shape[:2], 3), np.uint8)
    for top in range(0, image.shape[0], BAND_ROWS):
        band = image[top : top + BAND_ROWS]
        alpha = cv2.merge([band[..., 3]] * 3)
        colour = cv2.cvtColor(band, cv2.COLOR_BGRA2BGR)
        if header.picture is not PhotoFormat.TIFF:  # libtiff has already multiplied
            colour = cv2.multiply(colour, alpha, scale=1 / 255)
        cv2.add(colour, cv2.bitwise_not(alpha), dst=opaque[top : top + BAND_ROWS])
    return opaque


def _turn(image: Image, orientation: int) -> Image:
    """Return the image upright (EXIF 1-8)."""
    if orientation in TRANSPOSED:
        image = cast("Image", cv2.transpose(image))
    if orientation in FLIPS:
        image = cast("Image", cv2.flip(image, FLIPS[orientation]))
    return np.ascontiguousarray(image)
