"""A made-up quarter."""
