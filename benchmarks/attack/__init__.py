"""Attacks on the running service over loopback: what they cost it, and whether a port waits."""
