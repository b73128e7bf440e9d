"""Permits by which subjects stay in the country."""
