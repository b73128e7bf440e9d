"""Which runtime a pack's recognisers run on, by what was set, what is here, and what was proven."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from detector.errors import RuntimeRefused
from detector.openvino_session import installed_version
from detector.processor import bf16_instructions
from models.runtimes import (
    LEAST_COSINE,
    Runtime,
    RuntimeName,
    RuntimeProof,
    least_proof,
    read_proof,
)

_COMPILE: Final = "run `siaga models compile {pack}` to prove it here"


@dataclass(frozen=True, slots=True)
class RuntimeState:
    """What stands for and against OpenVINO on this machine."""

    version: str | None
    """Of OpenVINO; None where it is not installed."""
    instructions: str | None
    """The processor's for bfloat16, None without."""
    proof: RuntimeProof | None
    """The one of the least cosine; None where a network has none."""

    def obstacle(self, pack: str) -> str | None:
        """Return why OpenVINO is not used here, and what to do; None where nothing speaks against.

        Args:
            pack: by what name the operator refers to the pack.
        """
        if self.version is None:
            return "OpenVINO is not installed: install siaga[openvino]"
        if self.instructions is None:
            return (
                "this processor does not compute in bfloat16 (AVX512_BF16, AMX), without which "
                "OpenVINO gains nothing"
            )
        how = _COMPILE.format(pack=pack)
        if self.proof is None:
            return f"OpenVINO {self.version} is not proven for pack {pack} on this processor: {how}"
        if not self.proof.passed:
            return (
                f"OpenVINO {self.version} is not exact enough for pack {pack} on this processor: "
                f"least cosine {self.proof.least_cosine:.4f} on {self.proof.faces} faces, and at "
                f"least {LEAST_COSINE} is asked for"
            )
        return None


def runtime_state(compiled: Sequence[Path]) -> RuntimeState:
    """Look at what is installed, at the processor, and at the proofs of a pack's recognisers."""
    version, instructions = installed_version(), bf16_instructions()
    if version is None or instructions is None:
        return RuntimeState(version, instructions, None)
    proofs = [read_proof(path, version, instructions) for path in compiled]
    held = [proof for proof in proofs if proof is not None]
    return RuntimeState(
        version, instructions, least_proof(held) if len(held) == len(proofs) else None
    )


def choose(name: RuntimeName, state: RuntimeState, pack: str) -> Runtime:
    """Return the runtime to use.

    `onnxruntime` is always ONNX Runtime. `openvino` is OpenVINO in bfloat16 or an error. `auto` is
    OpenVINO where nothing speaks against it, else ONNX Runtime.

    Raises:
        RuntimeRefused: `openvino` is asked for, and something speaks against it.
    """
    if name == "onnxruntime":
        return Runtime.ONNXRUNTIME
    obstacle = state.obstacle(pack)
    if obstacle is None:
        return Runtime.OPENVINO_BF16
    if name == "openvino":
        raise RuntimeRefused(f"{obstacle}. Or set runtime to auto or onnxruntime.")
    return Runtime.ONNXRUNTIME
