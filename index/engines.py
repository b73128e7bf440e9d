"""The engines, by the names that settings and benchmarks call them."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from index.engine import FlatEngine, SearchEngine
from index.quantised import QuantisedEngine

EngineName = Literal["flat", "int8"]

ENGINES: Final[Mapping[EngineName, Callable[[int], SearchEngine]]] = {
    "flat": FlatEngine,
    "int8": QuantisedEngine,
}
