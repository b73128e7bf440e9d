"""Watchlists, the subjects on them, and their enrolment."""
