"""Small packs with made-up weights, and the archives that carry them."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.manifest import Pack, parse_pack

DETECTOR = b"detector weights " * 4000  # 68,000 bytes
RECOGNISER = b"recogniser weights " * 9000  # 171,000 bytes
WHEEL = "tinyweights-1.0-py3-none-any.whl"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def tables(
    detector: list[dict[str, Any]] | None = None,
    recogniser: list[dict[str, Any]] | None = None,
    *,
    acceptance_required: bool = False,
) -> dict[str, Any]:
    """A manifest's tables, as TOML would give them; the arguments are lists of sources."""
    return {
        "name": "tiny",
        "version": "1.0",
        "title": "Made-up weights",
        "licence": {
            "name": "Test-1.0",
            "summary": "Only for tests.",
            "acceptance_required": acceptance_required,
            "upstream": "https://example.invalid/licence",
        },
        "detector": {
            "file": "det.onnx",
            "sha256": sha256(DETECTOR),
            "size": len(DETECTOR),
            "licence": "Test-1.0",
            "upstream": "https://example.invalid/detector",
            "architecture": "scrfd",
            "input_size": 640,
            "input_sizes": [320, 640],
            "score_threshold": 0.5,
            "confident_score": 0.65,
            "nms_threshold": 0.4,
            "preprocessing": {"colour": "RGB", "mean": 127.5, "std": 128.0},
            "sources": detector or [],
        },
        "recogniser": {
            "file": "rec.onnx",
            "sha256": sha256(RECOGNISER),
            "size": len(RECOGNISER),
            "licence": "Test-1.0",
            "upstream": "https://example.invalid/recogniser",
            "architecture": "arcface",
            "input_size": 112,
            "embedding_dim": 512,
            "alignment": "arcface-112",
            "preprocessing": {"colour": "RGB", "mean": 127.5, "std": 127.5},
            "sources": recogniser or [],
        },
    }


def tiny_pack(
    detector: list[dict[str, Any]] | None = None,
    recogniser: list[dict[str, Any]] | None = None,
    *,
    acceptance_required: bool = False,
) -> Pack:
    data = tables(detector, recogniser, acceptance_required=acceptance_required)
    return parse_pack(data, "tiny.toml")


def url_source(url: str) -> dict[str, Any]:
    return {"kind": "url", "url": url}


def zip_source(url: str, member: str, **more: Any) -> dict[str, Any]:
    return {"kind": "zip", "url": url, "member": member, **more}


def wheel_source(member: str) -> dict[str, Any]:
    return {"kind": "wheel", "package": "tinyweights", "version": "1.0", "member": member}


def make_zip(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def make_wheel(folder: Path, members: Mapping[str, bytes]) -> Path:
    """A wheel of the project `tinyweights` that pip accepts."""
    info = "tinyweights-1.0.dist-info"
    metadata = {
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: tinyweights\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    folder.mkdir(parents=True, exist_ok=True)
    return make_zip(folder / WHEEL, {**members, **metadata})
