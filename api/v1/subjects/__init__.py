"""Subjects and their photos."""
