"""Campaigns that need more than Python: `make test-more`."""
