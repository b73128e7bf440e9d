"""What a gate sent beside the photo, as those who review an alert read it."""

from collections.abc import Mapping
from typing import Any

from casework.kernel.vocabulary import VerificationResult


def verification_result(verification: Mapping[str, Any] | None) -> VerificationResult | None:
    """Return the result of a verification as an encounter keeps it; None where there was none."""
    if verification is None:
        return None
    if verification["passes"] is None:
        return VerificationResult.UNUSABLE
    return VerificationResult.MATCH if verification["passes"] else VerificationResult.MISMATCH


def pad_result(presentation: Mapping[str, Any] | None) -> str | None:
    """Return what the gate's presentation attack detection found; None where it sent nothing."""
    return presentation["result"] if presentation is not None else None
