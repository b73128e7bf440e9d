"""Calibrations of the thresholds."""
