"""The audit trail: appending to it, its sealed chain, its rows, reading it."""
