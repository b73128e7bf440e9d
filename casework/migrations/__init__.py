"""Alembic's scripts: how each version's database becomes the next one's."""
