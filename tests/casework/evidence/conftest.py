"""One bundle for all tests of this room."""

from collections.abc import Iterator

import pytest

from tests.evidence import Court, in_court


@pytest.fixture(scope="session")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    """A signed bundle."""
    with in_court(tmp_path_factory.mktemp("evidence")) as made:
        yield made
