"""Objections of persons against their entries."""
