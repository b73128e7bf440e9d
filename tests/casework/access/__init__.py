"""Mirrors casework/access."""
