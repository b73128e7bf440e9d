"""Reports from the public and from agencies, and what officers make of them."""
