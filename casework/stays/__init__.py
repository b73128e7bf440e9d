"""Stays: where foreign guests are, as lodgings report them, and the search for listed ones."""
