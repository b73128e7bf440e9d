"""Stays: where foreign guests are, as lodgings report them."""
