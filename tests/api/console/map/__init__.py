"""The vulnerability map's drawings."""
