"""Overstay: permits, comings and goings, and who sees what follows."""
