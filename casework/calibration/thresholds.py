"""How high strangers score by chance: as calibrated, or else by the pack's prior."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from casework.kernel.messages import Message
from index.calibration import Calibration, Tail
from index.threshold import FalseMatchCurve, expected_fpir, threshold_for

# A calibration is good for lists up to about its gallery's size. Beyond this factor its thresholds
# rest on the reasoning of extremes alone, and say so. A smaller list asks for rates that are less
# rare in the gallery, of which the searches say more: it may be so many times smaller.
_MEASURED_GROWTH: Final = 1.25
_MEASURED_SHRINKING: Final = 4.0

# The largest N of "one in N": no set of searches can show that a score is rarer.
RAREST: Final = 1_000_000

BY_HAND: Final = Message("basis_by_hand")
"""The basis of a threshold that somebody set."""

_BASIS: Final = re.compile(
    r"((?P<prior>prior of|generic curve for) (?P<pack>.+)|calibration (?P<calibration>\S+)): "
    r"FPIR (?P<fpir>\S+) at (?P<templates>\d+) templates(, extrapolated from (?P<size>\d+))?"
)
_BY_HAND_UP_TO_A_POINT: Final = re.compile(
    r"set by hand to (?P<hand>\S+), (raised to the score of|(?P<breaker>replaced by the breaker:)) "
    r"FPIR (?P<fpir>\S+) at (?P<templates>\d+) templates"
)


@dataclass(frozen=True, slots=True)
class FalseMatchModel:
    """Thresholds and odds for one model. A fresh installation has the prior alone."""

    pack: str
    curve: FalseMatchCurve
    calibration: Calibration | None = None
    calibration_id: str | None = None
    generic: bool = False
    """Whether `curve` is that of other packs: see `casework.calibration.priors`."""

    def threshold(self, fpir: float, templates: int) -> float:
        """Return the score that a share `fpir` of strangers reaches against so many templates."""
        prior = threshold_for(fpir, templates, self.curve)
        if self.calibration is None:
            return prior
        fitted = self.calibration.score_at(fpir, max(1, templates))
        # What its searches are too few to show, they must not make laxer than the prior.
        if not self.generic and fpir < self.calibration.least_fpir(max(1, templates)):
            return max(fitted, prior)
        return fitted

    def basis(self, fpir: float, templates: int) -> Message:
        """Return the basis of that threshold."""
        params = {"fpir": f"{fpir:g}", "templates": templates}
        if self.calibration is None:
            code = "basis_generic" if self.generic else "basis_prior"
            return Message(code, {"pack": self.pack, **params})
        params["calibration"] = str(self.calibration_id)
        if not is_extrapolated(self.calibration, templates):
            return Message("basis_calibration", params)
        return Message("basis_extrapolated", {**params, "size": self.calibration.gallery_size})

    def one_in(self, score: float, templates: int) -> float:
        """Return N: about one stranger in N scores this high, 1 to `RAREST`, two digits."""
        fpir = expected_fpir(score, templates, self.curve)
        if self.calibration is not None:
            fitted = self.calibration.fpir_at(score, max(1, templates))
            least = self.calibration.least_fpir(max(1, templates))
            fpir = fitted if self.generic else max(fitted, min(fpir, least))
        return float(f"{1 / min(1.0, max(fpir, 1 / RAREST)):.2g}")


def read_basis(text: str) -> Message | None:
    """Return what an alert keeps as the basis of its threshold, None if it is written otherwise.

    Alerts keep it as the English text that programs are given; `FalseMatchModel.basis` and what
    became of a threshold set by hand are all that is ever written there.
    """
    if text == str(BY_HAND):
        return BY_HAND
    found = _BY_HAND_UP_TO_A_POINT.fullmatch(text)
    if found is not None:
        code = "basis_breaker" if found["breaker"] else "basis_raised"
        gaps = {name: found[name] for name in ("hand", "fpir")}
        return Message(code, {**gaps, "templates": int(found["templates"])})
    found = _BASIS.fullmatch(text)
    if found is None:
        return None
    params: dict[str, Any] = {name: value for name, value in found.groupdict().items() if value}
    params |= {name: int(params[name]) for name in ("templates", "size") if name in params}
    if (by := params.pop("prior", None)) is not None:
        return Message("basis_prior" if by == "prior of" else "basis_generic", params)
    return Message("basis_extrapolated" if "size" in params else "basis_calibration", params)


def is_extrapolated(calibration: Calibration, templates: int) -> bool:
    """Whether a gallery of so many templates is far from the calibrated one's size."""
    growth = max(1, templates) / calibration.gallery_size
    return not 1 / _MEASURED_SHRINKING <= growth <= _MEASURED_GROWTH


def parameters(calibration: Calibration) -> dict[str, Any]:
    """Return a fitted calibration as plain data, without what has columns of its own."""
    return {
        "tail": _numbers(calibration.tail),
        "body": list(calibration.body),
        "resampled": [_numbers(tail) for tail in calibration.resampled],
    }


def restored(searches: int, gallery_size: int, kept: Mapping[str, Any]) -> Calibration:
    """Return the calibration that `parameters` was made from."""
    return Calibration(
        searches,
        gallery_size,
        Tail(*kept["tail"]),
        tuple(kept["body"]),
        tuple(Tail(*numbers) for numbers in kept["resampled"]),
    )


def _numbers(tail: Tail) -> list[float]:
    return [tail.begin, tail.rate, tail.shape, tail.scale]
