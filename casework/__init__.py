"""The domain: watchlists, enrolment, screening, calibration, keys and records. Knows no HTTP.

`service` shows how the parts fit together, `screening` is the main job, `tables` are the records.
"""
