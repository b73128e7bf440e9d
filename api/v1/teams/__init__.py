"""Coordination teams of several agencies."""
