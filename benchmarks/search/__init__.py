"""Searching the gallery, by size and engine."""
