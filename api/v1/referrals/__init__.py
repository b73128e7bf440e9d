"""Referrals between agencies."""
