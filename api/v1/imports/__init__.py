"""Bulk imports of subjects."""
