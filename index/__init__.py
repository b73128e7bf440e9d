"""Embeddings in, candidates out: exact search and the thresholds that go with it.

Knows vectors and ids only: no images, no database, no HTTP.
"""

from index.engine import FlatEngine, SearchEngine, use_threads
from index.engines import ENGINES, EngineName
from index.errors import (
    DimensionMismatch,
    DuplicateTemplate,
    GalleryError,
    NotUnitVector,
    UnknownTemplate,
)
from index.gallery import Gallery, Hit, SearchResult
from index.quantised import QuantisedEngine
from index.threshold import FalseMatchCurve, expected_fpir, threshold_for

__all__ = [
    "ENGINES",
    "DimensionMismatch",
    "DuplicateTemplate",
    "EngineName",
    "FalseMatchCurve",
    "FlatEngine",
    "Gallery",
    "GalleryError",
    "Hit",
    "NotUnitVector",
    "QuantisedEngine",
    "SearchEngine",
    "SearchResult",
    "UnknownTemplate",
    "expected_fpir",
    "threshold_for",
    "use_threads",
]
