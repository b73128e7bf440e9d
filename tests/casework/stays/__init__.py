"""Stays of foreign guests."""
