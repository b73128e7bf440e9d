"""Encounters: a traveller's photo in, the outcome out."""
