"""Permits of travellers on no list."""
