"""Presets of referrals: what an agency usually hands over, by purpose."""
