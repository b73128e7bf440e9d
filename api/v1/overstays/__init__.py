"""Overstays, and the timelines of persons."""
