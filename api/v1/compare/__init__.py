"""Two photos compared."""
