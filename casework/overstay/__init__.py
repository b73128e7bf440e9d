"""Overstay: who is still here after the end of a permit, and each person's line through it all."""
