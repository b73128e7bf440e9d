"""Code lists: categories of watchlists and outcomes of alerts, which an installation extends."""
