"""What a pack is: one detector and one recogniser, where they come from and how they are fed.

A pack is described by one TOML file that a person can read. The built-in ones lie in `packs/`; a
*custom* pack is a folder that holds a `manifest.toml` and, usually, the weights beside it.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from models.errors import ManifestInvalid, UnknownPack
from models.sources import Address, Frozen, Sha256, Size, Source, Version

__all__ = [
    "MANIFEST_NAME",
    "Architecture",
    "Companion",
    "Detector",
    "Licence",
    "Pack",
    "Preprocessing",
    "PresentationNetwork",
    "Prior",
    "Recogniser",
    "WeightsFile",
    "builtin_packs",
    "load_pack",
    "parse_pack",
]

MANIFEST_NAME = "manifest.toml"
LARGEST_SIDE_PX = 8192
DETECTOR_STRIDE_PX = 32  # both architectures downsample by 8, 16 and 32: sides must divide evenly

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
# A plain name: no separator, no leading dot, nothing a shell or a file system reads differently.
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
PackName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Side = Annotated[int, Field(gt=0, le=LARGEST_SIDE_PX)]
Unit = Annotated[float, Field(ge=0, le=1)]

Architecture = Literal["sface", "arcface", "mobilefacenet"]
"""Of a recogniser."""


class Licence(Frozen):
    """What the weights may be used for; `name` is an SPDX identifier where one exists."""

    name: Text
    summary: Text
    acceptance_required: bool
    upstream: Address

    @property
    def digest(self) -> str:
        """SHA-256 over the terms: an acceptance is of these words, not of whatever follows them."""
        terms = [self.name, self.summary, self.upstream]
        return hashlib.sha256(json.dumps(terms, ensure_ascii=True).encode()).hexdigest()


class Preprocessing(Frozen):
    """Pixels (0-255) become `(pixel - mean) / std`, channels in the order `colour`."""

    colour: Literal["BGR", "RGB"]
    mean: float
    std: Annotated[float, Field(gt=0)]


class WeightsFile(Frozen):
    """One network's file: what it must be, where it may come from, how it is fed.

    `size` is in bytes (None where upstream publishes none), `input_size` is the side in px of the
    square input that the network was published with, `sources` are tried in order.
    """

    file: FileName
    sha256: Sha256
    size: Size | None = None
    licence: Text
    upstream: Address
    input_size: Side
    preprocessing: Preprocessing
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()


class Detector(WeightsFile):
    """Finds faces and their five landmarks.

    `input_sizes` are the long sides in px that a photo is scaled to, tried in order until a face
    is found; `score_threshold` and `nms_threshold` (overlap, IoU) lie in 0..1. A face whose score
    in the close-up is below `confident_score` is not searched: each architecture has a scale of its
    own, so each pack states its own bound. Where the mean of that score and of the first look's is
    below `sure_score`, which way is up is looked at: always, unless the manifest says otherwise, or
    its landmarks in the close-up and its mirror image are on average no more than `sure_spread`
    eye distances apart.
    """

    architecture: Literal["yunet", "scrfd"]
    input_sizes: Annotated[tuple[Side, ...], Field(strict=False, min_length=1)]
    score_threshold: Unit
    confident_score: Unit
    sure_score: Unit = 1.0
    sure_spread: Unit = 0.0
    nms_threshold: Unit

    @model_validator(mode="after")
    def _sizes_grow(self) -> Self:
        if any(side % DETECTOR_STRIDE_PX for side in self.input_sizes):
            raise ValueError(f"input_sizes must be multiples of {DETECTOR_STRIDE_PX}")
        if any(later <= earlier for earlier, later in pairwise(self.input_sizes)):
            raise ValueError("input_sizes must grow: the small side is tried first")
        return self

    @model_validator(mode="after")
    def _bound_can_refuse(self) -> Self:
        if self.confident_score < self.score_threshold:
            raise ValueError("confident_score must be at least score_threshold")
        return self


class Recogniser(WeightsFile):
    """Turns an aligned face into an embedding of `embedding_dim` floats.

    Its length before it is scaled to 1 tells how much the network recognises in a face: below
    `recognisable_length` a photo is marked. Each network has a scale of its own; without a bound,
    none is marked.
    """

    architecture: Architecture
    embedding_dim: Annotated[int, Field(gt=0, le=8192)]
    alignment: Literal["arcface-112"]
    recognisable_length: Annotated[float, Field(gt=0)] | None = None


class Companion(Recogniser):
    """A further recogniser of a composite pack.

    The pack's embedding is the concatenation of all its recognisers' unit embeddings, this one
    multiplied by `weight` (the first counts 1), scaled to length 1: one cosine compares them all.
    """

    weight: Annotated[float, Field(gt=0, le=10)]


class PresentationNetwork(WeightsFile):
    """Tells people from pictures of them; optional, advisory, and none is shipped.

    It is fed the square around the face, `crop` times as wide as its box, and gives `outputs`
    numbers, of which the one at `bona_fide` counts: a share as it is, or after softmax.
    """

    crop: Annotated[float, Field(ge=1, le=8)]
    outputs: Annotated[int, Field(gt=0, le=64)]
    bona_fide: Annotated[int, Field(ge=0, lt=64)]
    softmax: bool = True

    @model_validator(mode="after")
    def _is_an_output(self) -> Self:
        if self.bona_fide >= self.outputs:
            raise ValueError("bona_fide must be the place of one of the outputs, from 0 on")
        return self


class Prior(Frozen):
    """False match rate against cosine score, measured once for the pack: `fmr` falls as it rises.

    `source` is the command and the data that measured it.
    """

    fmr: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(strict=False)]
    score: Annotated[tuple[Annotated[float, Field(ge=-1, le=1)], ...], Field(strict=False)]
    source: Text

    @model_validator(mode="after")
    def _is_a_curve(self) -> Self:
        if len(self.fmr) != len(self.score) or len(self.fmr) < 2:
            raise ValueError("fmr and score must have the same length, at least 2")
        if any(later >= earlier for earlier, later in pairwise(self.fmr)):
            raise ValueError("fmr must fall strictly")
        if any(later <= earlier for earlier, later in pairwise(self.score)):
            raise ValueError("score must rise strictly")
        return self


class Pack(Frozen):
    """A detector and one or more recognisers that belong together, as their manifest says.

    `folder` is where a custom pack lies (None for a built-in one). No manifest can state it: TOML
    knows no paths, and text is not taken for one.
    """

    name: PackName
    version: Version
    title: Text
    notes: Annotated[str, StringConstraints(max_length=4000, strip_whitespace=True)] = ""
    licence: Licence
    detector: Detector
    recogniser: Recogniser
    companions: Annotated[tuple[Companion, ...], Field(strict=False, max_length=4)] = ()
    mirrored: bool = False
    """Whether each face is embedded with its mirror image, and the two embeddings added."""
    prior: Prior | None = None
    presentation: PresentationNetwork | None = None
    folder: Path | None = None

    @property
    def files(self) -> tuple[WeightsFile, ...]:
        """Every weights file, the detector's first."""
        more = (self.presentation,) if self.presentation is not None else ()
        return self.detector, self.recogniser, *self.companions, *more

    @property
    def embedding_dim(self) -> int:
        """Numbers in the pack's embedding."""
        return sum(each.embedding_dim for each in (self.recogniser, *self.companions))

    @property
    def embedding_digest(self) -> str:
        """SHA-256 of everything that decides what an embedding means: weights and fusion."""
        if not self.companions and not self.mirrored:
            return self.recogniser.sha256
        parts = [(self.recogniser.sha256, 1.0)]
        parts += [(each.sha256, each.weight) for each in self.companions]
        return hashlib.sha256(json.dumps([parts, self.mirrored]).encode()).hexdigest()

    @property
    def reference(self) -> str:
        """What `load_pack` finds this pack by."""
        return self.name if self.folder is None else str(self.folder)

    @model_validator(mode="after")
    def _files_differ(self) -> Self:
        # Two contents under one name could not lie in one folder; one content cannot be both.
        for word in ("file", "sha256"):
            if len({getattr(each, word) for each in self.files}) < len(self.files):
                raise ValueError(f"the {word} of detector, recogniser and companions must differ")
        return self


