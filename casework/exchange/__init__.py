"""Between agencies and outward: what is handed over, reported, told."""
