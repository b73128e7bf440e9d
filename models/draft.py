"""A manifest for networks of one's own: what their files tell, and what is usual for the rest.

A file tells its digest, its size, the shapes of its inputs and outputs and, by those, which
architecture it is. How its pixels are prepared it does not tell: the manifest gets the values that
networks of that architecture are published with, to be corrected if one was trained otherwise.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from models.atomic import replacing
from models.errors import ManifestInvalid
from models.manifest import MANIFEST_NAME, Architecture, Pack, builtin_packs, parse_pack

_YUNET_OUTPUTS: Final = 12
_SCRFD_OUTPUTS: Final = 9
_SIDE: Final = 112
_IMAGE_RANK: Final = 4
_BOUNDS: Final = {
    # Of the built-in packs with networks of the same architecture.
    "yunet": {"score_threshold": 0.6, "confident_score": 0.9, "sure_score": 0.92},
    "scrfd": {
        "score_threshold": 0.5,
        "confident_score": 0.7,
        "sure_score": 0.8,
        "sure_spread": 0.04,
    },
}
_OVERLAP: Final = {"yunet": 0.3, "scrfd": 0.4}
_PREPROCESSING: Final = {
    "yunet": '{ colour = "BGR", mean = 0.0, std = 1.0 }',
    "scrfd": '{ colour = "RGB", mean = 127.5, std = 128.0 }',
    "sface": '{ colour = "RGB", mean = 0.0, std = 1.0 }',
    "arcface": '{ colour = "RGB", mean = 127.5, std = 127.5 }',
    "mobilefacenet": '{ colour = "RGB", mean = 127.5, std = 127.5 }',
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a pack is called, and what its weights may be used for."""

    name: str
    licence: str
    """SPDX identifier, where there is one."""
    upstream: str
    """Where they come from, an https address."""


@dataclass(frozen=True, slots=True)
class _Network:
    """A network's file and shapes."""

    path: Path
    sha256: str
    size: int
    outputs: tuple[tuple[int | None, ...], ...]
    """Their shapes; None where a side is free."""
    side: int | None
    """Of its square input."""


def draft(
    folder: Path,
    detector: Path,
    recogniser: Path,
    terms: Terms,
    architecture: Architecture = "arcface",
) -> Pack:
    """Write the manifest of a pack of two files that lie in its folder.

    Args:
        folder: the pack's; its manifest is new.
        detector: in that folder, YuNet or SCRFD.
        recogniser: in that folder, of aligned faces of 112 x 112 pixels.
        terms: name and licence.
        architecture: the recogniser's, which no shape tells.

    Raises:
        ManifestInvalid: a file is no such network, or the folder has a manifest.
    """
    manifest = folder / MANIFEST_NAME
    if manifest.exists():
        raise ManifestInvalid(f"{manifest} is there already: edit it, or move it away first.")
    for path in (detector, recogniser):
        if path.resolve().parent != folder.resolve():
            raise ManifestInvalid(f"{path} does not lie in {folder}: put it there first.")
    finds, knows = _read(detector), _read(recogniser)
    kind = {_YUNET_OUTPUTS: "yunet", _SCRFD_OUTPUTS: "scrfd"}.get(len(finds.outputs))
    if kind is None:
        raise ManifestInvalid(
            f"{detector.name} has {len(finds.outputs)} outputs, YuNet has {_YUNET_OUTPUTS} and "
            f"SCRFD with landmarks {_SCRFD_OUTPUTS}: no other detector is known here."
        )
    dim = knows.outputs[0][-1] if knows.outputs else None
    if len(knows.outputs) != 1 or dim is None or knows.side not in {None, _SIDE}:
        raise ManifestInvalid(
            f"{recogniser.name} is no recogniser of {_SIDE} x {_SIDE} pixels with one output of "
            "known length."
        )
    text = _manifest(finds, knows, terms, kind, architecture, dim)
    pack = parse_pack(_tables(text), str(manifest))  # refused before it is written
    if pack.name in builtin_packs():
        raise ManifestInvalid(f"{pack.name} is a built-in pack: give this one another name.")
    with replacing(manifest) as file:
        file.write(text.encode())
    return pack.model_copy(update={"folder": folder.resolve()})


def _tables(text: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - for this alone

    return tomllib.loads(text)


def _read(path: Path) -> _Network:
    import onnx  # noqa: PLC0415 - only this command and the compiler look into networks
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - likewise

    try:
        content = path.read_bytes()
        graph = onnx.load_model_from_string(content).graph
    except OSError as error:
        raise ManifestInvalid(f"{path}: {error.strerror}. Make it readable.") from error
    except DecodeError as error:
        raise ManifestInvalid(f"{path} is no ONNX file.") from error
    constants = {each.name for each in graph.initializer}
    images = [
        shape
        for each in graph.input
        if each.name not in constants and len(shape := _shape(each)) == _IMAGE_RANK
    ]
    if len(images) != 1:
        raise ManifestInvalid(f"{path.name} does not take one batch of images.")
    return _Network(
        path,
        hashlib.sha256(content).hexdigest(),
        len(content),
        tuple(_shape(each) for each in graph.output),
        images[0][-1],
    )


def _shape(value: Any) -> tuple[int | None, ...]:  # noqa: ANN401 - a protobuf message
    return tuple(
        side.dim_value if side.HasField("dim_value") and side.dim_value > 0 else None
        for side in value.type.tensor_type.shape.dim
    )


def _manifest(
    finds: _Network, knows: _Network, terms: Terms, kind: str, architecture: str, dim: int
) -> str:
    bounds = "".join(f"{name} = {value}\n" for name, value in _BOUNDS[kind].items())
    return f"""\
# Made by `siaga models new`; check what is marked.
name = {_text(terms.name)}
version = "1"
title = {_text(f"{terms.name}: {kind} and {architecture}")}

[licence]
name = {_text(terms.licence)}
summary = {_text(f"As {terms.licence} says: read it before use.")}
acceptance_required = false
upstream = {_text(terms.upstream)}

[detector]
{_file(finds, terms)}architecture = "{kind}"
input_size = {finds.side or 640}
input_sizes = [320, 640]
# Check with `siaga bench orientation`: of the built-in packs with such a detector.
{bounds}nms_threshold = {_OVERLAP[kind]}
# Check: what networks of this architecture are published with.
preprocessing = {_PREPROCESSING[kind]}

[recogniser]
{_file(knows, terms)}architecture = "{architecture}"
input_size = {_SIDE}
embedding_dim = {dim}
alignment = "arcface-112"
# Check: what networks of this architecture are published with.
preprocessing = {_PREPROCESSING[architecture]}
"""


def _file(network: _Network, terms: Terms) -> str:
    return (
        f"file = {_text(network.path.name)}\n"
        f'sha256 = "{network.sha256}"\n'
        f"size = {network.size}\n"
        f"licence = {_text(terms.licence)}\n"
        f"upstream = {_text(terms.upstream)}\n"
    )


def _text(words: str) -> str:
    """Write a basic string of TOML; JSON's escapes are among its own."""
    return json.dumps(words, ensure_ascii=False)
