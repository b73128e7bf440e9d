"""Tips: reports from the public and from agencies, and what officers do with them."""
