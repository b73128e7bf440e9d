"""Areas, and where ports lie."""
