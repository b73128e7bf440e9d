"""Shared fixtures."""

import pytest

from index import blocks


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of 16 rows, so that small tests cross their edges."""
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 16)
