"""Offices of agencies."""
