"""Tests wait as long as the machine needs: no time-out is a bare number of seconds."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.deadlines import VARIABLE, factor, patience, wait_until

TESTS: Final = Path(__file__).parent
SHORT: Final = 1
"""A wait below this is meant to run out: that something does not happen, or not at once."""
_WAITS: Final = {"wait", "join", "result", "wait_for", "timeout", "to_thread"}


def bare(source: str) -> Iterator[int]:
    """The lines of time-outs and deadlines that do not grow with the load."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(attr=name), args=arguments) if name in _WAITS:
                found = list(arguments) if not _is_mark(node) else []
            case ast.BinOp(left=ast.Call(func=ast.Attribute(attr="monotonic")), op=ast.Add()):
                found = [node.right]
            case _:
                found = []
        if isinstance(node, ast.Call):
            found += [each.value for each in node.keywords if each.arg == "timeout"]
        for each in found:
            match each:
                case ast.Constant(value=int() | float() as seconds) if seconds >= SHORT:
                    yield each.lineno


def _is_mark(call: ast.Call) -> bool:
    """Whether it is `pytest.mark.timeout(...)`, which grows with the load by itself."""
    return ast.unparse(call.func) == "pytest.mark.timeout"


@pytest.mark.parametrize(
    "path", sorted(TESTS.glob("**/*.py")), ids=lambda path: str(path.relative_to(TESTS))
)
def test_every_time_out_is_asked_of_patience(path):
    assert list(bare(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("source", "is_bare"),
    [
        ("process.wait(timeout=20)", True),
        ("begun.wait(10)", True),
        ("thread.join(20)", True),
        ("future.result(5)", True),
        ("asyncio.timeout(10)", True),
        ("asyncio.wait_for(held.wait(), 5)", True),
        ("asyncio.to_thread(again.wait, 10)", True),
        ("deadline = time.monotonic() + 30", True),
        ("httpx2.get(address, timeout=30)", True),
        ("process.wait(timeout=patience(20))", False),
        ("deadline = time.monotonic() + patience(30)", False),
        ("threads[0].join(0.01)", False),
        ("future.result(timeout=0)", False),
        ("pytest.mark.timeout(400)", False),
        ("', '.join(names)", False),
    ],
)
def test_a_bare_time_out_is_seen(source, is_bare):
    assert bool(list(bare(source))) == is_bare


@pytest.mark.parametrize(("load", "times"), [(0.0, 1), (1.0, 2), (3.0, 4), (500.0, 20)], ids=str)
def test_patience_grows_with_the_load_of_a_processor(monkeypatch, load, times):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(os, "getloadavg", lambda: (load * (os.cpu_count() or 1), 0.0, 0.0))
    assert factor() == pytest.approx(times)
    assert patience(3) == pytest.approx(3 * times)


def test_the_environment_says_how_long_whatever_the_load(monkeypatch):
    monkeypatch.setenv(VARIABLE, "2.5")
    assert patience(4) == 10


def test_what_does_not_come_about_is_a_failure(monkeypatch):
    monkeypatch.setenv(VARIABLE, "1")
    asked = iter([False, False, True])
    wait_until(lambda: next(asked), 5)
    with pytest.raises(AssertionError, match="not so"):
        wait_until(lambda: False, 0.05)


def test_the_time_out_of_a_test_is_the_configuration_s_and_more_under_load(request):
    base = float(request.config.getini("timeout"))
    marked = request.node.get_closest_marker("timeout")
    assert marked.args[0] >= base


@pytest.mark.timeout(1000)
def test_a_test_s_own_time_out_grows_too(request):
    assert request.node.get_closest_marker("timeout").args[0] >= 1000
    assert len(list(request.node.iter_markers("timeout"))) == 2
