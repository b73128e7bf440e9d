"""A traveller's photo in, clear / alert / unsearchable out; officers' searches; duplicates."""
