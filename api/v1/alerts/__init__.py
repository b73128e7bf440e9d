"""Alerts: the queue of the officers, and the steps of their review."""
