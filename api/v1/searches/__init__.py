"""Officers' searches."""