def parse_pack(data: Mapping[str, Any], origin: str) -> Pack:
    """Check a manifest's tables; `origin` is the file named in messages.

    Raises ManifestInvalid naming every field that is wrong, and nothing else.
    """
    try:
        return Pack.model_validate(dict(data))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'manifest'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        )
        raise ManifestInvalid(f"{origin}: {faults}. Correct the manifest.") from error


def _read_pack(content: bytes, origin: str) -> Pack:
    try:
        tables = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ManifestInvalid(f"{origin}: not TOML: {error}. Correct the manifest.") from error
    return parse_pack(tables, origin)


def builtin_packs() -> dict[str, Pack]:
    """Read the packs that ship with this package, by name in alphabetical order."""
    folder = resources.files("models") / "packs"
    packs = [
        _read_pack(entry.read_bytes(), f"models/packs/{entry.name}")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    ]
    return {pack.name: pack for pack in sorted(packs, key=lambda pack: pack.name)}


def load_pack(name_or_folder: str) -> Pack:
    """Find a pack by its built-in name, or read the custom pack in a folder (`./NAME` if both).

    Raises UnknownPack, or ManifestInvalid for a folder whose manifest is wrong.
    """
    builtin = builtin_packs()
    if name_or_folder in builtin:
        return builtin[name_or_folder]
    manifest = Path(name_or_folder) / MANIFEST_NAME
    if not manifest.is_file():
        raise UnknownPack(
            f"no built-in pack is called {name_or_folder!r} ({', '.join(builtin)}), and there is "
            f"no {manifest}. Run `siaga models list` to see the packs."
        )
    try:
        content = manifest.read_bytes()
    except OSError as error:
        raise ManifestInvalid(f"{manifest}: {error.strerror}. Make it readable.") from error
    pack = _read_pack(content, str(manifest))
    namesake = builtin.get(pack.name)
    # Templates are filed under the pack's name: another network may not borrow a known one.
    if namesake and [f.sha256 for f in namesake.files] != [f.sha256 for f in pack.files]:
        raise ManifestInvalid(
            f"{manifest}: name: {pack.name!r} is a built-in pack with other weights; "
            "choose another."
        )
    return pack.model_copy(update={"folder": manifest.parent.resolve()})
