"""How well faces are found: open-set search, verification, calibration, quality."""
