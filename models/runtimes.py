"""What runs a pack's recognisers, and the proof that it may: docs/decisions/0045.

A proof lies beside the compiled network that it is about. It holds for one version of the runtime
and one kind of processor, so that an upgrade, or another machine on the same folder, proves afresh.
"""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

from pydantic import AwareDatetime, ValidationError

from models.atomic import replacing
from models.sources import Frozen

__all__ = [
    "LEAST_COSINE",
    "Runtime",
    "RuntimeName",
    "RuntimeProof",
    "least_proof",
    "read_proof",
    "write_proof",
]

LEAST_COSINE: Final = 0.998
"""Of a face's embedding in bfloat16 to that in float32; below it the runtime is refused. Two photos
of a person differ by a hundred times as much."""


RuntimeName = Literal["auto", "onnxruntime", "openvino"]
"""A runtime as an operator sets it: see `detector.runtime_choice`."""


class Runtime(StrEnum):
    """What ran a recogniser, and in which precision: kept with what was found by it."""

    ONNXRUNTIME = "onnxruntime"
    OPENVINO_BF16 = "openvino-bf16"


class RuntimeProof(Frozen):
    """How far a runtime's embeddings lie from those of ONNX Runtime in float32, on real faces."""

    runtime: Runtime
    version: str
    instructions: str
    """The processor's, by the name that Linux has for them."""
    faces: int
    least_cosine: float
    proven_at: AwareDatetime

    @property
    def passed(self) -> bool:
        """Whether the runtime may be used."""
        return self.least_cosine >= LEAST_COSINE


def proof_path(compiled: Path, version: str, instructions: str) -> Path:
    """Return where the proof about a compiled network is."""
    return compiled.with_name(f"{compiled.stem}-openvino{version}-{instructions}.json")


def read_proof(compiled: Path, version: str, instructions: str) -> RuntimeProof | None:
    """Return the proof about a compiled network; what cannot be read is none."""
    try:
        text = proof_path(compiled, version, instructions).read_bytes()
        proof = RuntimeProof.model_validate_json(text)
    except (OSError, ValidationError):
        return None
    return proof if (proof.version, proof.instructions) == (version, instructions) else None


def write_proof(compiled: Path, proof: RuntimeProof) -> None:
    """Keep a proof about a compiled network, in place of the one that there was.

    Raises:
        OSError: the disk refuses.
    """
    with replacing(proof_path(compiled, proof.version, proof.instructions)) as output:
        output.write(proof.model_dump_json(indent=2).encode() + b"\n")


def least_proof(proofs: Iterable[RuntimeProof]) -> RuntimeProof:
    """Return the proof of several networks as one: that of the least cosine.

    Raises:
        ValueError: there are none.
    """
    return min(proofs, key=lambda proof: proof.least_cosine)
