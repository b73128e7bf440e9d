"""Areas: the country, its provinces, and an installation's regencies and districts."""
