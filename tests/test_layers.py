"""The layers that import-linter keeps: their list of exceptions may only shrink."""

import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
MOST_EXCEPTIONS: Final = 1


def test_the_layers_of_casework_have_no_more_exceptions_than_before():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = [each for each in contracts if each.get("containers") == ["casework"]]
    assert len(layers.get("ignore_imports", [])) <= MOST_EXCEPTIONS
