"""What tests share: the default pack's networks, loaded once."""

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog

from detector.loading import load_pipeline
from detector.pipeline import Pipeline
from models.errors import ModelsError
from models.manifest import Pack, load_pack
from models.root import default_root
from models.store import ModelStore, VerifiedWeights
from tests import statements
from tests.deadlines import patience
from tests.postgresql import PostgreSql, running

# What the test client calls the service.
os.environ.setdefault("SIAGA_ALLOWED_HOSTS", "testserver")

# Whether an example took long says something of the machine's load, not of what is tested.
hypothesis.settings.register_profile("siaga", deadline=None)
hypothesis.settings.load_profile("siaga")

statements.share()

# Drawn in colour with every local variable, one traceback takes ten seconds of processor time.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Give every test the time that it needs on a machine as busy as this one is now."""
    if item.config.getoption("timeout") is None:
        own = item.get_closest_marker("timeout")
        seconds = own.args[0] if own is not None else float(item.config.getini("timeout"))
        item.add_marker(pytest.mark.timeout(patience(seconds)), append=False)
    return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what tests measured (`record_property`), wherever they ran."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                terminalreporter.write_line(f"{name}: {value}")


# `weights` and `pipeline` do not ask for the fixture `store`: a test package may have its own.


@pytest.fixture(scope="session")
def pack() -> Pack:
    """The default pack."""
    return load_pack("open")


@pytest.fixture(scope="session")
def store() -> ModelStore:
    """Where this machine keeps verified weights."""
    return ModelStore(default_root())


@pytest.fixture(scope="session")
def weights(pack: Pack) -> VerifiedWeights:
    """The default pack's verified files; a test never fetches them itself."""
    try:
        return ModelStore(default_root()).require(pack)
    except ModelsError as error:
        pytest.fail(f"{error}\nTests do not use the network: run `make weights` first.")


@pytest.fixture(scope="session")
def pipeline(pack: Pack, weights: VerifiedWeights) -> Pipeline:
    """The default pack's real networks."""
    return load_pipeline(pack, ModelStore(default_root()))


@pytest.fixture(scope="session")
def compiled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of compiled networks that belongs to this test run alone."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSql]:
    """A PostgreSQL server that belongs to this test run alone."""
    with running() as server:
        yield server


def pytest_collection_finish() -> None:
    """What is here now stays, and what tests make is collected now and then.

    Else the garbage collector takes a fifth of the time of tests that start services.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 10)
